"""In which degrees the compared pairs agree, and which blocking rules bring them together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from orchestration.identity.blocking import block
from orchestration.identity.estimation import FIRST_PRIOR
from orchestration.identity.model_settings import settings_for
from orchestration.identity.splink_session import linker, predictions

PATTERN_PAIRS = 100_000


def patterns_of(
    work: duckdb.DuckDBPyConnection,
    comparisons: Sequence[Mapping[str, Any]],
    rules: Sequence[str],
    pairs: int,
) -> tuple[list[tuple[int, tuple[int, ...]]], list[tuple[int, int, int, tuple[int, ...]]]]:
    """How often each combination of degrees occurs among the pairs that are compared.

    Parameters:
        work: a connection with the table match_input.
        comparisons: settings with m and u.
        rules: blocking rules.
        pairs: how many pairs they compare. Of more than `PATTERN_PAIRS` a part is looked at: those
            of a part of the left-hand records, with all others.

    Returns:
        Number of pairs and their degrees; and the same per first rule that brings them together,
        from 0, and how many rules do.
    """
    if not rules:
        return [], []
    degrees = [f"gamma_{c['output_column_name']}" for c in comparisons]
    names = ", ".join(degrees)
    session = linker(work, "match_input", settings_for(comparisons, rules, FIRST_PRIOR))
    parts = max(1, math.ceil(pairs / PATTERN_PAIRS))
    left = f"(select * from match_input where hash(record_key) % {parts} = 0)"
    block(work, "match_pairs", rules, left)
    work.execute(
        "create or replace temp table patterns (pairs bigint, rule_number int, rule_count int, "
        f"{', '.join(f'{degree} int' for degree in degrees)})"
    )
    agreeing = " + ".join(f"cast(coalesce({rule}, false) as int)" for rule in rules)
    for scored in predictions(work, session, "match_pairs"):
        work.execute(
            f"""
            insert into patterns
            select
                count(*), cast(match_key as int) as rule_number, {agreeing} as rule_count,
                {names}
            from {scored}
            inner join match_input as l on l.record_key = record_key_l
            inner join match_input as r on r.record_key = record_key_r
            group by all
            """
        )
    rows = work.execute(
        f"select sum(pairs), {names} from patterns group by {names} order by {names}"
    ).fetchall()
    origins = work.execute(
        f"select sum(pairs), rule_number, least(rule_count, 3) as rule_count, {names} "
        "from patterns group by all order by all"
    ).fetchall()
    return (
        [(int(row[0]) * parts, tuple(int(g) for g in row[1:])) for row in rows],
        [
            (int(row[0]) * parts, int(row[1]), int(row[2]), tuple(int(g) for g in row[3:]))
            for row in origins
        ],
    )
