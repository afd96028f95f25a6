"""How records are merged into profiles: what a changed merge policy would do."""
