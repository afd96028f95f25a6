"""The people found in the demo company against the people who are in it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pytest

from tests.conftest import Company

PAIRS = "coalesce(sum(record_count * (record_count - 1) / 2), 0)"


@dataclass(frozen=True)
class Pairs:
    """Pairs of records: put together, belonging together, and both."""

    found: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.found

    @property
    def recall(self) -> float:
        return self.both / self.true


def compared_pairs(con: duckdb.DuckDBPyConnection, truth: str, condition: str) -> Pairs:
    """Count pairs over the records that satisfy `condition`."""
    con.execute(
        "create or replace temp table compared as "
        "select identity_map.profile_id, truth.person_id "
        "from identity.identity_map "
        "inner join read_csv(?, all_varchar = true) as truth "
        "using (source_system, source_record_id) "
        f"where truth.person_id is not null and {condition}",
        [truth],
    )
    counts = []
    for keys in ("profile_id", "person_id", "profile_id, person_id"):
        row = con.execute(
            f"select {PAIRS} from (select count(*) as record_count from compared group by {keys})"
        ).fetchone()
        assert row is not None
        counts.append(int(row[0]))
    return Pairs(*counts)


@pytest.mark.parametrize(
    ("condition", "precision", "recall"),
    [
        # What the truth knows of a shared browser, no login tells; so cookies cost some of both.
        pytest.param("true", 0.99, 0.70, id="all records"),
        pytest.param("source_system <> 'web_tracking'", 0.99, 0.85, id="customer records"),
    ],
)
def test_people_found_are_people(
    finished_company: Company, condition: str, precision: float, recall: float
) -> None:
    with finished_company.warehouse() as con:
        truth = str(finished_company.settings.truth_dir / "records.csv")
        pairs = compared_pairs(con, truth, condition)
    assert pairs.found > 0
    assert pairs.precision >= precision
    assert pairs.recall >= recall
