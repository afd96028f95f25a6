"""Looking a person up: everything the layers know of one profile, and search over many."""
