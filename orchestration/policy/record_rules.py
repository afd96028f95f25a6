"""The policy seed record_match_rules: what is wrong with it.

The SQL that follows the rules (models/identity/rules) asks every condition of every rule and
would take a misspelled one for one that never holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from orchestration.policy.seeds import Row

COLUMNS = ("rule", "priority", "effect", "field", "comparison", "threshold", "comment")
NAMES = ("name", "given_name", "family_name", "organisation_name")
ATTRIBUTES = (
    *NAMES, "birth_date", "gender", "name_suffix", "address", "street", "postal_code", "city",
    "state", "country_code", "phone_end",
)  # fmt: skip
"""What rules may compare besides the values of namespaces; rule_values.sql writes them down."""
SHARED = ("shared", "shared_date")
COMPARISONS = (*SHARED, "equal", "similar", "edits", "words", "not_contradicting", "contradicting")
FITTING = {"shared_date": ("birth_date",), "words": NAMES}
"""Comparisons that only some attributes have."""
SHARE_REMEDY = (
    "Give it one condition with the comparison shared (or shared_date), which says by what pairs "
    "of records are looked for; without it each record would be compared with each other one."
)


def check_record_rules(rows: Sequence[Row], namespaces: Collection[str]) -> None:
    """Refuse match rules that can't be followed.

    Parameters:
        rows: the seed's rows in their order.
        namespaces: names of identity_namespaces.

    Raises:
        UserError: the first mistake, with file, line and remedy.
    """
    rules: dict[str, list[Row]] = {}
    seen: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        for fault in _faults(row, namespaces):
            raise row.refuse(*fault)
        before = seen.setdefault((row["rule"], row["field"], row["comparison"]), row)
        if before is not row:
            raise row.refuse(
                f"{row['rule']} asks the same of {row['field']} as in line {before.line}",
                "Keep one of them.",
            )
        rules.setdefault(row["rule"], []).append(row)
    for conditions in rules.values():
        _check_rule(conditions)


def _faults(row: Row, namespaces: Collection[str]) -> Iterator[tuple[str, str]]:
    effect, field, comparison = row["effect"], row["field"], row["comparison"]
    known = [*ATTRIBUTES, *sorted(set(namespaces) - set(ATTRIBUTES))]
    if not row["rule"]:
        yield "rule is empty", "Name it after what it asks for, as in email_and_given_name."
    if row["rule"] in namespaces:
        yield (
            f"{row['rule']} is a namespace, and evidence would not tell the two apart",
            "Call the rule something else.",
        )
    if effect not in ("link", "never", "not_alone"):
        yield f"effect is '{effect}'", "Use one of link, never, not_alone."
    if effect == "not_alone":
        if field not in namespaces:
            yield (
                f"{field or 'the field'} is no namespace",
                f"not_alone is said of one of {', '.join(sorted(namespaces))}.",
            )
        if comparison or row["threshold"]:
            yield "not_alone compares nothing", "Leave comparison and threshold empty."
        return
    if field not in known:
        yield f"the field '{field}' is not known", f"Use one of {', '.join(known)}."
    if comparison not in COMPARISONS:
        yield f"comparison is '{comparison}'", f"Use one of {', '.join(COMPARISONS)}."
    if field not in FITTING.get(comparison, (field,)):
        yield (
            f"{field} can't be compared by {comparison}",
            f"{comparison} is for {', '.join(FITTING[comparison])}; use another comparison.",
        )
    if effect == "never" and comparison in SHARED:
        yield (
            f"never is asked of pairs that link rules look at, so {comparison} finds nothing",
            "Write equal in its place.",
        )
    if effect == "link" and not row["priority"].isdecimal():
        yield (
            f"priority is '{row['priority']}'",
            "Give a whole number; the smallest is the surest rule.",
        )
    yield from _threshold_faults(comparison, row["threshold"])


def _threshold_faults(comparison: str, threshold: str) -> Iterator[tuple[str, str]]:
    try:
        value = float(threshold) if threshold else None
    except ValueError:
        yield f"threshold is '{threshold}'", "Give a number, such as 0.9, or leave it empty."
        return
    if comparison == "similar" and not (value is not None and 0 < value <= 1):
        yield (
            f"the threshold of similar is '{threshold}'",
            "Give the least similarity, above 0 and not above 1; 0.9 is usual for names.",
        )
    elif comparison == "edits" and not (value is not None and value >= 1 and value.is_integer()):
        yield (
            f"the threshold of edits is '{threshold}'",
            "Give the letters that may differ, from 1.",
        )
    elif comparison in SHARED and value is not None and not (value >= 2 and value.is_integer()):
        yield (
            f"the threshold of {comparison} is '{threshold}'",
            "Give the most records that may show the value, from 2, or leave it empty.",
        )
    elif comparison not in ("similar", "edits", *SHARED) and value is not None:
        yield f"{comparison} has no threshold", "Leave it empty."


def _check_rule(conditions: Sequence[Row]) -> None:
    first = conditions[0]
    for row in conditions[1:]:
        for column in ("effect", "priority"):
            if row[column] != first[column]:
                raise row.refuse(
                    f"{column} of {row['rule']} is '{row[column]}' here and '{first[column]}' in "
                    f"line {first.line}",
                    "All conditions of a rule say the same.",
                )
    shared = [row for row in conditions if row["comparison"] in SHARED]
    if first["effect"] == "link" and not shared:
        raise first.refuse(f"{first['rule']} has no value that both records share", SHARE_REMEDY)
    if len(shared) > 1:
        raise shared[1].refuse(
            f"{first['rule']} looks for pairs by {shared[0]['field']} already, in line "
            f"{shared[0].line}",
            "Write equal in place of shared here; keep shared for what the fewest records share.",
        )
