"""How sure a backtest is of its shares and rank correlations: a bootstrap over customers.

Efron, The Annals of Statistics 7 (1979), 1-26, with Poisson weights (Hanley and MacGibbon 2006): a
customer counts 0, 1, 2, … times, the same number for every candidate and in every backtest, so that
differences between candidates are told apart from chance. Places and ranks stay as they are. Where
customers are many, some are drawn together: what is summed over groups made blindly varies alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from scipy.stats import poisson

from orchestration.value.clv_periods import SPLITS
from orchestration.value.histories import Floats

DRAWS, AT_A_TIME, SEED, GROUPS = 200, 20, 360, 10_000
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
    sums = _sums(con, judged)
    last = list(sums.get(SPLITS[0], {}))
    shared = sorted(split for split, models in sums.items() if set(last) <= set(models))
    if not last:
        return RESULT.empty_table()
    parts = {split: _columns([sums[split][model] for model in last]) for split in shared}
    random = np.random.default_rng(SEED)
    found: dict[str, list[Floats]] = {split: [] for split in shared}
    groups = len(parts[SPLITS[0]])
    for start in range(0, DRAWS + AT_A_TIME, AT_A_TIME):
        # The first row of all counts every customer once.
        draws = random.integers(0, 65_536, (AT_A_TIME, groups), dtype=np.uint16)
        weights = _COUNTS[draws] if start else np.ones((1, groups))
        for split, columns in parts.items():
            found[split].append(_measures(weights @ columns, len(last)))
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


def _sums(con: duckdb.DuckDBPyConnection, judged: str) -> dict[str, dict[str, Floats]]:
    """By split and candidate a row per group of customers: how many, and sums over them.

    The sums are of amounts, of amounts in the best tenth, and of ranks less their mean: actual,
    its square, predicted, its square, and their product.
    """
    rows = con.execute(
        f"""
        with people as (
            select profile_id, row_number() over (order by profile_id) - 1 as place
            from (select distinct profile_id from {judged})
        ), sizes as (
            -- Ranks are doubled, so that ties can share one.
            select split, model, count(*) + 1 as mean_rank from {judged} group by all
        ), centred as (
            select split, model, place % {GROUPS} as who, actual_amount, decile,
                (actual_rank - mean_rank)::hugeint as y, (predicted_rank - mean_rank)::hugeint as x
            from {judged} inner join people using (profile_id)
            inner join sizes using (split, model)
        )
        select split, model, who, count(*)::double as n, sum(actual_amount)::double as amount,
            sum(y)::double as y, sum(y * y)::double as yy,
            coalesce(sum(actual_amount) filter (where decile = 1), 0)::double as top,
            sum(x)::double as x, sum(x * x)::double as xx, sum(x * y)::double as xy,
            (select least(count(*), {GROUPS}) from people) as groups
        from centred group by all order by split, model, who
        """
    ).fetchnumpy()
    names = ("n", "amount", "y", "yy", "top", "x", "xx", "xy")
    values = np.stack([np.asarray(rows[name]) for name in names], axis=1)
    found: dict[str, dict[str, Floats]] = {}
    for split in np.unique(np.asarray(rows["split"])):
        for model in np.unique(np.asarray(rows["model"])[rows["split"] == split]):
            here = (rows["split"] == split) & (rows["model"] == model)
            # Whoever is not known yet at an earlier backtest adds nothing to it.
            sums = np.zeros((int(rows["groups"][0]), len(names)))
            sums[rows["who"][here]] = values[here]
            found.setdefault(str(split), {})[str(model)] = sums
    return found


def _columns(sums: Sequence[Floats]) -> Floats:
    """Columns whose weighted sums give all measures; what came is the same for every candidate."""
    return np.concatenate([sums[0][:, :4], *(part[:, 4:] for part in sums)], axis=1)


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
