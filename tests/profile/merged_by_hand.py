"""What each merge policy makes of the records, record by record: an oracle for policy_profiles."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ADDRESS = ("street", "address_line_2", "postal_code", "city", "state", "country_code")
ALONE = (
    "given_name",
    "middle_name",
    "family_name",
    "organisation_name",
    "gender",
    "email",
    "phone",
    "login",
    "loyalty_id",
    "loyalty_tier",
    "birth_date",
)
GROUPS: Mapping[str, Sequence[str]] = {**{name: (name,) for name in ALONE}, "address": ADDRESS}
NOWHERE = 2**31 - 1
Record = Mapping[str, Any]


def merged(
    records: Sequence[Record],
    policies: Sequence[Record],
    rules: Sequence[Record],
    orders: Sequence[Record],
) -> dict[tuple[str, str], dict[str, Any]]:
    """The attributes of every profile of every policy, by policy and merged id.

    Parameters:
        records: rows of ranked_records.
        policies: rows of merge_policies.
        rules: rows of merge_rules.
        orders: rows of merge_source_order.
    """
    said = {(r["policy"], r["attribute"]): r["rule"] for r in rules}
    own = {(o["policy"], o["attribute"], o["source_system"]): o["precedence"] for o in orders}
    found = {}
    for policy in policies:
        name = policy["policy"]
        people = defaultdict(list)
        for record in records:
            key = record["record_key"]
            apart = "r" + hashlib.md5(key.encode()).hexdigest()[:16]
            people[apart if policy["stitching"] == "none" else record["profile_id"]].append(record)
        for merged_id, theirs in people.items():
            profile: dict[str, Any] = {}
            for attribute, fields in GROUPS.items():
                filled = [r for r in theirs if any(r[f] is not None for f in fields)]
                rule = str(said.get((name, attribute), policy["default_rule"]))
                places = {
                    s: place for (p, a, s), place in own.items() if (p, a) == (name, attribute)
                }
                order = _order(rule, fields, theirs, places)
                winner = min(filled, key=order, default=None)
                profile |= {f: winner[f] if winner else None for f in fields}
            found[name, merged_id] = profile
    return found


def _order(
    rule: str,
    fields: Sequence[str],
    theirs: Sequence[Record],
    own: Mapping[str, int],
) -> Callable[[Record], Any]:
    def text(record: Record) -> str:
        return ", ".join(str(record[f]) for f in fields if record[f] is not None).lower()

    counted = Counter(map(text, theirs))

    def key(record: Record) -> Any:
        place = [record[f] for f in ("street", "postal_code", "city")]
        incomplete = len(fields) > 1 and not any(place)
        at = record["updated_at"]
        newest = (at is None, -at.timestamp() if at else 0)
        of = fields if len(fields) > 1 else (*ALONE, *ADDRESS)
        first: Any = {
            "recent": 0,
            "least_recent": (at is None, at.timestamp() if at else 0),
            "precedence": (own.get(record["source_system"], NOWHERE), record["precedence"]),
            "most_frequent": -counted[text(record)],
            "most_filled": -sum(record[f] is not None for f in of),
        }[rule]
        return incomplete, first, newest, record["precedence"], record["record_key"]

    return key
