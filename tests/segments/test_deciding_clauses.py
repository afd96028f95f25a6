"""The clauses that are named undo a change when they are turned back in the data, and no fewer do.

Random rules and random changes of the people, beside a plain Python evaluation.
"""

from __future__ import annotations

import random
from itertools import combinations

import duckdb
import pytest

from tests.segments.clause_lab import (
    Compiled,
    Facts,
    Truths,
    a_rule,
    as_bits,
    compiled,
    decided_of,
    fill,
    is_in,
    members,
    some_facts,
    states,
    truths,
)

PEOPLE = 24


def check_rule(dice: random.Random, con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """One rule and two days: how many changed, and of how many several clauses decide together."""
    one = compiled(a_rule(dice))
    first = {f"p{n}": some_facts(dice) for n in range(PEOPLE)}
    second = {
        person: {name: fresh if dice.random() < 0.4 else facts[name] for name, fresh in new.items()}
        for person, facts in first.items()
        for new in [some_facts(dice)]
    }
    before, now = _looked_at(con, one, first), _looked_at(con, one, second)
    turned_back: dict[str, list[str]] = {}
    of_several = 0
    found = decided_of(con, one, {p: (before[p], now[p]) for p in second})
    for person, facts in second.items():
        old, new = truths(one.rule, first[person]), truths(one.rule, facts)
        held, holds, alone, together = found[person]
        assert (held, holds) == (is_in(one.rule, old), is_in(one.rule, new))
        if held == holds:
            continue
        named = _named(one, old, new, alone, together)
        turned_back[person] = named if not alone else [dice.choice(named)]
        of_several += not alone
    _back_in_the_data(con, one, first, second, turned_back)
    return len(turned_back), of_several


def _looked_at(
    con: duckdb.DuckDBPyConnection, one: Compiled, people: dict[str, Facts]
) -> dict[str, int]:
    fill(con, people)
    found = states(con, one)
    wanted = {person: truths(one.rule, facts) for person, facts in people.items()}
    assert {p: b for p, known in wanted.items() if (b := as_bits(known))} == found
    assert members(con, one) == {p for p, known in wanted.items() if is_in(one.rule, known)}
    return {person: found.get(person, 0) for person in people}


def _named(one: Compiled, old: Truths, new: Truths, alone: int, together: int) -> list[str]:
    """The clauses that are named, which by Python are the right ones."""
    names = list(new)
    named = [name for place, name in enumerate(names) if (alone or together) >> place & 1]
    assert named and all(old[name] != new[name] for name in named)

    def is_undone(back: tuple[str, ...]) -> bool:
        known = {name: old[name] if name in back else new[name] for name in names}
        return is_in(one.rule, known) == is_in(one.rule, old)

    if alone:
        assert all(is_undone((name,)) for name in named)
    else:
        assert len(named) > 1
        assert is_undone(tuple(named))
        for fewer in range(len(named)):
            assert not any(map(is_undone, combinations(named, fewer)))
    return named


def _back_in_the_data(
    con: duckdb.DuckDBPyConnection,
    one: Compiled,
    first: dict[str, Facts],
    second: dict[str, Facts],
    turned_back: dict[str, list[str]],
) -> None:
    """Turn back what the named clauses look at: everybody is in or out again as before."""
    people = {
        person: {**facts, **{name: first[person][name] for name in turned_back.get(person, ())}}
        for person, facts in second.items()
    }
    fill(con, people)
    earlier = {p for p in turned_back if is_in(one.rule, truths(one.rule, first[p]))}
    assert members(con, one) & set(turned_back) == earlier


def check(seed: int, rules: int) -> None:
    dice = random.Random(seed)
    with duckdb.connect(config={"threads": 1}) as con:
        found = [check_rule(dice, con) for _ in range(rules)]
    changed, of_several = (sum(column) for column in zip(*found, strict=True))
    assert changed > 2 * rules
    assert of_several > rules / 8


def test_the_named_clauses_turned_back_undo_the_change() -> None:
    check(1, 24)


@pytest.mark.slow
def test_the_named_clauses_of_many_rules_turned_back_undo_the_change() -> None:
    check(2, 1000)
