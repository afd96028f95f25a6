"""Keyed attribute files: the last statement counts, in any order of arrival, refreshed or built."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.refresh.keyed_files import Uploads, add_keyed_source, last_day
from tests.refresh.lab import Lab

MODELS = {"stg_crm__described", "attribute_statements", "uploaded_records"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The project with a source of keyed files, not built yet."""
    folder = tmp_path_factory.mktemp("keyed") / "lab"

    def add(settings: Settings) -> None:
        add_keyed_source(settings, folder / "landing" / "crm")

    return Lab(folder, prepare=add)


def check(lab: Lab, uploads: Uploads) -> None:
    """The tables say what the files say."""
    said, effects = uploads.said()
    statements = lab.query(
        "select source_record_id, attribute, attribute_value, is_cleared "
        "from conformed.attribute_statements"
    )
    assert {(key, name): value for key, name, value, _ in statements} == said
    assert all(is_cleared == (value is None) for _, _, value, is_cleared in statements)
    counted = lab.query(
        "select source_file, received_count, new_count, updated_count, unchanged_count, "
        "deleted_count, total_count from conformed.attribute_uploads order by upload_number"
    )
    kinds = ("new", "updated", "unchanged", "deleted")
    known, expected = 0, []
    for file, effect in effects.items():
        known += effect["new"] - effect["deleted"]
        expected.append((file, effect.total(), *(effect[kind] for kind in kinds), known))
    assert counted == expected
    accepted = lab.query("select count(*) from conformed.customer_records")
    assert accepted == [(known,)]


def test_random_files_are_refreshed_as_they_are_built(lab: Lab) -> None:
    uploads = Uploads(lab.settings.landing_dir / "crm", random.Random(3))
    for _ in range(6):
        uploads.write()
    assert set(lab.refreshed) >= MODELS
    company: Any = SimpleNamespace(server=[])
    lab.load(company, last_day().date())
    lab.build(policy=True)
    check(lab, uploads)
    changed: set[str] = set()
    for step in range(5):
        uploads.go_on()
        lab.load(company, last_day().date())
        lab.build(lab.refreshed)
        assert lab.differences() == {}, step
        check(lab, uploads)
        changed |= {m for m in MODELS if lab.query(f"from operations.delta_{m} limit 1")}
    assert changed == MODELS
    [(cleared, kept)] = lab.query(
        "select count(*) filter (where is_cleared), count(*) filter (where not is_cleared) "
        "from conformed.attribute_statements"
    )
    assert cleared and kept
