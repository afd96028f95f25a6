"""Customer 360: the product's Python. SQL does the data; this package moves, gates and publishes it."""
