"""No cell of fewer than five people is published, nor can one, or one's amount, be computed back."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.insights.attack import Published, Puzzle, learn_group, steps
from tests.insights.small_companies import (
    LOOK_BACKS,
    Person,
    Row,
    deciles,
    layers,
    published,
    random_people,
)
from tests.value import rendering

MINIMUM = int(rendering.project_vars()["minimum_cell_size"])
PROTECTION = float(rendering.project_vars()["amount_protection"])


def _people_of(row: Row, table: str, people: Sequence[Person], facts: Sequence[Row]) -> set[str]:
    """Who is in a published row, as somebody finds out who knows everybody's place."""
    if table == "fact_rfm":
        shown = {r["rfm_segment"] for r in facts} - {"Other"}
        buyers = [p for p in people if p.amounts["lifetime"] > 0]
        if row["rfm_segment"] == "Other":
            return {p.name for p in buyers if p.group not in shown}
        return {p.name for p in buyers if p.group == row["rfm_segment"]}
    if table == "fact_lifetime_value":
        buyers = [p for p in people if p.amounts["lifetime"] > 0]
        rank = {p.name: n % p.ranks + 1 for n, p in enumerate(buyers)}
        own = {r["decile"] for r in facts}
        return {n for n, d in rank.items() if (d if d in own else -1) == row["decile"]}
    if table == "fact_measure":
        of, own = deciles(people, "lifetime"), {r["decile"] for r in facts}
        return {
            p.name
            for p in people
            if p.amounts["lifetime"] > 0
            and (of[p.name] if of[p.name] in own else -1) == row["decile"]
        }
    of = deciles(people, row["look_back"])
    same = [r for r in facts if r["look_back"] == row["look_back"]]
    shown = {r["category"] for r in same} - {"Other"}
    in_category = {
        p.name for p in people if (p.tier if p.tier in shown else "Other") == row["category"]
    }
    own = {r["decile"] for r in same if r["category"] == row["category"]}
    return {n for n in in_category if (of[n] if of[n] in own else -1) == row["decile"]}


AMOUNTS = {
    "fact_clv_decile": "metric_amount",
    "fact_rfm": "net_amount",
    "fact_measure": "total_value",
    "fact_lifetime_value": "historical_amount",
}


def _groups(
    people: Sequence[Person], facts: dict[str, list[Row]]
) -> list[tuple[str, list[Published]]]:
    """The groups of rows with a total, each with its look-back."""
    groups: dict[tuple[str, str], list[Published]] = defaultdict(list)
    for table, rows in facts.items():
        for row in rows:
            who = frozenset(_people_of(row, table, people, rows))
            assert len(who) == row["profile_count"], (table, row)
            look_back = row.get("look_back", "lifetime")
            groups[(table, look_back)].append(Published(who, row[AMOUNTS[table]]))
    return [(look_back, rows) for (_, look_back), rows in groups.items()]


def _attack(
    people: Sequence[Person], facts: dict[str, list[Row]], protection: float = PROTECTION
) -> list[str]:
    """Whose amount, or which small cell's, comes out closer than it may.

    Parameters:
        people: of the company.
        facts: what is published.
        protection: that it was published with.
    """
    found = []
    for look_back in LOOK_BACKS:
        truth = {p.name: p.amounts[look_back] for p in people}
        puzzle = Puzzle(sorted(truth))
        for of, rows in _groups(people, facts):
            if of == look_back:
                learn_group(puzzle, rows, truth, protection)
        for row in facts["fact_clv_decile"]:
            if row["look_back"] == look_back:
                for name in _people_of(row, "fact_clv_decile", people, facts["fact_clv_decile"]):
                    puzzle.learn([name], float(row["min_amount"]), float(row["max_amount"]))
        for of, rows in _groups(people, facts):
            if of == look_back and len(rows) > 1:
                found += _dominated(rows, truth, protection)
        of = deciles(people, look_back)
        cells = defaultdict(set)
        for person in people:
            cells[(person.tier, of[person.name])].add(person.name)
        small = [who for who in cells.values() if len(who) < MINIMUM]
        for who in [{p.name} for p in people] + small:
            amount = float(sum(truth[name] for name in who))
            # As somebody who knows their own amount, the largest of all others.
            most = max((n for n in truth if n not in who), key=lambda n: truth[n], default=None)
            low, high = puzzle.interval(who, {most: float(truth[most])} if most else {})
            assert low - 0.01 <= amount <= high + 0.01
            if high - low < PROTECTION * amount - 0.02:
                found.append(f"{look_back}: {amount} of {sorted(who)} is in {low:.2f}..{high:.2f}")
    return found


def _dominated(
    rows: Sequence[Published], truth: dict[str, Decimal], protection: float
) -> list[str]:
    """The largest amounts, where all others of a row are next to nothing and its sum is nearly theirs."""
    puzzle = Puzzle(sorted(truth))
    learn_group(puzzle, rows, truth, protection)
    found = []
    for row in rows:
        largest = float(max(truth[name] for name in row.people))
        low, high = puzzle.interval(row.people)
        if high - low < PROTECTION * largest - 0.02:
            found.append(f"{largest} dominates a row that is between {low:.2f} and {high:.2f}")
    return found


def _count_attack(people: Sequence[Person], facts: dict[str, list[Row]]) -> list[str]:
    """Cells of fewer than five whose number of people comes out of all numbers that are published."""
    rows = facts["fact_clv_decile"]
    shown_somewhere = {r["category"] for r in rows} - {"Other"}
    found = []
    for look_back in LOOK_BACKS:
        of = deciles(people, look_back)
        cells = Counter((p.tier, of[p.name]) for p in people)
        grid = [f"{tier} {d}" for tier in {p.tier for p in people} for d in set(of.values())]
        puzzle = Puzzle(grid)
        for row in rows:
            if row["look_back"] == look_back:
                who = _people_of(row, "fact_clv_decile", people, rows)
                # All cells that the row stands for, empty ones as well.
                same = [r for r in rows if r["look_back"] == look_back]
                puzzle.learn(_cells_of(row, same, grid), len(who), len(who))
        for tier in shown_somewhere:
            members = sum(p.tier == tier for p in people)
            puzzle.learn([g for g in grid if g.startswith(f"{tier} ")], members, members)
        if look_back == "lifetime":
            for row in facts["fact_measure"]:
                if row["decile"] > 0:
                    number = row["profile_count"]
                    ends = [g for g in grid if g.endswith(f" {row['decile']}")]
                    puzzle.learn(ends, number, number)
        for (tier, decile), count in cells.items():
            low, high = puzzle.interval([f"{tier} {decile}"])
            assert low - 0.01 <= count <= high + 0.01
            # How many bought nothing is the difference of two totals, people and customers.
            is_all_of_them = decile == 0 and len({p.tier for p in people}) == 1
            if count < MINIMUM and high - low < 1 and not is_all_of_them:
                found.append(f"{look_back}: {tier} {decile} is {count}, between {low} and {high}")
    return found


def _cells_of(row: Row, same: Sequence[Row], grid: Sequence[str]) -> list[str]:
    shown = {r["category"] for r in same} - {"Other"}
    own = {r["decile"] for r in same if r["category"] == row["category"]}
    found = []
    for cell in grid:
        tier, _, decile = cell.rpartition(" ")
        category = tier if tier in shown else "Other"
        place = int(decile) if int(decile) in own else -1
        if category == row["category"] and place == row["decile"]:
            found.append(cell)
    return found


def _company(seed: int) -> list[Person]:
    chance = random.Random(seed)
    return random_people(chance, chance.randint(5, 60))


def _holds(seed: int) -> None:
    people = _company(seed)
    with layers(people) as con:
        facts = published(con)
    for table, rows in facts.items():
        assert all(row["profile_count"] >= MINIMUM for row in rows), (seed, table)
    assert not _attack(people, facts) + _count_attack(people, facts), seed
    for look_back, rows in _groups(people, facts):
        _is_rounded(rows, {p.name: p.amounts[look_back] for p in people})
    if sum(p.amounts["lifetime"] > 0 for p in people) < MINIMUM:
        return
    for table, column in AMOUNTS.items():
        rows = [r for r in facts[table] if r.get("look_back", "lifetime") == "lifetime"]
        total = sum((p.amounts["lifetime"] for p in people), Decimal(0))
        assert sum(r[column] for r in rows) == total, (seed, table)


def _is_rounded(rows: Sequence[Published], truth: dict[str, Decimal]) -> None:
    """All rows but the greatest are whole steps."""
    step = steps({r: max(float(truth[p]) for p in r.people) for r in rows}, PROTECTION)
    greatest = max(rows, key=lambda row: sum(truth[p] for p in row.people))
    for row in rows:
        if row is not greatest and step[row]:
            parts = float(row.amount) / step[row]
            assert parts == pytest.approx(round(parts), abs=1e-6), row


@pytest.mark.parametrize("seed", [1, 4, 14])
def test_no_amount_of_one_person_or_of_a_small_cell_can_be_computed(seed: int) -> None:
    _holds(seed)


@pytest.mark.slow
def test_no_amount_can_be_computed_in_many_companies() -> None:
    for seed in range(100):
        _holds(seed)


def test_the_attack_finds_what_is_published_without_protection() -> None:
    people = _company(1)
    with layers(people) as con:
        unpooled, unrounded = (
            published(con, minimum_cell_size=1),
            published(con, amount_protection=0),
        )
    assert _attack(people, unpooled) and _count_attack(people, unpooled)
    assert _attack(people, unrounded, protection=0)


@pytest.mark.parametrize("seed", range(4))
def test_who_joins_a_row_is_not_the_difference_of_two_days(seed: int) -> None:
    """A row of five that is a row of six on the next day hides what the sixth has, who trusts that
    nobody else has changed."""
    chance = random.Random(seed)
    before = [
        Person(
            f"p{n}",
            "Tier 0",
            f"Group {n % 3}",
            {b: Decimal(chance.randint(1, 90_000)) / 100 for b in LOOK_BACKS},
        )
        for n in range(15 + seed)
    ]
    newcomer = replace(before[0], name="new", amounts=dict.fromkeys(LOOK_BACKS, Decimal("123.45")))
    days = []
    for people in (before, [*before, newcomer]):
        with layers(people) as con:
            facts = published(con)["fact_rfm"]
        of = {r["rfm_segment"]: r["net_amount"] for r in facts}
        truth = {p.name: p.amounts["lifetime"] for p in people}
        rows = {
            g: Published(frozenset(p.name for p in people if p.group == g), a)
            for g, a in of.items()
        }
        puzzle = Puzzle(sorted(truth))
        learn_group(puzzle, list(rows.values()), truth, PROTECTION, total_is_fixed=False)
        days.append(puzzle.interval(rows["Group 0"].people))
    (low_before, high_before), (low, high) = days
    width = (high - low_before) - max(low - high_before, 0)
    assert width >= PROTECTION * 123.45
