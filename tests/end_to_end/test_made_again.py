"""What a run makes again after edits of the project: what they change, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.transform.decisions import SKIP, Decisions
from orchestration.transform.node_states import read_states
from orchestration.transform.parsing import load_manifest
from tests.conftest import Company
from tests.end_to_end.contents import contents
from tests.own_data import project_copy
from tests.transform.project import tomorrow

SEGMENT = Path("models") / "segments" / "top_three_deciles.sql"
MEMBERSHIP = Path("models") / "segments" / "membership" / "segment_membership.sql"


@pytest.fixture
def owner(company: Company, tmp_path: Path) -> Company:
    """A company with a project of its own, the same as the one its tables were made with."""
    project = project_copy(tmp_path / "project")
    settings = company.settings
    return Company(Settings(settings.data_dir, settings.landing_dir, project))


def edit(company: Company, path: Path, before: str, after: str) -> None:
    file = company.settings.dbt_project_dir / path
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def builds(company: Company) -> dict[str, str]:
    """The build of each model and seed, by name."""
    with company.warehouse() as con:
        return {u.split(".")[2]: s.build for u, s in read_states(con).items() if s.build}


def made(company: Company) -> set[str]:
    """Run, and say which models and seeds were made."""
    before = builds(company)
    ran = company.c360("run")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    after = builds(company)
    return {name for name in after if after[name] != before.get(name)}


def test_another_day_alone_makes_nothing(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row waits for tomorrow, so not even dbt is started; for 2099 some do."""
    manifest = load_manifest(company.settings)
    nodes = [u for u, n in manifest["nodes"].items() if n["resource_type"] != "operation"]
    for days, is_due in ((1, False), (366 * (2100 - datetime.now(UTC).year), True)):
        tomorrow(monkeypatch, days)
        with company.warehouse() as con:
            decisions = Decisions(company.settings, manifest).decide(con, nodes)
        assert any(d.action != SKIP for d in decisions.values()) is is_due


def test_an_edited_segment_is_published_and_nothing_before_it_is_made(owner: Company) -> None:
    # In another folder: the same project.
    manifest = load_manifest(owner.settings)
    nodes = [u for u, n in manifest["nodes"].items() if n["resource_type"] != "operation"]
    with owner.warehouse() as con:
        decided = Decisions(owner.settings, manifest).decide(con, nodes)
    assert {decision.action for decision in decided.values()} == {SKIP}
    top = "select count(*) from fact_segment where segment_name = 'top_three_deciles'"
    assert owner.published().execute(top).fetchone() == (1,)
    members = "select sum(profile_count) from fact_segment where segment_name = 'top_three_deciles'"
    known = owner.published().execute(members).fetchone()
    edit(owner, SEGMENT, "decile <= 3", "decile <= 2")
    assert made(owner) == {
        "top_three_deciles",
        "lapsing_high_value",
        "definitions",
        "segment_qualifications",
        "kept_out",
        "segment_membership",
        "membership_changes",
        "segment_sizes",
        "segment_membership_history",
        "membership_reasons",
        "dim_segment",
        "segment_destination",
        "fact_segment_size",
        "fact_sync_run",
        "message_recipients",
        "recipient_segments",
        "fact_campaign",
        "fact_campaign_by_segment",
        "fact_message_response",
        "fact_message_response_by_segment",
        "fact_profile",
        "fact_segment",
        "fact_segment_by_namespace",
        "fact_segment_overlap",
        "fact_namespace_overlap_by_segment",
        "fact_model_score_by_segment",
    }
    now = owner.published().execute(members).fetchone()
    assert known and now and 0 < now[0] < known[0]


@pytest.mark.slow
def test_a_model_built_by_hand_is_made_again(owner: Company) -> None:
    """With an edit that is taken back before the next run, which must not take it for its own."""
    before = contents(owner)
    edit(owner, SEGMENT, "decile <= 3", "decile <= 2")
    # Not `build`, whose unit test finds the edit.
    dbt = [str(Path(sys.executable).parent / "dbt"), "run", "--select", "top_three_deciles"]
    places = {"DBT_PROJECT_DIR": str(owner.settings.dbt_project_dir), "DBT_TARGET_PATH": "target"}
    built = subprocess.run(
        [*dbt, "--project-dir", str(owner.settings.dbt_project_dir)],
        env={**os.environ, **owner.environment, **places},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout
    assert contents(owner) != before
    edit(owner, SEGMENT, "decile <= 2", "decile <= 3")
    assert "top_three_deciles" in made(owner)
    assert contents(owner) == before


@pytest.mark.slow
def test_a_test_that_fails_stops_what_reads_its_model_though_that_is_not_made(
    owner: Company,
) -> None:
    promise = owner.settings.dbt_project_dir / "tests" / "segments" / "assert_nobody_is_in_it.sql"
    promise.parent.mkdir(exist_ok=True)
    promise.write_text("select * from {{ ref('top_three_deciles') }}\n")
    edit(owner, MEMBERSHIP, "\nwith\n", "\n-- Who is in which segment.\nwith\n")
    before = builds(owner)
    ran = owner.c360("run")
    assert ran.returncode == 1 and "assert_nobody_is_in_it" in ran.stderr, ran.stderr
    after = builds(owner)
    assert "segment_membership" not in after
    assert {n for n in after if after[n] != before[n]} == set()
    promise.unlink()
    assert "segment_membership" in made(owner)
