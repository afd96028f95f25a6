"""The policy seeds identity_namespaces and blocked_identity_values: what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.policy.seeds import Row, filled, one_of, whole

KINDS = ("person", "email", "phone", "device", "cookie", "partner")
NAMESPACE_COLUMNS = (
    "namespace", "kind", "priority", "is_unique", "max_records_per_value",
    "max_values_per_profile", "window_days", "splits_by_person", "comment",
)  # fmt: skip
BLOCKED_COLUMNS = ("namespace", "match_kind", "value", "reason", "comment")
ATTRIBUTES = ("any", "birth_date", "given_name")
"""What blocked_identity_values may name beside namespaces."""


def check_namespaces(rows: Sequence[Row]) -> set[str]:
    """Refuse namespaces that contradict themselves or each other.

    Parameters:
        rows: the rows of identity_namespaces.

    Returns:
        The names.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    seen: dict[tuple[str, str], Row] = {}
    for row in rows:
        one_of(row, "kind", KINDS)
        for column in ("is_unique", "splits_by_person"):
            one_of(row, column, ("true", "false"))
        whole(row, "priority", 1)
        whole(row, "max_records_per_value", 1)
        for column in ("max_values_per_profile", "window_days"):
            if row[column]:
                whole(row, column, 1)
        if row["is_unique"] == "true" and row["max_values_per_profile"] not in ("", "1"):
            raise row.refuse(
                f"{row['namespace']} is unique and may have {row['max_values_per_profile']} values",
                "Leave max_values_per_profile empty, or set is_unique to false.",
            )
        for column in ("namespace", "priority"):
            filled(row, column)
            before = seen.setdefault((column, row[column]), row)
            if before is not row:
                raise row.refuse(
                    f"{column} {row[column]} stands in line {before.line} already",
                    "Each namespace has one row and a priority of its own.",
                )
    return {row["namespace"] for row in rows}


def check_blocked(rows: Sequence[Row], namespaces: set[str]) -> None:
    """Refuse blocked values of namespaces that are not there.

    Parameters:
        rows: the rows of blocked_identity_values.
        namespaces: names of identity_namespaces.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    for row in rows:
        one_of(row, "match_kind", ("equals", "like"))
        filled(row, "value")
        if row["namespace"] not in namespaces | set(ATTRIBUTES):
            raise row.refuse(
                f"the namespace {row['namespace']} is not known",
                f"Use any, or one of {', '.join(sorted(namespaces))}; or add it to "
                "identity_namespaces.csv.",
            )
