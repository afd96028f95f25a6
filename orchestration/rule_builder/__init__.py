"""The page on which rule files are built: `c360 segment build`."""
