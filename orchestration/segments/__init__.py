"""Segments: files that are found by being there, rules without SQL, and what is told of them."""
