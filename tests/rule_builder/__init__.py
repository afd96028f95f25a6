"""The rule builder: what it writes, counts, refuses, and the page in a browser."""
