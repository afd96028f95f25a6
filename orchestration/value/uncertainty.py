"""How sure a backtest is of its shares and rank correlations: a bootstrap over customers.

Efron, The Annals of Statistics 7 (1979), 1-26, with Poisson weights (Hanley and MacGibbon 2006): a
customer counts 0, 1, 2, … times, the same number for every candidate and in every backtest, so that
differences between candidates are told apart from chance. Places and ranks stay as they are.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from scipy.stats import poisson

from orchestration.value.clv_periods import SPLITS
from orchestration.value.histories import Floats

DRAWS, AT_A_TIME, SEED = 200, 20, 360
_COUNTS = np.repeat(
    np.arange(10.0), np.diff(np.round(65_536 * poisson.cdf(np.arange(-1, 10), 1)).astype(int))
)
"""How often a customer counts, by a random number of sixteen bits."""
RESULT = pa.schema(
    [
        ("model", pa.string()), ("backtest_count", pa.int32()), ("score", pa.float64()),
        ("top_decile_share_lower", pa.float64()), ("top_decile_share_upper", pa.float64()),
        ("spearman_lower", pa.float64()), ("spearman_upper", pa.float64()),
        ("is_within_noise", pa.bool_()),
    ]
)  # fmt: skip


def uncertainty(con: duckdb.DuckDBPyConnection, judged: str) -> pa.Table:
    """Intervals of 95 % at the last backtest, and a score over all of them.

    Parameters:
        con: dbt's connection.
        judged: the relation clv_judged.

    Returns:
        A row per candidate: its score, the mean of top-decile share and Spearman over the backtests
        that know every candidate of the last one; the ends; and whether neither its share nor its
        Spearman is behind the best candidate's by more than chance.
    """
    by_split = _candidates(con, judged)
    last = by_split.get(SPLITS[0], [])
    shared = sorted(split for split, models in by_split.items() if set(last) <= set(models))
    [(customers,)] = con.execute(f"select count(distinct profile_id) from {judged}").fetchall()
    if not last or not customers:
        return RESULT.empty_table()
    parts = {split: _columns(con, judged, split, last) for split in shared}
    random = np.random.default_rng(SEED)
    found: dict[str, list[Floats]] = {split: [] for split in shared}
    for start in range(0, DRAWS + AT_A_TIME, AT_A_TIME):
        # The first row of all counts every customer once.
        draws = random.integers(0, 65_536, (AT_A_TIME, customers), dtype=np.uint16)
        weights = _COUNTS[draws] if start else np.ones((1, customers))
        for split, (who, columns) in parts.items():
            found[split].append(_measures(weights[:, who] @ columns, len(last)))
    # Measure (share, Spearman) by draw and candidate.
    measured = {split: np.concatenate(blocks, axis=1) for split, blocks in found.items()}
    means = np.mean([measured[split] for split in shared], axis=0)
    behind = [_within(means[place]) for place in (0, 1)]
    lower, upper = np.nanquantile(measured[SPLITS[0]][:, 1:], (0.025, 0.975), axis=1)
    rows = [
        {
            "model": model,
            "backtest_count": len(shared),
            "score": _number(means[:, 0, n].mean()),
            "top_decile_share_lower": _number(lower[0, n]),
            "top_decile_share_upper": _number(upper[0, n]),
            "spearman_lower": _number(lower[1, n]),
            "spearman_upper": _number(upper[1, n]),
            "is_within_noise": behind[0][n] and behind[1][n],
        }
        for n, model in enumerate(last)
    ]
    return pa.Table.from_pylist(rows, schema=RESULT)


def _candidates(con: duckdb.DuckDBPyConnection, judged: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for split, model in con.execute(
        f"select distinct split, model from {judged} order by split, model"
    ).fetchall():
        found.setdefault(split, []).append(model)
    return found


def _columns(
    con: duckdb.DuckDBPyConnection, judged: str, split: str, models: list[str]
) -> tuple[Any, Floats]:
    """Who is judged, and columns whose weighted sums give all measures."""
    columns: list[Floats] = []
    who: Any = None
    for model in models:
        rows = con.execute(
            f"""
            with people as (
                select profile_id, row_number() over (order by profile_id) - 1 as who
                from (select distinct profile_id from {judged})
            )
            select who, actual_amount::double as actual,
                case when decile = 1 then actual_amount else 0 end::double as top,
                predicted_rank::double as predicted_rank, actual_rank::double as actual_rank
            from {judged} inner join people using (profile_id)
            where split = ? and model = ? order by who
            """,
            [split, model],
        ).fetchnumpy()
        who = np.asarray(rows["who"])
        x, y = (np.asarray(rows[name]) for name in ("predicted_rank", "actual_rank"))
        x, y = x - x.mean(), y - y.mean()
        if not columns:
            columns += [np.ones_like(y), np.asarray(rows["actual"]), y, y * y]
        columns += [np.asarray(rows["top"]), x, x * x, x * y]
    return who, np.stack(columns, axis=1)


def _measures(sums: Floats, models: int) -> Floats:
    """Share of the best tenth and Spearman, by draw and candidate, from weighted sums."""
    n, amount, y, yy = (sums[:, place, None] for place in range(4))
    top, x, xx, xy = (sums[:, 4 + place :: 4] for place in range(4))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = top / amount
        spread = np.sqrt((n * xx - x * x) * (n * yy - y * y))
        spearman = (n * xy - x * y) / spread
    return np.where(np.isfinite([share, spearman]), [share, spearman], 0.0)


def _within(by_draw: Floats) -> list[bool]:
    """Which candidates are not surely behind the best one."""
    best = int(np.argmax(by_draw[0]))
    ahead = np.quantile(by_draw[1:] - by_draw[1:, [best]], 0.975, axis=0)
    return [bool(end >= 0) for end in ahead]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
