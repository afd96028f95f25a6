"""The policy seed learned_limits: what is wrong with it.

`models/identity/value_limits` follows it and would learn nothing from a rule that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.errors import UserError
from orchestration.policy.seeds import Row, named_once

COLUMNS = ("rule", "value", "comment")
RULES = ("outlier_deviations", "smallest_limit", "fewest_values")


def check_learned_limits(rows: Sequence[Row]) -> None:
    """Refuse rules that can't be followed.

    Parameters:
        rows: the seed's rows in their order.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    found = dict(named_once(rows, "rule", "rule", RULES))
    for rule, row in found.items():
        if not _is_number(row["value"]):
            raise row.refuse(
                f"{rule} is '{row['value']}'", "Give a number above 0, such as 6, 10 and 100."
            )
    missing = [rule for rule in RULES if rule not in found]
    if missing:
        raise UserError(
            f"seeds/policy/learned_limits.csv has no row {missing[0]}, so no limit would be "
            f"learned. It has one each of {', '.join(RULES)}."
        )


def _is_number(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False
