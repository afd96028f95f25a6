"""Nothing leaves without consent or against a policy, whatever the labels, files and consents."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.activation import definitions
from orchestration.activation.running import run_sync
from orchestration.errors import UserError
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest
from tests.activation.policy_lab import SYNC, labels_in, today, write
from tests.activation.test_leaving import SEGMENTS, may, said_anew
from tests.usage.second_reading import LABELS, carried, holds, made, supersets

ACTIONS = ("analytics", "email_targeting", "export_to_third_party")


def test_nothing_leaves_without_consent_or_against_a_policy(rules: Settings) -> None:
    assert min(left_or_refused(rules, random.Random(25), 4)) > 0


@pytest.mark.slow
def test_nothing_leaves_without_consent_or_against_a_policy_in_many_rounds(rules: Settings) -> None:
    left, refusals, for_doubt = left_or_refused(rules, random.Random(2500), 250)
    assert left > 50 and refusals > 40 and for_doubt


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
