"""Facts of messages against an independent opinion, whoever merges, splits and comes back."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.messages.oracle import Oracle, Run
from tests.messages.world import Event, Order, Refresh, World, at

RECORDS = tuple(f"mail:{n}" for n in range(5))
PEOPLE = ("p1", "p2", "p3", "p4")
OTHERS = tuple(f"x{n}" for n in range(9))
SECONDS = (0, 4, 9, 30, 3600, 86399)
LAST = 6
VALUES = (
    "sent_count, blocked_count, delivered_count, bounced_count, hard_bounced_count, "
    "soft_bounced_count, unique_open_count, machine_open_count, unique_click_count, "
    "machine_click_count, unsubscribed_count, complained_count, clicked_conversion_count, "
    "received_conversion_count, clicked_order_count, clicked_net_amount::int, "
    "received_order_count, received_net_amount::int"
)

INSTANTS = st.builds(at, st.integers(0, LAST), st.sampled_from(SECONDS))
KINDS = st.sampled_from(
    ["delivered", "delivered", "bounced", "opened", "clicked", "clicked", "clicked", "blocked",
     "unsubscribed", "complained"]
)  # fmt: skip
URLS = st.sampled_from(
    [None, "https://s/1?a=b", "https://s/1#x", "https://s/2", "https://s/2", "https://s/x@y.z"]
)
AGENTS = st.sampled_from([None, None, "Mozilla/5.0", "Barracuda Sentinel", "Mozilla/5.0 (X11)"])


@st.composite
def messages(draw: st.DrawFn) -> list[Event]:
    """A message and what happened to it; most are told to be sent."""
    first = draw(st.integers(0, LAST - 1))
    told: dict[str, Any] = {
        "record": draw(st.sampled_from(RECORDS)),
        "campaign": draw(st.sampled_from(["k1", "k2"])),
        "message": draw(st.sampled_from([None, "m1"])),
    }
    channel = draw(st.sampled_from([None, "email", "sms"]))
    sent = Event(**told, kind="sent", at=at(first), channel=channel)
    events = [sent] if draw(st.integers(0, 3)) else []
    for kind in draw(st.lists(KINDS, min_size=0 if events else 1, max_size=6)):
        events.append(
            Event(
                **told,
                kind=kind,
                at=at(first + draw(st.integers(0, 1)), draw(st.sampled_from(SECONDS))),
                url=draw(URLS) if kind == "clicked" else None,
                channel=draw(st.sampled_from([None, channel])),
                bounce_kind=draw(st.sampled_from([None, "hard", "soft"])),
                agent=draw(AGENTS),
            )
        )
    return events


REFRESHES = st.builds(
    Refresh,
    owners=st.fixed_dictionaries({}, optional={r: st.sampled_from(PEOPLE) for r in RECORDS}),
    deciles=st.dictionaries(
        st.sampled_from(PEOPLE), st.tuples(st.sampled_from(["Gold", "No tier"]), st.integers(1, 10))
    ),
    segments=st.dictionaries(
        st.sampled_from(PEOPLE), st.frozensets(st.sampled_from(["a", "b", "draft"]))
    ),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    days = draw(st.sets(st.integers(0, LAST - 1), max_size=3))
    refreshes = {n: draw(REFRESHES) for n in sorted(days)}
    owners = {record: draw(st.sampled_from(PEOPLE)) for record in RECORDS}
    last = draw(REFRESHES)
    refreshes[LAST] = Refresh(owners, last.deciles, last.segments)
    people = sorted(set(owners.values()))
    orders = st.builds(
        Order,
        st.sampled_from(people),
        INSTANTS,
        st.integers(-3, 50),
        st.sampled_from([True, True, False]),
    )
    others = [Order(x, at(0), n * 5) for n, x in enumerate(OTHERS)]
    return World(
        refreshes,
        [event for told in draw(st.lists(messages(), min_size=1, max_size=7)) for event in told],
        [*draw(st.lists(orders, max_size=8)), *others],
        {
            "click_window_days": draw(st.integers(0, 3)),
            "received_window_days": draw(st.integers(0, 3)),
            "state_days_before_sending": draw(st.integers(0, 1)),
            "recomputed_send_days": draw(st.integers(0, 4)),
            "least_people_per_link": draw(st.integers(1, 2)),
            "clicks_at_one_instant_are_machine": draw(st.integers(0, 1)),
        },
        {"k1": "push"},
    )


def table(con: duckdb.DuckDBPyConnection, keys: int, sql: str) -> dict[Any, tuple[Any, ...]]:
    """Rows of a query by their first columns; no two may share them."""
    rows = con.execute(sql).fetchall()
    found = {row[:keys]: row[keys:] for row in rows}
    assert len(found) == len(rows)
    return found


def check(world: World) -> None:
    """All facts of a world, and what must add up."""
    con, oracle = world.build(), Oracle(world)
    columns = "campaign_id, channel, sent_on, decile"

    def keyed(run: Run) -> tuple[Any, ...]:
        return run[1], oracle.channel(run), run[3]

    fact = table(con, 4, f"select {columns}, {VALUES} from fact_message_response")
    assert fact == oracle.fact(lambda run: [(*keyed(run), oracle.decile(run))])
    fact = table(
        con, 4,
        f"select campaign_id, channel, sent_on, segment_name, {VALUES} "
        "from fact_message_response_by_segment",
    )  # fmt: skip
    assert fact == oracle.fact(lambda run: [(*keyed(run), name) for name in oracle.segments(run)])
    fact = table(
        con, 3, f"select campaign_id, channel, event_on, {VALUES} from fact_message_response_by_day"
    )
    assert fact == oracle.by_day()
    fact = table(
        con, 3,
        "select campaign_id, channel, link, unique_click_count, machine_click_count, click_count "
        "from fact_message_response_by_link",
    )  # fmt: skip
    assert fact == oracle.by_link()
    check_campaigns(con, oracle)
    twice = (
        "select count(*) from message_conversions "
        "group by source_system, order_id, attribution_model having count(*) > 1"
    )
    assert con.execute(twice).fetchall() == []
    con.close()


def check_campaigns(con: duckdb.DuckDBPyConnection, oracle: Oracle) -> None:
    """The two facts of people per campaign."""
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in oracle.days:
        runs[run[0], run[1]].append(run)
    by_decile: dict[Any, Counter[str]] = defaultdict(Counter)
    by_segment: dict[Any, Counter[str]] = defaultdict(Counter)
    for (_, campaign), of in runs.items():
        told = {what for run in of for what in oracle.days[run]}
        if "delivered" in told:
            told.discard("bounced")
        first: date = min(run[3] for run in of)
        begun = [run for run in of if run[3] == first]
        by_decile[campaign, min(oracle.decile(run) for run in begun)].update(told)
        for name in {name for run in begun for name in oracle.segments(run)}:
            by_segment[campaign, name].update(told)
    kinds = ("sent", "delivered", "bounced", "unique_open", "unique_click", "unsubscribed")
    counts = (
        "sent_count, delivered_count, bounced_count, unique_open_count, unique_click_count, "
        "unsubscribed_count"
    )
    for name, key, expected in (
        ("fact_campaign", "decile", by_decile),
        ("fact_campaign_by_segment", "segment_name", by_segment),
    ):
        fact = table(con, 2, f"select campaign_id, {key}, {counts} from {name}")
        assert fact == {k: tuple(told[kind] for kind in kinds) for k, told in expected.items()}


SEARCH = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(SEARCH, max_examples=14)
@given(worlds())
def test_facts_are_as_it_was_whoever_merges_or_splits(world: World) -> None:
    check(world)


@pytest.mark.slow
@settings(SEARCH, max_examples=400)
@given(worlds())
def test_facts_are_as_it_was_in_many_worlds(world: World) -> None:
    check(world)
