"""Column lineage: which columns the values, and the rows, of each model follow from."""
