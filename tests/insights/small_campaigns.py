"""Campaigns of random small companies, and what all that is published tells of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import duckdb

from tests.insights.attack import Puzzle
from tests.messages.world import Event, Order, Refresh, World, at

HOUR = 3600
STATES = ("sent", "delivered", "opened", "clicked")
"""How far somebody went; who clicked has opened, and so on."""
COUNTS = dict(
    zip(STATES, ("sent_count", "delivered_count", "unique_open_count", "unique_click_count"),
        strict=True)
)  # fmt: skip


class Recipients(NamedTuple):
    """Those of one run of a campaign whom no published row tells apart, but by what they did.

    Attributes:
        campaign: the campaign.
        sent_on: the day of sending.
        decile: theirs on that day.
        segments: theirs on that day.
        state: how far they went.
        opened_on: on which day they opened it, if they did.
    """

    campaign: str
    sent_on: Any
    decile: int
    segments: tuple[str, ...]
    state: str
    opened_on: Any


ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fact_message_response": (("sent_on", "campaign"), ("decile",)),
    "fact_message_response_by_segment": (("sent_on", "campaign"), ("segment",)),
    "fact_message_response_by_day": (("event_on", "campaign"), ()),
    "fact_campaign": (("decile",), ("campaign",)),
    "fact_campaign_by_segment": (("first_sent_on", "campaign"), ("segment",)),
}
"""By which columns each fact is counted up, and within which."""
STORED = {"campaign": "campaign_id", "segment": "segment_name"}


def random_world(seed: int, fewest: int) -> World:
    """Mailings to all and messages that few get on each day.

    Parameters:
        seed: of chance.
        fewest: people that a row tells of at least.
    """
    chance = random.Random(seed)
    people = [f"p{n}" for n in range(chance.randint(6, 40))]
    owners = {f"mail:{n}": person for n, person in enumerate(people)}
    deciles = {p: ("Gold", chance.choice((1, 2, 3))) for p in people if chance.random() < 0.8}
    segments = {p: frozenset(s for s in "ab" if chance.random() < 0.5) for p in people}
    events: list[Event] = []
    orders: list[Order] = []
    for number in range(chance.randint(1, 4)):
        is_for_few = chance.random() < 0.4
        days = range(1, 5) if is_for_few else [chance.randint(1, 4)]
        left = list(owners)
        chance.shuffle(left)
        for day in days:
            # Each person once per campaign, so that a campaign is the sum of its runs.
            size = chance.randint(0, 3) if is_for_few else chance.randint(1, len(left))
            for record in [left.pop() for _ in range(min(size, len(left)))]:
                known = {"record": record, "campaign": f"k{number}", "message": "m"}
                events += _message(chance, known, day)
                if chance.random() < 0.5:
                    orders.append(Order(owners[record], at(day + 3), chance.randint(1, 400)))
    refresh = Refresh(owners, deciles, segments)
    return World({0: refresh, 9: refresh}, events, orders, {"click_window_days": 9}, fewest=fewest)


def _message(chance: random.Random, known: Mapping[str, str], day: int) -> Iterator[Event]:
    yield Event(**known, kind="sent", at=at(day), channel="email")
    if chance.random() < 0.85:
        yield Event(**known, kind="delivered", at=at(day, 60))
        if chance.random() < 0.6:
            opened = day + chance.choice((0, 0, 1, 2))
            yield Event(**known, kind="opened", at=at(opened, HOUR))
            if chance.random() < 0.6:
                yield Event(**known, kind="clicked", at=at(opened, 2 * HOUR), url="https://s/1")


def recipients(con: duckdb.DuckDBPyConnection) -> Counter[Recipients]:
    """How many there are of each kind."""
    rows = con.execute(
        "select runs.campaign_id, runs.sent_on, decile, coalesce(segments, []), "
        "case when clicked_on is not null then 'clicked' when opened_on is not null then 'opened' "
        "when delivered_on is not null then 'delivered' else 'sent' end, opened_on "
        "from message_responses as runs inner join message_recipients using "
        "(profile_id, campaign_id, sent_on) left join (select profile_id, campaign_id, sent_on, "
        "list(segment_name order by segment_name) as segments from recipient_segments group by all)"
        " using (profile_id, campaign_id, sent_on)"
    ).fetchall()
    return Counter(Recipients(c, s, d, tuple(g), state, o) for c, s, d, g, state, o in rows)


def _places(table: str, kind: Recipients, count: str, first: Mapping[str, Any]) -> Iterator[Any]:
    """The rows of a fact, as group and place in the order, in which these people count."""
    order, within = ROWS[table]
    event_on = kind.opened_on if count in ("opened", "clicked") else kind.sent_on
    known = {**kind._asdict(), "event_on": event_on, "first_sent_on": first[kind.campaign]}
    place = tuple(known[name] for name in order)
    for group in kind.segments if within == ("segment",) else [known[name] for name in within]:
        yield group, place
    if not within:
        yield "", place


def learn(con: duckdb.DuckDBPyConnection, fewest: int) -> tuple[Puzzle, list[Any]]:
    """What all facts tell of how many there are of each kind, to somebody who knows which kinds
    there may be, every rule, and that a row that is there has somebody in it.

    Returns:
        The puzzle, and the cells of fewer than the minimum: table, place, who and their number.
    """
    truth = recipients(con)
    first: dict[str, Any] = {}
    for kind in truth:
        first[kind.campaign] = min(first.get(kind.campaign, kind.sent_on), kind.sent_on)
    opened: dict[Any, set[Any]] = {(k.campaign, k.sent_on): set() for k in truth}
    for kind in truth:
        opened[kind.campaign, kind.sent_on] |= {kind.opened_on} - {None}
    possible = {
        kind._replace(state=state, opened_on=day)
        for kind in truth
        for state in STATES
        for day in (opened[kind.campaign, kind.sent_on] if state in STATES[2:] else (None,))
    }
    names = {kind: str(number) for number, kind in enumerate(sorted(possible, key=str))}
    puzzle, small = Puzzle(list(names.values())), []
    for table in ROWS:
        shown = _shown(con, table)
        for depth, count in enumerate(STATES):
            cells: dict[Any, set[Recipients]] = {}
            for kind in possible:
                if STATES.index(kind.state) >= depth:
                    for place in _places(table, kind, count, first):
                        cells.setdefault(place, set()).add(kind)
            for group in {group for group, _ in cells}:
                places = sorted(place for g, place in cells if g == group)
                told = [shown.get((group, place), {}).get(COUNTS[count]) for place in places]
                upto: set[Recipients] = set()
                total = sum(n or 0 for n in told)
                full = 0
                for place, number in zip(places, told, strict=True):
                    who = cells[group, place]
                    upto |= who
                    full += number or 0
                    low, high = _bounds(full, total, fewest)
                    of = [names[kind] for kind in upto]
                    puzzle.learn(of, low, high)
                    if depth == 0 and (group, place) in shown:
                        puzzle.learn([names[kind] for kind in who], 1, float("inf"))
                    people = sum(truth[kind] for kind in who)
                    if 0 < people < fewest:
                        small.append((table, group, place, count, [names[k] for k in who], people))
                if total:
                    puzzle.learn([names[kind] for kind in upto], total, total)
    return puzzle, small


def _bounds(told: int, total: int, fewest: int) -> tuple[int, int]:
    """How many there may be up to a row, of whom so many are told up to it."""
    if not total:
        return 0, 2 * fewest - 2
    if told == total:
        return total - fewest + 1, total
    last = (total - 2 * fewest + 1) // fewest * fewest
    return told, total - fewest if told == last else told + fewest - 1


def _shown(con: duckdb.DuckDBPyConnection, table: str) -> dict[Any, dict[str, Any]]:
    """The rows of a fact by group and place."""
    order, within = ROWS[table]
    result = con.execute(
        f"select *, min(sent_on) over (partition by campaign_id) as first_sent_on from {table} "
        "inner join (select campaign_id, min(sent_on) as sent_on from message_responses "
        "group by all) using (campaign_id)"
        if "first_sent_on" in order
        else f"from {table}"
    )
    columns = [column[0] for column in result.description]
    found = {}
    for row in result.fetchall():
        said = dict(zip(columns, row, strict=True))
        group = said[STORED.get(within[0], within[0])] if within else ""
        found[group, tuple(said[STORED.get(name, name)] for name in order)] = said
    return found
