"""Segments looked at without building: who is in, by which step, what sets them apart, and out."""
