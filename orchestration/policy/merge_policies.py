"""Refusing merge policies, and settings of attributes, that can't be followed."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.errors import UserError
from orchestration.policy.seeds import Row, filled, one_of, whole

POLICY_COLUMNS = ("policy", "stitching", "default_rule", "is_default", "comment")
RULE_COLUMNS = ("policy", "attribute", "rule", "comment")
BUCKET_COLUMNS = ("bucket", "from_percent", "comment")
ORDER_COLUMNS = ("policy", "attribute", "source_system", "precedence", "comment")
SETTING_COLUMNS = ("attribute", "history_days", "completeness_weight", "comment")
FOR_ALL = "any"
MOST = 36_500
"""A hundred years of history, and as much weight."""
STITCHINGS = ("whole_graph", "none")
MERGE_RULES = ("recent", "least_recent", "precedence", "most_frequent", "most_filled")


def check_merge_policies(
    policies: Sequence[Row], rules: Sequence[Row], orders: Sequence[Row]
) -> None:
    """Refuse the first mistake in the three seeds of merge policies.

    Whether an attribute is known is asked by dbt's test `assert_merge_rules_are_followed`, since
    sources declare some.

    Parameters:
        policies: rows of merge_policies.
        rules: rows of merge_rules.
        orders: rows of merge_source_order.

    Raises:
        UserError: with file, line and remedy.
    """
    default: Row | None = None
    for row in policies:
        filled(row, "policy")
        one_of(row, "stitching", STITCHINGS)
        one_of(row, "default_rule", MERGE_RULES)
        one_of(row, "is_default", ("true", "false"))
        if row["is_default"] == "false":
            continue
        if default is not None:
            raise row.refuse(
                f"{row['policy']} is the default, and so is {default['policy']} in line "
                f"{default.line}",
                "Profiles are made by one policy; say false in one of them.",
            )
        if row["stitching"] != "whole_graph":
            raise row.refuse(
                f"{row['policy']} is the default and does not stitch",
                "Orders, consent and value are a person's, so the default stitches the "
                "whole_graph; a policy with none can stand beside it.",
            )
        default = row
    _once(policies, ("policy",))
    if default is None:
        raise UserError(
            "seeds/policy/merge_policies.csv: no policy is the default. Say true in is_default of "
            "the one by which profiles are made."
        )
    known = [row["policy"] for row in policies]
    for row in rules:
        one_of(row, "policy", known)
        filled(row, "attribute")
        one_of(row, "rule", MERGE_RULES)
    _once(rules, ("policy", "attribute"))
    for row in orders:
        one_of(row, "policy", known)
        filled(row, "attribute")
        filled(row, "source_system")
        whole(row, "precedence", 0)
    _once(orders, ("policy", "attribute", "source_system"))
    _once(orders, ("policy", "attribute", "precedence"))


def check_attribute_settings(rows: Sequence[Row]) -> None:
    """Refuse the first mistake in attribute_settings.

    Parameters:
        rows: its rows; whether an attribute is known is asked as for `check_merge_policies`.

    Raises:
        UserError: with file, line and remedy.
    """
    for row in rows:
        filled(row, "attribute")
        for column in SETTING_COLUMNS[1:3]:
            if row[column] or row["attribute"] == FOR_ALL:
                whole(row, column, 0)
                if int(row[column] or 0) > MOST:
                    raise row.refuse(f"{column} is {row[column]}", f"Give {MOST:,} at most.")
    _once(rows, ("attribute",))
    if FOR_ALL not in [row["attribute"] for row in rows]:
        raise UserError(
            "seeds/policy/attribute_settings.csv: there is no row of any, which says what "
            "holds for attributes without a row. Add it."
        )


def check_completeness_buckets(rows: Sequence[Row]) -> None:
    """Refuse buckets of completeness that leave a profile in none, or in two.

    Parameters:
        rows: rows of completeness_buckets.

    Raises:
        UserError: with file, line and remedy.
    """
    for row in rows:
        filled(row, "bucket")
        whole(row, "from_percent", 0)
    _once(rows, ("bucket",))
    _once(rows, ("from_percent",))
    if "0" not in [row["from_percent"] for row in rows]:
        raise UserError(
            "seeds/policy/completeness_buckets.csv: no bucket begins at 0, so a profile without "
            "attributes would be in none. Let one begin there."
        )


def _once(rows: Sequence[Row], columns: Sequence[str]) -> None:
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        said = tuple(row[column] for column in columns)
        if said in seen:
            raise row.refuse(
                f"{' '.join(said)} is said again, first in line {seen[said].line}",
                "Keep one of them.",
            )
        seen[said] = row
