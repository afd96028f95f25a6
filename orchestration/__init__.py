"""Customer 360: SQL does the data; this package moves, gates and publishes it."""
