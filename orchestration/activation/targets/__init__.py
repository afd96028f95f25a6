"""What delivers to destinations: rows in batches, or whole files."""
