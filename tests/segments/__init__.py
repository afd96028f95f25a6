"""Segments: what is declared, who is in, and since when."""
