"""Sources: what arrives, what it looks like, what is expected of it."""
