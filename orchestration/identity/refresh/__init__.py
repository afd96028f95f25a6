"""Refreshing the identity layer: only what new, changed and deleted records reach.

The layer's models say what is true of all records. A refresh runs the same SQL over the records
that the changed ones reach, and puts the rows it yields in place of theirs; all other rows stay.
What is reached is a question of how people come about, and `steps` answers it in four: values that
several records show, pairs that are alike, links and components, ids. docs/identity.md has the
picture; tests/identity/test_refresh.py holds every table against a whole build.
"""
