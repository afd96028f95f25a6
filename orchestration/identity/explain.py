"""Why two records are one person, or why they are not: read from the tables of the last run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import duckdb

from orchestration.identity.paths import Link, shortest_path
from orchestration.identity.warehouse import connect_identity, profile_of
from orchestration.settings import Settings
from orchestration.terminal import Console, literal
from orchestration.warehouse import rows

MOST_ROWS = 20

WRITTEN = """
select record_key, identity_value, last_observed_at
from identity.comparison_values
where record_key in ($a, $b) and namespace = $namespace
    and comparison_value = $value and refusal_reason is null
qualify row_number() over (
    partition by record_key order by last_observed_at desc nulls last, identity_value) = 1
"""
SIDES = """
create or replace temp table sides as
select source_system, source_record_id, source_system || ':' || source_record_id as record_key,
    profile_id, source_system || ':' || source_record_id in ($a, $b) as is_asked_for
from identity.identity_map where profile_id in ($profile_a, $profile_b)
"""
SHARED_VALUES = """
with shown as (
    select sides.profile_id, sides.record_key, sides.is_asked_for, observed.namespace,
        observed.normalised_value, observed.identity_value, observed.comparison_value,
        refused.reason, refused.evidence
    from identity.comparison_values as observed
    inner join sides on sides.record_key = observed.record_key
    left join identity.refused_links as refused
        on refused.source_system = observed.source_system
        and refused.source_record_id = observed.source_record_id
        and refused.namespace = observed.namespace
        and refused.identity_value = observed.identity_value
    where observed.normalised_value is not null
)
select a.namespace, a.normalised_value as value, a.record_key as record_a, b.record_key as record_b,
    coalesce(a.reason, b.reason,
        case when a.comparison_value <> b.comparison_value then 'told_apart' end) as reason,
    case
        when a.reason is not null then a.record_key || ': ' || a.evidence
        when b.reason is not null then b.record_key || ': ' || b.evidence
        when exists (
            select 1 from policy.record_match_rules as rules
            where rules.effect = 'not_alone' and rules.field = a.namespace
        ) then 'record_match_rules lets it link together with something else only'
        when a.comparison_value <> b.comparison_value
            then 'several people share it; names and birth dates say that these are two of them'
        else 'it was accepted on both sides'
    end as evidence
from shown as a
inner join shown as b
    on b.namespace = a.namespace and b.normalised_value = a.normalised_value
where a.profile_id = $profile_a and b.profile_id = $profile_b
order by a.is_asked_for and b.is_asked_for desc, a.is_asked_for or b.is_asked_for desc,
    a.namespace, a.normalised_value, a.record_key, b.record_key
"""
CONDITIONS = """
select field, comparison, threshold
from policy.record_match_rules where rule = $rule
order by comparison not in ('shared', 'shared_date'), field, comparison
"""
REFUSED_PAIRS = """
select refused.link_kind, a.record_key as record_a, b.record_key as record_b, refused.reason,
    refused.evidence
from identity.refused_links as refused
inner join sides as a on a.record_key = refused.source_system || ':' || refused.source_record_id
inner join sides as b on b.record_key = refused.other_record_key
where a.profile_id <> b.profile_id
order by a.is_asked_for and b.is_asked_for desc, a.record_key, b.record_key
"""
DECISIONS = """
select decision, a.record_key as record_a, b.record_key as record_b, author, reason,
    valid_from
from identity.active_overrides as overrides
inner join sides as a on a.record_key = overrides.record_key_a
inner join sides as b on b.record_key = overrides.record_key_b
where a.profile_id <> b.profile_id
order by a.record_key, b.record_key
"""
SCORED = """
select a.record_key as record_a, b.record_key as record_b, pairs.decision,
    pairs.match_probability, pairs.match_weight, pairs.comparison_levels
from identity.scored_pairs as pairs
inner join sides as a on a.record_key = pairs.record_key_a
inner join sides as b on b.record_key = pairs.record_key_b
where a.profile_id <> b.profile_id
order by a.is_asked_for and b.is_asked_for desc, pairs.match_probability desc, a.record_key,
    b.record_key
"""
OWN_REFUSALS = """
select refused.source_system || ':' || refused.source_record_id as record_key, namespace,
    identity_value as value, reason, evidence
from identity.refused_links as refused
where refused.source_system || ':' || refused.source_record_id in ($a, $b)
    and other_record_key is null
order by record_key, namespace, identity_value
"""


SECTIONS = (
    (
        "decisions",
        "Decisions of people",
        "{decision} {record_a}, {record_b}: {reason} ({author}, from {valid_from})",
    ),
    (
        "shared_values",
        "Values that both show",
        "{namespace} {value}: {record_a}, {record_b}\n    {reason}: {evidence}",
    ),
    (
        "refused_pairs",
        "Links that were refused",
        "{link_kind} {record_a}, {record_b}\n    {reason}: {evidence}",
    ),
    (
        "scored_pairs",
        "Scored pairs",
        "{record_a}, {record_b}: {decision}, probability {match_probability}",
    ),
    (
        "refused_of_each",
        "What the two show that links nothing",
        "{record_key}: {namespace} {value}\n    {reason}: {evidence}",
    ),
)
"""What is told about two people: key of the answer, its title, and a line for each row."""


def explain(settings: Settings, record_a: str, record_b: str) -> dict[str, Any]:
    """Why two records are one person, or what was refused between them.

    Parameters:
        settings: paths.
        record_a: a record as source_system:source_record_id.
        record_b: another one.

    Returns:
        `same_person`, `profile_a`, `profile_b`, and either `path` (links in order) or
        `shared_values`, `refused_pairs`, `decisions`, `scored_pairs` and `refused_of_each`, each at
        most MOST_ROWS rows, those about the two records themselves first.

    Raises:
        UserError: a record is not known, or there is no identity layer to read.
    """
    with connect_identity(settings) as con:
        profile_a, profile_b = profile_of(con, record_a), profile_of(con, record_b)
        answer: dict[str, Any] = {
            "record_a": record_a,
            "record_b": record_b,
            "same_person": profile_a == profile_b,
            "profile_a": profile_a,
            "profile_b": profile_b,
        }
        if profile_a == profile_b:
            path = shortest_path(con, profile_a, record_a, record_b)
            return {**answer, "path": [_with_details(con, link) for link in path]}
        names = {"a": record_a, "b": record_b}
        profiles = {"profile_a": profile_a, "profile_b": profile_b}
        con.execute(SIDES, {**names, **profiles})
        return {
            **answer,
            "shared_values": _some(con, SHARED_VALUES, profiles),
            "refused_pairs": _some(con, REFUSED_PAIRS),
            "decisions": _some(con, DECISIONS),
            "scored_pairs": [_with_waterfall(row) for row in _some(con, SCORED)],
            "refused_of_each": _some(con, OWN_REFUSALS, names),
        }


def _some(
    con: duckdb.DuckDBPyConnection, sql: str, values: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    return rows(con, f"{sql} limit {MOST_ROWS}", values or {})


def _with_details(con: duckdb.DuckDBPyConnection, link: Link) -> dict[str, Any]:
    details: dict[str, Any] = asdict(link)
    names = {"a": link.record_a, "b": link.record_b}
    if link.link_kind == "exact":
        values = {**names, "namespace": link.namespace, "value": link.comparison_value}
        written = {row["record_key"]: row for row in rows(con, WRITTEN, values)}
        for side, record in (("a", link.record_a), ("b", link.record_b)):
            row = written.get(record, {})
            details[f"written_{side}"] = row.get("identity_value")
            details[f"seen_{side}"] = row.get("last_observed_at")
    elif link.link_kind == "always_link":
        details["decision"] = rows(
            con,
            "select author, reason, valid_from from identity.active_overrides "
            "where record_key_a = least($a, $b) and record_key_b = greatest($a, $b)",
            names,
        )
    elif link.link_kind == "rule":
        details["conditions"] = rows(con, CONDITIONS, {"rule": link.namespace or ""})
    else:
        scored = rows(
            con,
            "select match_probability, match_weight, comparison_levels from identity.scored_pairs "
            "where record_key_a = least($a, $b) and record_key_b = greatest($a, $b)",
            names,
        )
        details["scored"] = [_with_waterfall(row) for row in scored]
    return details


def _with_waterfall(row: dict[str, Any]) -> dict[str, Any]:
    levels = row.pop("comparison_levels", None)
    return {**row, "comparison_levels": json.loads(levels) if levels else None}


def show(console: Console, answer: dict[str, Any]) -> None:
    """Print an explanation for people."""
    a, b = literal(answer["record_a"]), literal(answer["record_b"])
    if answer["same_person"]:
        console.print(f"{a} and {b} are one person, {answer['profile_a']}.", highlight=False)
        _show_path(console, answer)
        return
    console.print(
        f"{a} ({answer['profile_a']}) and {b} ({answer['profile_b']}) are two people.",
        highlight=False,
    )
    told = [name for name, _, _ in SECTIONS if answer[name]]
    if not set(told) - {"refused_of_each"}:
        console.print("They share no value, nothing was refused between them, nobody decided.")
    for name, title, line in SECTIONS:
        if answer[name]:
            console.print(
                title + (":" if len(answer[name]) < MOST_ROWS else f", first {MOST_ROWS}:")
            )
        for row in answer[name]:
            values = {key: literal(str(value)) for key, value in row.items()}
            console.print("  " + line.format(**values), highlight=False, soft_wrap=True)


def _show_path(console: Console, answer: dict[str, Any]) -> None:
    if not answer["path"]:
        console.print("They are one record." if answer["record_a"] == answer["record_b"] else "")
        return
    count = len(answer["path"])
    console.print(f"The shortest evidence has {count} link{'s' * (count > 1)}:")
    for link in answer["path"]:
        a, b = literal(link["record_a"]), literal(link["record_b"])
        if link["link_kind"] == "exact":
            value = literal(str(link["comparison_value"]))
            why = f"{link['namespace']} {value}"
            why += "".join(
                f"\n      {record} wrote {literal(str(link[f'written_{side}']))}"
                f"{_seen(link[f'seen_{side}'])}"
                for side, record in (("a", a), ("b", b))
            )
        elif link["link_kind"] == "always_link":
            told = link["decision"][0] if link["decision"] else {"author": "", "reason": ""}
            why = f"always_link by {literal(told['author'])}: {literal(told['reason'])}"
        elif link["link_kind"] == "rule":
            why = f"match rule {literal(link['namespace'])}: "
            why += ", ".join(literal(_condition(row)) for row in link["conditions"])
        else:
            why = f"alike with a probability of {link['match_probability']:.4f}"
            for row in link["scored"]:
                why += "".join(f"\n      {line}" for line in _waterfall(row["comparison_levels"]))
        console.print(f"  {a} — {b}\n    {why}", highlight=False, soft_wrap=True)


def _condition(row: dict[str, Any]) -> str:
    threshold = "" if row["threshold"] is None else f" {row['threshold']:g}"
    return f"{row['field']} {row['comparison']}{threshold}"


def _seen(instant: Any) -> str:
    return f", last seen {instant:%Y-%m-%d}" if instant else ""


def _waterfall(levels: Any) -> list[str]:
    if isinstance(levels, dict):
        levels = [{"comparison": key, "value": value} for key, value in levels.items()]
    return [literal(", ".join(f"{k} {v}" for k, v in level.items())) for level in levels or ()]
