"""Random rules as teams write them, and queries by hand of the same people."""

from __future__ import annotations

import random
from typing import Any

TYPES = {
    "page_view": 30, "product_view": 20, "add_to_cart": 8, "login": 10, "message_opened": 12,
    "message_clicked": 5, "order_completed": 6, "points_earned": 5, "store_visit": 3,
    "support_contact": 1,
}  # fmt: skip
"""Types of activity and how many of a hundred are of them."""
CHANNELS = ("email", "web", "app", "store")
COUNTRIES = ("CH", "DE", "FR", "IT", "AT", "NL", "ES", "PL")
TIERS = ("FLYER", "FREQUENT", "SILVER", "GOLD")
WINDOWS = ("7 days", "14 days", "30 days", "60 days", "90 days", "180 days", "1 year")


def rule(number: int) -> dict[str, Any]:
    """A rule, as its file would say it; the same for the same number.

    Half have two clauses, the others one to four: attributes, how often something happened in a
    time, what it adds up to, and one in fifteen a sequence. A third exclude somebody.
    """
    rng = random.Random(number)
    clauses = [_clause(rng) for _ in range(rng.choice((1, 2, 2, 2, 3, 4)))]
    found: dict[str, Any] = {
        "title": f"Generated {number}",
        "owner": "team:marketing",
        "purpose": "A benchmark.",
        "include": {"all": [_tier_and_country(rng), *clauses]},
    }
    if rng.random() < 0.33:
        found["exclude"] = {"any": [_clause(rng)]}
    return found


def _tier_and_country(rng: random.Random) -> dict[str, Any]:
    """Whom a campaign is for at all."""
    if rng.random() < 0.5:
        country = rng.choice(COUNTRIES)
        return {"field": "profiles.country_code", "operator": "equals", "value": country}
    return {"field": "profiles.loyalty_tier", "operator": "in", "value": rng.sample(TIERS, 2)}


def _clause(rng: random.Random) -> dict[str, Any]:
    draw = rng.random()
    if draw < 0.3:
        return _attribute(rng)
    if draw < 0.7:
        return {**_event(rng), "count": {"operator": "at_least", "value": rng.randint(1, 3)}}
    if draw < 0.93:
        money = {"event": "order_completed", "when": {"in_last": rng.choice(WINDOWS)}}
        least = rng.choice((50, 100, 150, 200, 250))
        return {**money, "aggregate": {"function": rng.choice(("sum", "maximum")), "of": "amount",
                                       "operator": "more_than", "value": least}}  # fmt: skip
    first, second = rng.sample(list(TYPES), 2)
    steps = [{"event": first}, {"event": second, "within": rng.choice(WINDOWS[:4])}]
    return {"sequence": steps, "when": {"in_last": rng.choice(WINDOWS[2:])}}


def _attribute(rng: random.Random) -> dict[str, Any]:
    column, values = rng.choice(
        (
            ("purchase_count", (2, 3, 4, 5)),
            ("net_amount", (100, 200, 300, 500)),
            ("days_since_last_purchase", (14, 30, 60, 90, 180)),
        )
    )
    operator = rng.choice(("at_least", "at_most"))
    return {
        "field": f"customer_attributes.{column}",
        "operator": operator,
        "value": rng.choice(values),
    }


def _event(rng: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"when": {"in_last": rng.choice(WINDOWS)}}
    types = rng.choices(list(TYPES), list(TYPES.values()), k=rng.choice((1, 1, 1, 2)))
    found["event"] = types[0] if len(set(types)) == 1 else sorted(set(types))
    if rng.random() < 0.25:
        found["where"] = {"channel": rng.choice(CHANNELS)}
    return found


AS_OF = "date '2026-10-31'"
SYMBOLS = {"equals": "=", "at_least": ">=", "at_most": "<=", "more_than": ">"}
FUNCTIONS = {"sum": "sum", "maximum": "max"}


def by_hand(said: dict[str, Any]) -> str:
    """The people of a rule as somebody would ask for them who needs no reason."""
    asked = [_asked(clause) for clause in said["include"]["all"]]
    asked += [f"not ({_asked(clause)})" for clause in said.get("exclude", {}).get("any", ())]
    return f"select profile_id from profile.profiles where {' and '.join(asked)}"


def _asked(said: dict[str, Any]) -> str:
    if "sequence" in said:
        first, second = ({**step, "when": said["when"]} for step in said["sequence"])
        return (
            f"profile_id in (select earlier.profile_id from ({_rows(first)}) as earlier "
            f"inner join ({_rows(second)}) as later on earlier.profile_id = later.profile_id "
            "and earlier.occurred_at < later.occurred_at "
            f"and later.occurred_at <= earlier.occurred_at + {_interval(second['within'])})"
        )
    if "field" in said:
        table, _, column = said["field"].partition(".")
        if said["operator"] == "in":
            return f"{column} in {tuple(said['value'])}"
        compared = f"{column} {SYMBOLS[said['operator']]} {said['value']!r}"
        if table == "profiles":
            return compared
        return f"profile_id in (select profile_id from value.{table} where {compared})"
    made = said.get("aggregate") or said["count"]
    number = f"{FUNCTIONS[made['function']]}(amount)" if "aggregate" in said else "count(*)"
    return (
        f"profile_id in ({_rows(said, 'profile_id')} group by profile_id "
        f"having {number} {SYMBOLS[made['operator']]} {made['value']})"
    )


def _rows(said: dict[str, Any], columns: str = "profile_id, occurred_at") -> str:
    types = [said["event"]] if isinstance(said["event"], str) else said["event"]
    listed = ", ".join(f"'{name}'" for name in types)
    where = "".join(f" and {column} = '{value}'" for column, value in said.get("where", {}).items())
    since = f"{AS_OF} - {_interval(said['when']['in_last'])} + interval 1 day"
    return (
        f"select {columns} from profile.recorded_activities where activity_type in ({listed})"
        f"{where} and occurred_at >= {since} and occurred_at < {AS_OF} + 1"
    )


def _interval(period: str) -> str:
    length, unit = period.split()
    return f"interval {length} {unit}"
