"""Policies over a real warehouse: what is refused, the way that is shown, and what mends it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.activation import definitions
from orchestration.activation.checking import checked
from orchestration.activation.running import plan_sync, run_sync
from orchestration.errors import UserError
from orchestration.segment_tools.export import export
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from orchestration.usage import door
from tests.activation.test_leaving import SEGMENTS, may, said_anew
from tests.usage.second_reading import LABELS, carried, holds, made, supersets

SYNC = """
title: Letters
owner: team:marketing
destination: agency_files
segment: win_back
mode: snapshot
purpose: commercial
channel: email
columns:
  email: {from: profile.profiles.email, as: plain.email}
  margin: value.customer_attributes.margin_amount
"""
EXCEPTION = """
exceptions:
  - policy: not_to_third_parties
    author: ana@example.com
    reason: The agency works out the bonus, contract of May
    until: UNTIL
"""
ACTIONS = ("analytics", "email_targeting", "export_to_third_party")


def write(settings: Settings, text: str, name: str = "letters", kind: str = "syncs") -> None:
    """A file of activation."""
    (settings.dbt_project_dir / definitions.FOLDER / kind / f"{name}.yml").write_text(text)


@pytest.fixture
def rules(installed: Settings) -> Iterator[Settings]:
    """The same installation, whose files are put back."""
    folder = installed.dbt_project_dir / definitions.FOLDER
    before = {path: path.read_text() for path in folder.rglob("*.yml")}
    yield installed
    for path in folder.rglob("*.yml"):
        path.unlink()
    for path, text in before.items():
        path.write_text(text)


def today(days: int = 0) -> str:
    """A day of UTC as files write it."""
    return (datetime.now(UTC).date() + timedelta(days)).isoformat()


def refused(settings: Settings, text: str) -> str:
    """How check, plan and run refuse a sync; they say the same, and nothing is begun."""
    write(settings, text)
    [(_, fault)] = [one for one in checked(settings, ["letters"]) if one[0] != "policies"]
    said = []
    for run in (plan_sync, run_sync):
        with pytest.raises(UserError) as found:
            run(settings, "letters")
        said.append(str(found.value))
    assert said[0] == said[1] == fault.removeprefix("letters: ")
    assert not list((settings.data_dir / "outbox").rglob("letters*"))
    return said[0]


def test_what_is_shipped_is_allowed(rules: Settings) -> None:
    found = dict(checked(rules, ()))
    assert {"policies", "win_back_letters", "agency_files"} <= {*found} and not any(found.values())


def test_the_way_from_the_source_to_the_destination_is_shown(rules: Settings) -> None:
    said = refused(rules, SYNC)
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
    write(rules, SYNC.replace("  margin: value.customer_attributes.margin_amount\n", ""))
    plan_sync(rules, "letters")
    write(rules, SYNC + EXCEPTION.replace("UNTIL", today()))
    plan_sync(rules, "letters")
    path = rules.dbt_project_dir / definitions.FOLDER / "destinations" / "agency_files.yml"
    path.write_text(path.read_text().replace(", export_to_third_party", ""))
    write(rules, SYNC)
    plan_sync(rules, "letters")


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
    write(rules, text)
    plan_sync(rules, "letters")
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
    assert any(fault for _, fault in checked(rules, ["letters"]))


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


class labels_in:  # noqa: N801
    """Other labels in the YAML than those that stand there.

    Parameters:
        settings: paths.
        labels: by table and column; those that stand there stay.
        unsettled: models of which nobody says labels any more.
    """

    def __init__(
        self,
        settings: Settings,
        labels: Mapping[tuple[str, str], list[str]],
        unsettled: tuple[str, ...] = (),
    ) -> None:
        manifest = load_manifest(settings)
        self.manifest = {**manifest}
        for kind in ("nodes", "sources"):
            self.manifest[kind] = {
                name: _with_labels(node, labels, unsettled) for name, node in manifest[kind].items()
            }
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> Mapping[str, Any]:
        self.patch.setattr(door, "load_manifest", lambda _: self.manifest)
        return self.manifest

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def _with_labels(
    node: Mapping[str, Any],
    labels: Mapping[tuple[str, str], list[str]],
    unsettled: tuple[str, ...],
) -> Mapping[str, Any]:
    table = f"{node.get('schema')}.{node.get('identifier') or node['name']}"
    columns = dict(node.get("columns", {}))
    for name in columns:
        if more := labels.get((table, name)):
            told: dict[str, Any] = {"label": "I1"} if more == ["I1"] else {"labels": more}
            columns[name] = {**columns[name], "meta": {**columns[name].get("meta", {}), **told}}
    changed = {**node, "columns": columns}
    if table in unsettled:
        said = {word: what for word, what in node["config"]["meta"].items() if word != "labels"}
        changed |= {"meta": {}, "config": {**node["config"], "meta": said}}
    return changed


def test_nothing_leaves_without_consent_or_against_a_policy(rules: Settings) -> None:
    assert min(left_or_refused(rules, random.Random(25), 4)) > 0


@pytest.mark.slow
def test_nothing_leaves_without_consent_or_against_a_policy_in_many_rounds(rules: Settings) -> None:
    assert min(left_or_refused(rules, random.Random(2500), 250)) > 20


def left_or_refused(settings: Settings, chance: random.Random, rounds: int) -> tuple[int, int, int]:
    """Random labels, policies, exceptions, consents and syncs against a second reading of each.

    Returns:
        How often rows left, how often a policy refused, and how often it did for what is not known.
    """
    left = refusals = for_doubt = 0
    manifest = load_manifest(settings)
    wide = described(manifest)
    sources = [(t, c) for t, c in wide if t.startswith("landing.")]
    chosen = [c for t, c in wide if t == "profile.profiles"]
    for number in range(rounds):
        said_anew(settings, chance)
        labels = {at: [chance.choice(LABELS)] for at in chance.sample(sources, 6)}
        labels |= {at: [chance.choice(LABELS)] for at in chance.sample(wide, 6)}
        unsettled = ("value.clv_scores",) if chance.random() < 0.4 else ()
        policies = {f"p{n}": made(chance, 2) for n in range(chance.randint(1, 3))}
        about = {name: chance.sample(ACTIONS, 1) for name in policies}
        used = chance.sample(ACTIONS, chance.randint(1, 2))
        until = {p: today(chance.choice([-1, 0, 3])) for p in policies if chance.random() < 0.4}
        segment = chance.choice(SEGMENTS)
        columns = chance.sample(chosen, 2)
        name = f"random{number}"
        write(settings, policy_file(policies, about), "core", "policies")
        write(settings, destination_file(used), "agency_files", "destinations")
        write(settings, sync_file(segment, columns, until, chance.random() < 0.3), name)
        with labels_in(settings, labels, unsettled) as patched:
            sync, _ = definitions.read_sync(settings, name)
            with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
                found = carried(con, patched)
                allowed = people(con, segment)
            fields = [tuple(c.source.rsplit(".", 1)) for c in sync.columns.values()]
            fields.append((f"segments.{segment}", "profile_id"))
            together = frozenset().union(*(found[at] for at in fields))  # type: ignore[index]
            known = together - {"unknown"}
            may_be = [*supersets(known & {*LABELS})] if "unknown" in together else [known]
            against = {
                policy
                for policy, said in policies.items()
                if {*about[policy]} & {*used} and until.get(policy, "") < today()
                and any(holds(said, could) for could in may_be)
            }  # fmt: skip
            (settings.data_dir / "activation.duckdb").unlink(missing_ok=True)
            if against:
                with pytest.raises(UserError, match="may not leave") as refusal:
                    run_sync(settings, name)
                assert all(f"{policy} (" in str(refusal.value) for policy in sorted(against)[:3])
                assert rows_of(settings, name) == []
                refusals += 1
                for_doubt += "is unknown" in str(refusal.value)
                continue
            ended = run_sync(settings, name)
            gone = rows_of(settings, name)
            assert {*gone} <= allowed
            assert len(gone) + ended.plan.counts["invalid"] == len(allowed)
            left += bool(gone)
    return left, refusals, for_doubt


def described(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Columns of sources, staging and profiles that may get a label."""
    found = []
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        if node["resource_type"] in ("model", "source") and (
            node["schema"] in ("landing", "staging", "value") or node["name"] == "profiles"
        ):
            table = f"{node['schema']}.{node.get('identifier') or node['name']}"
            found += [
                (table, column) for column in node["columns"]
                if column not in ("email", "phone", "profile_id") and column == column.lower()
            ]  # fmt: skip
    return found


def people(con: duckdb.DuckDBPyConnection, segment: str) -> set[str]:
    """Who of a segment may be written to, by the second reading of consent."""
    words = con.execute(
        "select contact_value, purpose, topic, is_allowed from profile.effective_consent "
        "where valid_to is null and channel = 'email' and contact_namespace = 'email'"
    ).fetchall()
    about: dict[str, list[Any]] = {}
    for word in words:
        about.setdefault(word[0], []).append(word)
    members = con.execute(
        "select profile_id, email from segments.segment_membership left join profile.profiles "
        "using (profile_id) where segment_name = ?", [segment],
    ).fetchall()  # fmt: skip
    return {profile for profile, email in members if may(email, about.get(email, []))}


def policy_file(policies: Mapping[str, Any], about: Mapping[str, list[str]]) -> str:
    """A file of policies."""
    return yaml.safe_dump({
        "owner": "team:privacy",
        "policies": {
            name: {"title": name, "labels": said, "marketing_actions": about[name]}
            for name, said in policies.items()
        },
    })  # fmt: skip


def destination_file(actions: list[str]) -> str:
    """A destination's file."""
    return (
        "title: Agency\nowner: team:marketing\nkind: file\nfolder: agency\nformat: csv\n"
        f"marketing_actions: [{', '.join(actions)}]\n"
    )


def sync_file(segment: str, columns: list[str], until: Mapping[str, str], with_value: bool) -> str:
    """A sync's file, with an exception for each policy that has a last day."""
    more = {f"x{n}": f"profile.profiles.{column}" for n, column in enumerate(columns)}
    if with_value:
        more["expected"] = "value.customer_lifetime_value.predicted_clv_amount"
    exceptions = "".join(
        f"  - {{policy: {name}, author: a@example.com, reason: agreed at length, until: {day}}}\n"
        for name, day in until.items()
    )
    return SYNC.replace("segment: win_back", f"segment: {segment}").replace(
        "  margin: value.customer_attributes.margin_amount\n",
        "".join(f"  {name}: {source}\n" for name, source in more.items()),
    ) + (f"exceptions:\n{exceptions}" if exceptions else "")


def rows_of(settings: Settings, name: str) -> list[str]:
    """Who stands in the file of a sync."""
    found = []
    for path in (settings.data_dir / "outbox" / "agency").glob(f"{name}-*.csv"):
        with path.open(newline="") as handle:
            found += [row["profile_id"] for row in csv.DictReader(handle)]
    return found
