"""The customer page: one person at a time, for whom a role lets see people."""
