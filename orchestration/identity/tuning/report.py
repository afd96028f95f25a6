"""What labelled pairs say about the policy: precision, recall, causes of errors, blocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.identity.curve import THRESHOLDS
from orchestration.identity.match_models import MODELS, MatchModel, latest_model, policy_in
from orchestration.identity.match_tables import rules_of
from orchestration.identity.tuning.causes import COUNTED, find_causes, remedy
from orchestration.identity.tuning.estimates import (
    METHODS,
    Cell,
    precision_and_recall,
    wilson,
)
from orchestration.identity.tuning.labels import Label, check_known
from orchestration.identity.tuning.sample import POPULATION
from orchestration.policy.match_settings import MatchSettings
from orchestration.warehouse import rows

VALUES_ALONE = 2.0
"""Above every probability: what hangs together without any scored pair."""

LABELS = """
create or replace temp table labels as
select unnest($lines::bigint[]) as line, unnest($a::varchar[]) as record_key_a,
    unnest($b::varchar[]) as record_key_b, unnest($matches::boolean[]) as is_match,
    unnest($strata::varchar[]) as stratum, unnest($sizes::bigint[]) as stratum_pairs
"""
JUDGED = """
create or replace temp table judged as
select labels.*, a.profile_id = b.profile_id as is_joined, scored.match_probability, scored.doubt,
    scored.decision = 'review' and scored.doubt is not null
    and not starts_with(scored.doubt, 'one household, ') as is_contradicted,
    outdone.record_key_a is not null as is_outdone,
    overrides.decision as override,
    coalesce(labels.stratum_pairs / count(*) over (partition by labels.stratum), 1) as weight
from labels
inner join identity.identity_map as a on a.record_key = labels.record_key_a
inner join identity.identity_map as b on b.record_key = labels.record_key_b
left join identity.scored_pairs as scored
    on scored.record_key_a = labels.record_key_a and scored.record_key_b = labels.record_key_b
left join identity.outdone_pairs as outdone
    on outdone.record_key_a = labels.record_key_a and outdone.record_key_b = labels.record_key_b
left join identity.active_overrides as overrides
    on overrides.record_key_a = labels.record_key_a
    and overrides.record_key_b = labels.record_key_b
"""
EDGES = """
create or replace temp table edges as
with kept_apart as (
    select record_key_a, record_key_b from identity.outdone_pairs
    union all
    select record_key_a, record_key_b from identity.active_overrides where decision = 'never_link'
    union all
    select least(source_system || ':' || source_record_id, other_record_key),
        greatest(source_system || ':' || source_record_id, other_record_key)
    from identity.refused_links where other_record_key is not null
),
pairs as (
    select record_key_a, record_key_b, $values_alone as strength
    from identity.links where link_kind <> 'probabilistic'
    union all
    select scored.record_key_a, scored.record_key_b, scored.match_probability
    from identity.scored_pairs as scored
    anti join kept_apart
        on kept_apart.record_key_a = scored.record_key_a
        and kept_apart.record_key_b = scored.record_key_b
    where scored.doubt is null or starts_with(scored.doubt, 'one household, ')
)
select record_key_a as record_key, record_key_b as other_key, strength from pairs
union all
select record_key_b, record_key_a, strength from pairs
"""
"""What joins records, or would at a lower threshold; a pair that is doubted would not."""

CONNECTED = """
create or replace temp table connected as
with recursive reached as (
    select distinct labels.record_key_a as origin, thresholds.threshold,
        labels.record_key_a as record_key
    from labels cross join (select unnest($thresholds::double[]) as threshold) as thresholds
    union
    select reached.origin, reached.threshold, edges.other_key
    from reached
    inner join edges
        on edges.record_key = reached.record_key and edges.strength >= reached.threshold
)
select labels.line, reached.threshold
from reached
inner join labels
    on labels.record_key_a = reached.origin and labels.record_key_b = reached.record_key
"""
"""The labelled pairs that hang together at each threshold, through whatever chain."""

CELLS = """
select any_value(stratum_pairs) as size,
    count(*) filter (where is_joined and is_match) as joined_matches,
    count(*) filter (where is_joined and not is_match) as joined_others,
    count(*) filter (where not is_joined and is_match) as missed_matches,
    count(*) filter (where not is_joined and not is_match) as others
from {pairs} group by stratum order by stratum
"""
AT_THRESHOLD = """
(select judged.* exclude (is_joined), connected.line is not null as is_joined from judged
left join connected on connected.line = judged.line and connected.threshold = $threshold)
"""


def report(con: duckdb.DuckDBPyConnection, labels: Sequence[Label]) -> dict[str, Any]:
    """Measure the people of the last run, and what other thresholds would find, by labels.

    Parameters:
        con: see `connect_identity`.
        labels: at least one.

    Returns:
        `pairs`, `matches`, `method`, `precision`, `recall`, `threshold`, `curve`, `causes` and
        `blocking`. Values of records are not in it, but for given names that may be variants.

    Raises:
        UserError: there are no labels, or one is about a record that the last run does not know.
    """
    if not labels:
        raise UserError("The file has a header and no labelled pair. Add one, or a sample.", 2)
    check_known(con, labels)
    con.execute(LABELS, {
        "lines": [label.row.line for label in labels],
        "a": [label.records[0] for label in labels],
        "b": [label.records[1] for label in labels],
        "matches": [label.is_match for label in labels],
        "strata": [label.stratum for label in labels],
        "sizes": [label.stratum_pairs for label in labels],
    })  # fmt: skip
    con.execute(JUDGED)
    con.execute(EDGES, {"values_alone": VALUES_ALONE})
    model, accept, review = _in_use(con)
    thresholds = sorted({accept, *(t for t in THRESHOLDS if t >= review)})
    con.execute(CONNECTED, {"thresholds": [*thresholds, VALUES_ALONE]})
    con.execute(
        "create or replace temp table chained as "
        "select line from connected where threshold = ?", [VALUES_ALONE]
    )  # fmt: skip
    blocking = _blocking(con, model)
    find_causes(con, accept)
    is_drawn = labels[0].stratum is not None
    precision, recall = _measured(con, "judged", {})
    curve = []
    for threshold in thresholds:
        at = _measured(con, AT_THRESHOLD, {"threshold": threshold})
        curve.append({"threshold": threshold, "precision": at[0], "recall": at[1]})
    return {
        "pairs": len(labels),
        "matches": sum(label.is_match for label in labels),
        "is_drawn": is_drawn,
        "strata_without_labels": _without_labels(con) if is_drawn else [],
        "method": METHODS[is_drawn],
        "precision": precision,
        "recall": recall,
        "threshold": accept,
        "curve": curve,
        "causes": _causes(con),
        "blocking": blocking,
    }


def _in_use(con: duckdb.DuckDBPyConnection) -> tuple[MatchModel | None, float, float]:
    """The model, and the probabilities from which pairs are joined and looked at."""
    schema, table = MODELS.split(".")
    [(made,)] = con.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    model = latest_model(con, policy_in(con, "policy")) if made else None
    if model is None:
        return None, MatchSettings().accept_probability, MatchSettings().review_probability
    rules = rules_of(con, model, "policy.match_settings")
    return model, rules.accept_probability, rules.review_probability


def _without_labels(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Strata of today's pairs that the estimates know nothing of."""
    con.execute(POPULATION)
    found = con.execute(
        "select distinct stratum from population "
        "where stratum not in (select stratum from labels) order by stratum"
    ).fetchall()
    return [stratum for (stratum,) in found]


def _measured(
    con: duckdb.DuckDBPyConnection, pairs: str, values: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    cells = [Cell(**row) for row in rows(con, CELLS.format(pairs=pairs), values)]
    precision, recall = precision_and_recall(cells)
    return asdict(precision), asdict(recall)


def _causes(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = rows(con, COUNTED)
    for row in found:
        told, seed, change = remedy(row["error"], row["cause"], row["detail"])
        row.update(told=told, seed=f"{seed}.csv", row=change)
    return found


def _blocking(con: duckdb.DuckDBPyConnection, model: MatchModel | None) -> dict[str, Any]:
    """What the blocking rules in use find of the labelled matches; makes the table `found_by`."""
    rules = [
        str(rule["blocking_rule"])
        for rule in (model.settings["blocking_rules_to_generate_predictions"] if model else ())
    ]
    con.execute("create or replace temp table found_by (line bigint, number integer)")
    for number, rule in enumerate(rules):
        con.execute(
            "insert into found_by select labels.line, ? from labels "
            "inner join identity.match_records as l on l.record_key = labels.record_key_a "
            "inner join identity.match_records as r on r.record_key = labels.record_key_b "
            f"where {rule}",
            [number],
        )
    counted = rows(
        con,
        "with found as (select found_by.*, count(*) over (partition by found_by.line) as rules "
        "from found_by semi join judged on judged.line = found_by.line and judged.is_match) "
        "select number, count(*) as matches, count(*) filter (where rules = 1) as only_it "
        "from found group by number",
    )
    by_number = {row["number"]: row for row in counted}
    [(matches, missed, apart)] = con.execute(
        "select count(*), count(*) filter (where found.line is null), "
        "count(*) filter (where found.line is null and not judged.is_joined) "
        "from judged left join (select distinct line from found_by) as found "
        "on found.line = judged.line where judged.is_match"
    ).fetchall()
    none: dict[str, Any] = {"matches": 0, "only_it": 0}
    return {
        "matches": matches,
        "never_compared": asdict(wilson(missed, matches)),
        "never_compared_and_apart": apart,
        "rules": [
            {"rule": rule, **{k: by_number.get(number, none)[k] for k in none}}
            for number, rule in enumerate(rules)
        ],
    }
