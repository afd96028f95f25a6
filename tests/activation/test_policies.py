"""Policies over a real warehouse: what is refused, the way that is shown, and what mends it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.activation import definitions
from orchestration.activation.checking import checked
from orchestration.activation.running import plan_sync, run_sync
from orchestration.errors import UserError
from orchestration.segment_tools.export import export
from orchestration.settings import Settings
from orchestration.usage import door
from tests.activation.policy_lab import EXCEPTION, SYNC, labels_in, today, write


def refused(settings: Settings, text: str) -> str:
    """How a sync is refused."""
    fault = refused_by(settings, text)
    assert fault
    return fault


def refused_by(settings: Settings, text: str) -> str:
    """How a sync is refused, empty where it is not."""
    write(settings, text)
    [fault] = [fault for name, fault in checked(settings, ["letters"]) if name == "letters"]
    return fault.removeprefix("letters: ")


def test_what_is_shipped_is_allowed(rules: Settings) -> None:
    found = dict(checked(rules, ()))
    assert {"policies", "win_back_letters", "agency_files"} <= {*found} and not any(found.values())


def test_the_way_from_the_source_to_the_destination_is_shown(rules: Settings) -> None:
    """By check, plan and run, in the same words, and nothing is begun."""
    said = refused(rules, SYNC)
    for run in (plan_sync, run_sync):
        with pytest.raises(UserError) as found:
            run(rules, "letters")
        assert str(found.value) == said
    assert not list((rules.data_dir / "outbox").rglob("letters*"))
    assert "Letters may not leave to agency_files. Nothing was sent." in said
    assert "not_to_third_parties (activation/policies/core.yml)" in said
    assert (
        "margin is C2: landing.web_shop__products.unit_cost → "
        "staging.stg_web_shop__products.unit_cost_amount → " in said
    )
    assert "→ value.customer_attributes.margin_amount → agency_files" in said
    for way in ("leave out margin", "take a destination without export_to_third_party",
                "an exception from not_to_third_parties"):  # fmt: skip
        assert way in said


def test_each_way_that_is_shown_mends_it(rules: Settings) -> None:
    without = SYNC.replace("  margin: value.customer_attributes.margin_amount\n", "")
    path = rules.dbt_project_dir / definitions.FOLDER / "destinations" / "agency_files.yml"
    write(rules, path.read_text().replace(", export_to_third_party", ""), "own", "destinations")
    write(rules, without, "without")
    write(rules, SYNC + EXCEPTION.replace("UNTIL", today()), "excepted")
    write(rules, SYNC.replace("agency_files", "own"), "elsewhere")
    assert not any(dict(checked(rules, ["without", "excepted", "elsewhere"])).values())


def test_an_exception_ends(rules: Settings) -> None:
    said = refused(rules, SYNC + EXCEPTION.replace("UNTIL", today(-1)))
    assert f"The exception of ana@example.com ended on {today(-1)}." in said


def test_a_field_of_the_rule_counts_as_if_it_left(rules: Settings) -> None:
    policy = """
owner: team:privacy
policies:
  no_revenue:
    title: Revenue is not for letters
    labels: {any: [C8, {all: [C3, C4]}]}
    marketing_actions: [email_targeting]
"""
    write(rules, policy, "own", "policies")
    text = SYNC.replace("  margin: value.customer_attributes.margin_amount\n", "")
    text = text.replace("segment: win_back", "segment: top_three_deciles")
    with labels_in(rules, {("landing.web_shop__order_lines", "line_amount"): ["C8"]}):
        said = refused(rules, text)
    assert "rule of top_three_deciles is C8: landing.web_shop__order_lines.line_amount → " in said
    assert "→ segments.top_three_deciles.profile_id → agency_files" in said
    assert "take another rule for top_three_deciles" in said
    # Two fields of one sync count together, also one of the rule and one that leaves.
    with labels_in(
        rules,
        {("landing.web_shop__order_lines", "line_amount"): ["C3"],
         ("landing.web_shop__customers", "email"): ["C4"]},
    ):  # fmt: skip
        assert "C8 or (C3 and C4)" in refused(rules, text)


def test_an_export_goes_through_the_same_door(rules: Settings, tmp_path: Path) -> None:
    columns = ["value.customer_attributes.margin_amount"]
    with pytest.raises(
        UserError, match=r"(?s)C2: landing\.web_shop__products\.unit_cost.*--action"
    ):
        export(rules, "win_back", tmp_path / "x.csv", columns)
    assert not list(tmp_path.iterdir())
    export(rules, "win_back", tmp_path / "x.csv", columns, actions=["analytics"])
    with pytest.raises(UserError, match="Nearest: analytics"):
        export(rules, "win_back", tmp_path / "y.csv", columns, actions=["analytcs"])


@pytest.mark.parametrize(
    ("kind", "name", "old", "new", "said"),
    [
        ("policies", "core", "labels: C2\n", "labels: C22\n", r"core.yml line \d+.*no label 'C22'"),
        ("policies", "core", "labels: C2\n", "labels: {some: [C2]}\n", r"line \d+.*labels is a"),
        ("policies", "core", "[export_to_third_party]", "[export]", r"line \d+.*marketing_actions"),
        ("policies", "core", "owner: team:privacy\n", "", r"'owner' is missing"),
        ("syncs", "letters", "not_to_third_parties", "not_to_thrid_parties", r"Nearest: not_to"),
        ("syncs", "letters", "until: 2", "until: soon 2", r"line \d+: exceptions\[0\].until"),
        ("syncs", "letters", "    author: ana@example.com\n", "", r"'author' is missing"),
    ],
)
def test_what_can_not_be_followed_lets_nothing_leave(
    rules: Settings, kind: str, name: str, old: str, new: str, said: str
) -> None:
    write(rules, SYNC + EXCEPTION.replace("UNTIL", today(9)))
    path = rules.dbt_project_dir / definitions.FOLDER / kind / f"{name}.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UserError, match=said):
        run_sync(rules, "letters")


def test_what_was_made_since_its_lineage_was_kept_may_carry_anything(rules: Settings) -> None:
    """By hand, or by a run that was killed before it came to lineage."""
    text = SYNC.replace("  margin: value.customer_attributes.margin_amount\n", "")
    models = rules.dbt_target_dir / "compiled" / "customer_360" / "models"
    made = models / "segments" / "win_back.sql"
    before = made.read_text()
    made.write_text(before + "\nlimit 1000000")
    assert "rule of win_back is unknown: segments.win_back.profile_id" in refused(rules, text)
    made.write_text(before)
    assert refused_by(rules, text) == ""
    with duckdb.connect(str(rules.warehouse_path)) as con:
        con.execute("begin")
        con.execute("delete from operations.node_states where unique_id like '%.customer_totals'")
        con.execute("commit")
    said = refused(rules, SYNC.replace("margin_amount", "net_amount"))
    assert "margin is unknown: value.customer_totals.net_amount → " in said
    assert "which labels value.customer_totals has, or run `c360 run`" in said


def test_no_labels_no_lineage_nothing_leaves(
    rules: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(rules, SYNC)
    monkeypatch.setattr(door, "COLUMNS", "operations.nothing_kept")
    with pytest.raises(UserError, match=r"knows no lineage.*c360 run"):
        run_sync(rules, "letters")
    (rules.dbt_project_dir / definitions.FOLDER / "labels.yml").unlink()
    with pytest.raises(UserError, match=r"There is no activation/labels\.yml"):
        run_sync(rules, "letters")
