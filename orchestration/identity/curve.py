"""What is to be expected of the pairs above a threshold, as trained probabilities tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from orchestration.identity.scoring import CONTRADICTION, score
from orchestration.identity.splink_session import workplace
from orchestration.policy.match_policy import MatchPolicy
from orchestration.policy.match_settings import CurvePoint, MatchSettings

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
CURVE_RECORDS = 100_000


def precision_curve(
    con: duckdb.DuckDBPyConnection,
    records: str,
    settings: Mapping[str, Any],
    household_share: float,
    frequencies: str,
    policy: MatchPolicy,
) -> tuple[CurvePoint, ...]:
    """What would be joined from each of `THRESHOLDS` on.

    Parameters:
        con: a connection that reads `records`.
        records: the relation match_records. Of more than `CURVE_RECORDS` a part is looked at.
        settings: Splink's settings with trained parameters.
        household_share: of all pairs, those of two members of a household.
        frequencies: SQL for column_name, value, frequency as training saw them.
        policy: what is compared.
    """
    everything = MatchSettings(accept_probability=THRESHOLDS[0], review_probability=THRESHOLDS[0])
    [(count,)] = con.execute(f"select count(*) from {records}").fetchall()
    below = int(min(1.0, CURVE_RECORDS / max(count, 1)) * 2**32)
    with workplace(con) as work:
        work.execute(
            f"create or replace table curve_records as select * from {records} "
            f"where cast('0x' || substr(md5(record_key), 1, 8) as bigint) < {below}"
        )
        score(
            work, "curve_records", "curve_pairs", settings, household_share, frequencies, "",
            everything, policy,
        )  # fmt: skip
        found = work.execute(
            """
            with numbers as (
                select record_key, row_number() over (order by record_key) - 1 as number
                from (
                    select record_key_a as record_key from curve_pairs
                    union
                    select record_key_b from curve_pairs
                ) as paired
            )
            select
                a.number as a, b.number as b, match_probability, doubt is null as joins,
                coalesce(doubt = $1, false) as contradicts
            from curve_pairs
            inner join numbers as a on a.record_key = record_key_a
            inner join numbers as b on b.record_key = record_key_b
            order by a, b
            """,
            [CONTRADICTION],
        ).fetchnumpy()
    return tuple(_point(found, threshold) for threshold in THRESHOLDS)


def _point(found: Mapping[str, Any], threshold: float) -> CurvePoint:
    a, b, probability = found["a"], found["b"], found["match_probability"]
    joined = found["joins"] & (probability >= threshold)
    pairs = int(joined.sum())
    if not pairs:
        return CurvePoint(threshold, 0, 0.0, 0, 0)
    size = int(max(a.max(), b.max())) + 1
    graph = coo_matrix((np.ones(pairs), (a[joined], b[joined])), shape=(size, size))
    together = connected_components(graph, directed=False)[1]
    return CurvePoint(
        threshold,
        pairs,
        float(f"{probability[joined].mean():.6g}"),
        int(np.bincount(together).max()),
        int((together[a] == together[b])[found["contradicts"]].sum()),
    )
