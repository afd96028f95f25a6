"""`c360 identity tune`: what labelled pairs say about the policy."""
