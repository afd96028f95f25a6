"""People of known data sets, found by the whole pipeline from the files as they are.

pytest -m slow tests/identity/test_whole_pipeline.py     (some minutes)
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from tests.conftest import Company, require_shared
from tests.identity.matching import pair_quality
from tests.own_data import project_copy

SENZING = ("customers", "reference", "watchlist")
FILES = {
    "febrl1": (["febrl=febrl/dataset1.csv"], 0.995),
    # Borderline cases; a register so small is for match rules, and what it joins is right.
    "senzing": (
        [
            # Two birthdays of the customers are no days.
            "customers=senzing_truthset/customers.csv --type DATE_OF_BIRTH=date",
            *(f"{name}=senzing_truthset/{name}.csv" for name in SENZING[1:]),
        ],
        0.7,
    ),
    "febrl": (["febrl=febrl/dataset3.csv"], 0.99),
    # One in forty addresses is none, which is asked about.
    "fake": (["fake=splink/fake_1000.csv --type email=text"], 0.91),
    "composite": (
        [
            "composite_shop=composite_cdnow_febrl/shop_*.csv",
            "composite_loyalty=composite_cdnow_febrl/loyalty_members.csv",
        ],
        0.99,
    ),
    "pseudopeople": (
        [
            "census_2020=pseudopeople/observed/census_2020.csv",
            "ssa=pseudopeople/observed/ssa.csv",
        ],
        0.97,
    ),
}
"""Per data set the sources to add, and the F1 over pairs that is asked for."""
HOUSEHOLD_PAIRS_JOINED = 0.001


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FILES))
def test_the_whole_pipeline_finds_the_people(name: str, tmp_path: Path) -> None:
    shared = require_shared("febrl").parent
    with duckdb.connect() as con:
        known = _truth(con, name, shared)
        sources, f1 = FILES[name]
        project = project_copy(tmp_path / "project")
        company = Company(Settings(tmp_path / "data", tmp_path / "data" / "landing", project))
        for source in sources:
            named, *options = source.split()
            system, place = named.split("=")
            added = company.c360("source", "add", system, str(shared / place), "--yes", *options)
            assert added.returncode == 0, added.stderr
        run = company.c360("run", timeout=1_200)
        assert run.returncode == 0, run.stdout + run.stderr
        con.execute(f"attach '{company.settings.warehouse_path}' as found (read_only)")
        people = dict(
            con.execute("select record_key, profile_id from found.identity.identity_map").fetchall()
        )
        records = con.execute("select record_key from found.conformed.customer_records").fetchall()
        assert {key for (key,) in records} == set(known), "every record has a known person"
        truth = {key: person for key, (person, _) in known.items()}
        assert pair_quality(people, truth)[2] >= f1
        expected, observed = _calibration(con, truth)
        together, apart = _members_of_households(people, known)
    assert abs(expected - observed) <= 0.01
    assert together <= HOUSEHOLD_PAIRS_JOINED * (together + apart)


def _calibration(con: duckdb.DuckDBPyConnection, truth: dict[str, str]) -> tuple[float, float]:
    """Of the pairs that their likeness joins, the mean probability and the share that is right."""
    con.execute(
        "create table truth as select unnest($keys) as record_key, unnest($people) as person",
        {"keys": list(truth), "people": list(truth.values())},
    )
    [(expected, observed)] = con.execute(
        "select avg(match_probability), avg(cast(a.person = b.person as double)) "
        "from found.identity.links inner join truth as a on a.record_key = record_key_a "
        "inner join truth as b on b.record_key = record_key_b where link_kind = 'probabilistic'"
    ).fetchall()
    return expected, observed


def _members_of_households(
    people: dict[str, str], known: dict[str, tuple[str, str | None]]
) -> tuple[int, int]:
    """Pairs of records of two people of one household: in one profile, and in two."""
    households: dict[str, list[str]] = {}
    for key, (_, household) in known.items():
        if household:
            households.setdefault(household, []).append(key)
    pairs = [
        people[a] == people[b]
        for members in households.values()
        for i, a in enumerate(members)
        for b in members[:i]
        if known[a][0] != known[b][0]
    ]
    return sum(pairs), len(pairs) - sum(pairs)


def _truth(
    con: duckdb.DuckDBPyConnection, name: str, shared: Path
) -> dict[str, tuple[str, str | None]]:
    """Person and household of each record."""
    composite = shared / "composite_cdnow_febrl" / "truth.csv"
    pseudopeople = _pseudopeople_truth(shared) if name == "pseudopeople" else None
    sql = {
        "febrl1": "select 'febrl:' || rec_id, regexp_extract(rec_id, 'rec-(\\d+)', 1), null from "
        f"read_csv('{shared / 'febrl' / 'dataset1.csv'}', all_varchar = true)",
        "senzing": "select lower(data_source) || ':' || record_id, cluster_id, null from "
        f"read_csv('{shared}/senzing_truthset/actual_truthset_key.csv', all_varchar = true)",
        "febrl": "select 'febrl:' || rec_id, regexp_extract(rec_id, 'rec-(\\d+)', 1), null from "
        f"read_csv('{shared / 'febrl' / 'dataset3.csv'}', all_varchar = true)",
        "fake": "select 'fake:' || unique_id, cluster, null from "
        f"read_csv('{shared / 'splink' / 'fake_1000.csv'}', all_varchar = true)",
        "composite": "select 'composite_shop:' || shop_id, febrl_entity, null from "
        f"read_csv('{composite}', all_varchar = true) where shop_id is not null union all "
        "select 'composite_loyalty:' || card_no, febrl_entity, null from "
        f"read_csv('{composite}', all_varchar = true) where card_no is not null",
        "pseudopeople": "select source || ':' || record_id, simulant_id, household_id from "
        f"read_csv('{pseudopeople}', all_varchar = true) where source in ('census_2020', 'ssa')",
    }[name]
    return {key: (person, household) for key, person, household in con.execute(sql).fetchall()}


def _pseudopeople_truth(shared: Path) -> Path:
    """The truth beside the files, or the one that pseudopeople_truth.py has made."""
    made = os.environ.get("C360_PSEUDOPEOPLE_TRUTH")
    path = Path(made) if made else shared / "pseudopeople" / "truth.csv"
    if not path.exists():
        pytest.skip(
            f"{path} is absent; tests/identity/pseudopeople_truth.py makes it again, "
            "C360_PSEUDOPEOPLE_TRUTH names the file"
        )
    return path
