"""A copy of an installation that can be proved whole, and putting it back.

What is kept is the data folder without what the next run makes by itself. That is more than a
warehouse that could be built again from its sources: the ledger of profile ids, daily snapshots,
profile history, source profiles and Dagster's history come back from nowhere else. Policy and
models are in git.

The copy is made under the writer lock, with the SHA-256 of every file in `c360_backup.json`, which
is written last: a folder without it is no backup. Putting back reads every file before it touches
the data folder, never writes over what is there, and moves it aside when told to.
"""
