"""Which row of a key is accepted, and why the others are not, against rules written twice."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.staging.rendering import staging_macros

FILES = ("a.csv", "Deletes/b.csv", "Upserts/b.csv", "day/Deletes/c.csv", "day/d.csv")


@dataclass(frozen=True)
class Row:
    key: str | None
    value: str
    changed: int | None
    file: str
    position: int

    @property
    def deletes(self) -> bool:
        return "Deletes/" in self.file

    @property
    def delivery(self) -> str:
        return self.file.replace("Deletes/", "").replace("Upserts/", "")

    @property
    def fault(self) -> tuple[str, str] | None:
        if self.key is None:
            return "missing_key", "key_text"
        return ("invalid_code", "value_text") if self.value == "?" and not self.deletes else None


@st.composite
def deliveries(draw: st.DrawFn) -> list[Row]:
    cells = st.tuples(
        # Few values and many rows: what is to be tested are the rows that collide.
        st.sampled_from(["k", "k", "k", "l", None]),
        st.sampled_from(["x", "x", "y", "?"]),
        st.sampled_from([1, 1, 2, None]),
        st.sampled_from(FILES),
    )
    drawn = draw(st.lists(cells, max_size=20))
    return [Row(*cell, position) for position, cell in enumerate(drawn)]


def older_first(row: Row, dated: bool) -> tuple[object, ...]:
    """Sorts versions of one key; the last is the newest. At a full tie the smaller text is."""
    text = -ord(row.value)
    if dated:
        changed = (row.changed is not None, row.changed or 0)
        return (*changed, row.deletes, row.delivery, row.file, text)
    # Without an instant, the text tells rows of one file apart by its instant column, too.
    return (row.delivery, row.deletes, row.file, text)


def expected(rows: list[Row], dated: bool, fold: bool) -> dict[int, str | None]:
    reasons: dict[int, str | None] = {r.position: r.fault[0] for r in rows if r.fault}
    faultless = [r for r in rows if not r.fault]
    for key in {r.key for r in faultless}:
        versions = [r for r in faultless if r.key == key]
        newest = max(versions, key=lambda r: older_first(r, dated))
        if newest.deletes:
            reasons |= {r.position: "deleted_row" for r in versions}
        elif fold:
            live = [r for r in versions if not r.deletes] or versions
            standing = min(live, key=lambda r: (r.file, r.position))
            reasons |= {r.position: None if r is standing else "folded_row" for r in versions}
        else:
            for row in versions:
                copies = [
                    r
                    for r in versions
                    if (r.value, r.changed, r.deletes) == (row.value, row.changed, row.deletes)
                ]
                kept = max(copies, key=lambda r: (r.delivery, r.file, -r.position))
                same = (row.value, row.changed, row.deletes)
                is_newest = same == (newest.value, newest.changed, newest.deletes)
                reasons[row.position] = (
                    "duplicate_row"
                    if row is not kept
                    else None
                    if is_newest
                    else "superseded_version"
                )
    return reasons


@cache
def query(dated: bool, fold: bool) -> str:
    macros = staging_macros()
    faults = macros.first_fault(
        [
            ("key is null", "missing_key", "key_text"),
            ("value = '?'", "invalid_code", "value_text"),
        ]
    )
    judged = macros.judge_versions(
        "checked", key=["key"], newest_by="changed" if dated else "source_file", fold=fold
    )
    return (
        f"with checked as (select *, {faults} from typed), judged as ({judged}) "
        "select source_row, reject_reason, reject_column from judged"
    )


def judged(
    con: duckdb.DuckDBPyConnection, rows: list[Row], dated: bool, fold: bool
) -> list[tuple[int, str | None, str | None]]:
    con.execute(
        """
        create or replace table typed as
        select unnest($keys::varchar[]) as key, unnest($texts::varchar[]) as value,
            unnest($instants::int[]) as changed, unnest($files::varchar[]) as source_file,
            unnest($positions::bigint[]) as source_row, unnest($deletes::boolean[]) as is_deleted
        """,
        {
            "keys": [r.key for r in rows],
            "texts": [r.value for r in rows],
            "instants": [r.changed for r in rows],
            "files": [r.file for r in rows],
            "positions": [r.position for r in rows],
            # A unit test's mock rows leave is_deleted out.
            "deletes": [r.deletes or None for r in rows],
        },
    )
    return con.execute(query(dated, fold)).fetchall()


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@hypothesis_settings(max_examples=150, deadline=None)
@given(rows=deliveries(), dated=st.booleans(), fold=st.booleans(), seed=st.integers(0, 99))
def test_reasons_follow_the_rules_whatever_the_order_of_arrival(
    con: duckdb.DuckDBPyConnection, rows: list[Row], dated: bool, fold: bool, seed: int
) -> None:
    if not dated:
        # Without an instant there is none to differ in.
        rows = [Row(r.key, r.value, None, r.file, r.position) for r in rows]
    arrived = random.Random(seed).sample(rows, len(rows))
    found = judged(con, arrived, dated, fold)
    assert len(found) == len(rows)
    assert {row: reason for row, reason, _ in found} == expected(rows, dated, fold)
    blamed = {r.position: r.fault[1] if r.fault else None for r in rows}
    assert {row: column for row, _, column in found} == blamed


def test_a_deletion_needs_no_more_than_key_and_instant(con: duckdb.DuckDBPyConnection) -> None:
    rows = [Row("k", "x", 1, "a.csv", 0), Row("k", "?", 2, "Deletes/b.csv", 1)]
    reasons = {row: reason for row, reason, _ in judged(con, rows, True, False)}
    assert reasons == {0: "deleted_row", 1: "deleted_row"}
    later = [*rows, Row("k", "y", 3, "Upserts/b.csv", 2)]
    reasons = {row: reason for row, reason, _ in judged(con, later, True, False)}
    assert reasons == {0: "superseded_version", 1: "superseded_version", 2: None}
