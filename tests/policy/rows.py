"""Rows of a policy seed as they are read, without a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestration.policy.seeds import FOLDER, Row


def rows_of(seed: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Row]:
    """The rows of a seed, a line each, below its header.

    Parameters:
        seed: the seed's name.
        columns: the columns that the test is about.
        rows: their values.
    """
    file = (FOLDER / f"{seed}.csv").as_posix()
    return [
        Row(file, line, dict(zip(columns, values, strict=True)))
        for line, values in enumerate(rows, start=2)
    ]
