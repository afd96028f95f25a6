"""Reproducible measurements, ours beside the alternative."""
