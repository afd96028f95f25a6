"""The Senzing truth set by `c360 source add` and `c360 run`, with a preset and nothing else.

pytest -m slow tests/identity/test_senzing.py     (about two minutes)
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT, Settings
from tests.conftest import Company, require_shared
from tests.own_data import project_copy

PRESET = PROJECT_ROOT / "examples" / "identity_presets" / "people_and_organisations"


def pairs(groups: Mapping[str, str]) -> int:
    """Pairs of records in one group."""
    return sum(n * (n - 1) // 2 for n in Counter(groups.values()).values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "precision", "f1"),
    [
        pytest.param(("customers", "reference", "watchlist"), 1.0, 0.97, id="three files"),
        pytest.param(("customers",), 1.0, 0.95, id="customers alone"),
    ],
)
def test_entities_of_the_truth_set_are_found(
    tmp_path: Path, files: Sequence[str], precision: float, f1: float
) -> None:
    data = require_shared("senzing_truthset")
    project = project_copy(tmp_path / "project")
    for path in PRESET.glob("*.csv"):
        shutil.copy(path, project / "seeds" / "policy" / path.name)
    company = Company(Settings(tmp_path / "data", tmp_path / "data" / "landing", project))
    for name in files:
        # Two birthdays of the customers are no days.
        born = ("--type", "DATE_OF_BIRTH=date") if name == "customers" else ()
        added = company.c360("source", "add", name, str(data / f"{name}.csv"), "--yes", *born)
        assert added.returncode == 0, added.stderr
    # Nobody buys anything here, which the gate after value may mind; identity is done by then.
    ran = company.c360("run")
    with company.warehouse() as con:
        found = {
            f"{system}:{number}": profile
            for system, number, profile in con.execute(
                "select source_system, source_record_id, profile_id from identity.identity_map"
            ).fetchall()
        }
    with (data / "actual_truthset_key.csv").open(newline="") as handle:
        key = {
            f"{row['DATA_SOURCE'].lower()}:{row['RECORD_ID']}": row["CLUSTER_ID"]
            for row in csv.DictReader(handle)
            if row["DATA_SOURCE"].lower() in files
        }
    assert found.keys() == key.keys(), ran.stdout + ran.stderr
    both = pairs({record: f"{key[record]} {found[record]}" for record in key})
    assert both / pairs(found) >= precision
    assert 2 * both / (pairs(found) + pairs(key)) >= f1
