"""The policy seed rankings: what is wrong with it.

The models that rank (models/value/ranking_*) join the seed and would leave out, without a word,
what names a window that is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from orchestration.policy.seeds import Row, filled, one_of

COLUMNS = (
    "ranking", "metric", "category_type", "buckets", "rule", "look_backs", "is_money", "comment",
)  # fmt: skip
RULES = ("ntile", "equal_together")
FEWEST = 2


def check_rankings(rows: Sequence[Row], look_backs: Collection[str]) -> None:
    """Refuse rankings that can't be followed.

    Parameters:
        rows: the seed's rows in their order.
        look_backs: names of look_backs.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    seen: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        for column in ("ranking", "metric", "category_type"):
            filled(row, column)
        one_of(row, "rule", RULES)
        one_of(row, "is_money", ("true", "false"))
        for fault in _faults(row, look_backs):
            raise row.refuse(*fault)
        key = (row["ranking"], row["metric"], row["category_type"])
        before = seen.setdefault(key, row)
        if before is not row:
            raise row.refuse(
                f"{row['ranking']} ranks {row['metric']} by {row['category_type']} in line "
                f"{before.line} already",
                "Keep one of them, or give this one a name of its own.",
            )


def _faults(row: Row, look_backs: Collection[str]) -> Iterator[tuple[str, str]]:
    if not row["buckets"].isdecimal() or int(row["buckets"]) < FEWEST:
        yield f"buckets is '{row['buckets']}'", f"Give a whole number from {FEWEST}, such as 4."
    named = row["look_backs"].split()
    strangers = [name for name in named if name not in look_backs]
    if strangers or not named:
        what = f"the look-back {strangers[0]} is not known" if strangers else "look_backs is empty"
        yield what, f"Name some of {', '.join(look_backs)}, with blanks between."
