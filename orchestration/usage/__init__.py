"""Data usage labels on columns, policies over them, and the door that what leaves goes through."""
