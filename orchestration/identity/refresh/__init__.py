"""Refreshing the identity layer: only what new, changed and deleted records reach.

The layer's models say what is true of all records. A refresh runs the same SQL over the records
that the changed ones reach, and puts the rows it yields in place of theirs; all other rows stay.
What is reached is a question of how people come about, so there are four steps: values that several
records show (`values`), pairs that are alike (`pairs`), links and components (`people`), and ids
(`ids`). docs/identity.md has the picture; tests/identity/test_refresh.py holds every table against
a whole build.
"""
