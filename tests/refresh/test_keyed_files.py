"""Keyed attribute files: the last statement counts, in any order of arrival, refreshed or built."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.settings import Settings
from tests.refresh.keyed_files import Uploads, add_keyed_source, last_day
from tests.refresh.lab import LAYERS, WITHOUT, Lab

MODELS = {"stg_crm__described", "attribute_statements", "uploaded_records"}
AFTER = ("identity", "profile")
OF_PEOPLE = {"attribute_values", "profiles", "provenance"}


def made(folder: Path, layers: tuple[str, ...]) -> Lab:
    """The project with a source of keyed files, not built yet."""

    def add(settings: Settings) -> None:
        add_keyed_source(settings, folder / "landing" / "crm")

    return Lab(folder, layers, [*WITHOUT, "*_unit_tests"], prepare=add)


def check(lab: Lab, uploads: Uploads, with_people: bool = False) -> None:
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
    if with_people:
        profiles = lab.query(
            "select source_record_id, cast(shoe_size as string), cast(joined as string), club "
            "from profile.profiles inner join identity.identity_map using (profile_id)"
        )
        names = ("shoe_size", "joined", "club")
        found = {(key, n): v for key, *row in profiles for n, v in zip(names, row, strict=True)}
        assert {k: v for k, v in found.items() if v} == {k: v for k, v in said.items() if v}
        cleared = lab.query(
            "select source_record_id, attribute from profile.provenance where is_cleared"
        )
        assert set(cleared) == {k for k, v in said.items() if v is None}
    accepted = lab.query("select count(*) from conformed.customer_records")
    assert accepted == [(known,)]


def follow(lab: Lab, seed: int, steps: int, after: tuple[str, ...] = ()) -> set[str]:
    """Random files, refreshed delivery after delivery; the models that had news."""
    uploads = Uploads(lab.settings.landing_dir / "crm", random.Random(seed))
    for _ in range(6):
        uploads.write()
    company: Any = SimpleNamespace(server=[])
    changed: set[str] = set()
    for step in range(steps):
        lab.load(company, last_day().date())
        lab.build(lab.refreshed if step else (), policy=step == 0)
        if after:
            lab.build(lab.refreshed if step else (), layers=after)
        check(lab, uploads, with_people=bool(after))
        if step:
            assert lab.differences((*LAYERS, *after[1:])) == {}, (seed, step)
            changed |= {m for m in MODELS | {*OF_PEOPLE} & {*lab.models}
                        if lab.query(f"from operations.delta_{m} limit 1")}  # fmt: skip
        uploads.go_on()
    [(cleared, kept)] = lab.query(
        "select count(*) filter (where is_cleared), count(*) filter (where not is_cleared) "
        "from conformed.attribute_statements"
    )
    assert cleared and kept
    return changed


@pytest.mark.slow
def test_random_files_are_refreshed_as_they_are_built(tmp_path: Path) -> None:
    lab = made(tmp_path / "lab", (*LAYERS, *AFTER))
    assert set(lab.refreshed) >= MODELS | OF_PEOPLE
    assert follow(lab, 3, 3, AFTER) == MODELS | OF_PEOPLE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_long_sequences_of_files(tmp_path: Path, seed: int) -> None:
    assert follow(made(tmp_path / "lab", LAYERS), seed, 12) == MODELS
