"""Ten people and one campaign, every number worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from orchestration.settings import PROJECT_ROOT
from tests.messages.world import Event, Order, Refresh, World, at

SENT = 2
HOUR = 3600
LINK = "https://shop.example.com/offers/"

# By the day: 0 has whose each record was, who was where; today p1 has taken in p2, and p9 has been
# split off from p8. Everybody's decile and segment is another one today, which must not matter.
THEN = Refresh(
    owners={f"mail:{n}": f"p{n}" for n in range(9)} | {"mail:9": "p8"},
    deciles={"p0": ("Gold", 1), "p1": ("No tier", 2), "p2": ("No tier", 7), "p4": ("Gold", 1),
             "p5": ("Gold", 2), "p8": ("No tier", 5)},
    segments={"p0": frozenset("a"), "p1": frozenset("a"), "p4": frozenset("ab"),
              "p8": frozenset("b"), "p2": frozenset("b")},
)  # fmt: skip
TODAY = Refresh(
    owners={f"mail:{n}": f"p{n}" for n in range(10)} | {"mail:2": "p1"},
    deciles={f"p{n}": ("Gold", 10) for n in range(10)},
    segments={f"p{n}": frozenset("a") for n in range(10)},
)


def mail(number: int, kind: str, seconds: int = 0, on: int = SENT, **more: Any) -> Event:
    return Event(f"mail:{number}", "k1", kind, at(on, seconds), message="m1", **more)


EVENTS = [
    # 0 reads, clicks and buys on the next day.
    mail(0, "sent"), mail(0, "delivered", 60), mail(0, "opened", HOUR),
    mail(0, "clicked", 2 * HOUR, url=LINK + "1?id=77"),
    mail(0, "clicked", 3 * HOUR, url=LINK + "1"),
    # A machine was there before, and does not count beside.
    mail(0, "opened", 62), mail(0, "clicked", 61, url=LINK + "1"),
    # 1 and 2 are one person today: one recipient, one opener, as 1, which was sent first.
    mail(1, "sent"), mail(1, "delivered", 60), mail(1, "opened", HOUR),
    mail(2, "sent", 10), mail(2, "delivered", 60), mail(2, "opened", HOUR, on=3),
    # 3 is an address that there is not; 4 was delivered, and then came back.
    mail(3, "sent"), mail(3, "bounced", 5, bounce_kind="hard"),
    mail(4, "sent"), mail(4, "delivered", 60), mail(4, "bounced", HOUR, bounce_kind="soft"),
    # 5's mailbox fetches the pictures, 6's gateway follows the links; 7 may not be written to.
    mail(5, "sent"), mail(5, "delivered", 60), mail(5, "opened", 63),
    mail(6, "sent"), mail(6, "delivered", 60),
    mail(6, "clicked", HOUR, url=LINK + "1"), mail(6, "clicked", HOUR, url=LINK + "2"),
    mail(7, "blocked"),
    # 8 reads two days later, leaves, and buys six days after the message, four after the click.
    mail(8, "sent"), mail(8, "delivered", 60), mail(8, "opened", HOUR, on=4),
    mail(8, "clicked", 2 * HOUR, on=4, url=LINK + "2"), mail(8, "unsubscribed", 3 * HOUR, on=4),
    mail(9, "sent"), mail(9, "delivered", 60), mail(9, "complained", HOUR),
]  # fmt: skip
ORDERS = [Order("p0", at(3), 40), Order("p8", at(8), 25), Order("p5", at(1), 500)]
DAY = date(2026, 3, 3)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = World({0: THEN, 9: TODAY}, EVENTS, ORDERS, campaigns={"k1": "email"}).build()
    made.execute("create schema insights")
    made.execute(
        "create table insights.dim_decile as select range::int as decile, "
        "'Decile ' || range as decile_name from range(-2, 11)"
    )
    made.execute(
        "create table insights.dim_segment as select * from "
        "(values ('a', 'Anglers'), ('b', 'Bakers')) as named(segment_name, title)"
    )
    made.execute(
        "create table insights.dim_campaign as select campaign_id, 'Spring' as campaign_name, "
        "'everyone' as audience, channel, timestamp '2026-03-03' as started_at "
        "from main.dim_campaign"
    )
    for (name,) in made.execute(
        "select table_name from duckdb_tables() where table_name like 'fact_%'"
    ).fetchall():
        made.execute(f"create view insights.{name} as select * from main.{name}")
    yield made
    made.close()


def rows(con: duckdb.DuckDBPyConnection, template: str, columns: str) -> list[tuple[Any, ...]]:
    text = (PROJECT_ROOT / "sql_templates" / f"{template}.sql").read_text()
    con.execute(f"create or replace temp table answered as {text}")
    return con.execute(f"select {columns} from answered order by rowid").fetchall()


def near(*values: float) -> Any:
    return pytest.approx(values)


def test_opens_by_audience(con: duckdb.DuckDBPyConnection) -> None:
    # Anglers are 0, 1 and 4, of whom the first two were reached; Bakers 4, 8 and 9.
    assert rows(
        con, "campaign_opens_by_audience", "campaign_name, meant_for, audience, delivered_count, "
        "unique_open_count, machine_open_count, open_rate",
    ) == [
        ("Spring", "everyone", "Anglers", 2, 2, 0, 1.0),
        ("Spring", "everyone", "Bakers", 2, 1, 0, 0.5),
    ]  # fmt: skip


def test_opens_by_bucket(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        con, "campaign_opens_by_bucket", "decile_name, delivered_count, unique_open_count, "
        "unique_click_count, open_rate, click_to_open_rate",
    ) == [
        ("Decile 1", 1, 1, 1, 1.0, 1.0),  # 0; from 4 it came back
        ("Decile 2", 2, 1, 0, 0.5, 0.0),  # 1, and 5, for whom a machine opened
        ("Decile 5", 2, 1, 1, 0.5, 1.0),  # 8, and 9, who was in 8's
        ("Decile 0", 1, 0, 0, 0.0, None),  # 6; 3 and 7 did not get it
    ]  # fmt: skip


def test_the_trend(con: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "event_on, sent_count, delivered_count, unique_open_count, machine_open_count, "
        "unique_click_count, conversion_count, order_count, net_amount::int, currency"
    )
    assert rows(con, "message_trend", columns) == [
        (DAY, 8, 6, 2, 1, 1, 0, 0, 0, "EUR"),
        (DAY.replace(day=4), 0, 0, 0, 0, 0, 1, 1, 40, "EUR"),
        (DAY.replace(day=5), 0, 0, 1, 0, 1, 0, 0, 0, "EUR"),
        (DAY.replace(day=9), 0, 0, 0, 0, 0, 1, 1, 25, "EUR"),
    ]


def test_the_links(con: duckdb.DuckDBPyConnection) -> None:
    columns = "link, unique_click_count, machine_click_count, click_count, click_rate"
    assert rows(con, "message_links", columns) == [
        (LINK + "1", 1, 1, 2, pytest.approx(1 / 6)),
        (LINK + "2", 1, 1, 1, pytest.approx(1 / 6)),
    ]


def test_results_by_audience(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        con, "message_results_by_audience", "audience, sent_count, delivered_count, "
        "unique_open_count, unique_click_count, conversion_count, net_amount::int, open_rate, "
        "click_rate, click_to_open_rate, conversion_rate",
    ) == [
        ("Anglers", 3, 2, 2, 1, 1, 40, 1.0, 0.5, 0.5, 0.5),
        ("Bakers", 3, 2, 1, 1, 1, 25, 0.5, 0.5, 1.0, 0.5),
    ]  # fmt: skip


def test_results_by_channel_and_bucket(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        con, "message_results_by_bucket", "channel, decile_name, sent_count, delivered_count, "
        "unique_open_count, unique_click_count, conversion_count, net_amount::int",
    ) == [
        ("email", "Decile 1", 2, 1, 1, 1, 1, 40),
        ("email", "Decile 2", 2, 2, 1, 0, 0, 0),
        ("email", "Decile 5", 2, 2, 1, 1, 1, 25),
        ("email", "Decile 0", 2, 1, 0, 0, 0, 0),
    ]  # fmt: skip


def test_results_by_channel(con: duckdb.DuckDBPyConnection) -> None:
    counts = (
        "channel, sent_count, delivered_count, unique_open_count, machine_open_count, "
        "unique_click_count, machine_click_count, conversion_count, net_amount::int"
    )
    assert rows(con, "message_results_by_channel", counts) == [("email", 8, 6, 3, 1, 2, 1, 2, 65)]
    rates = (
        "delivery_rate, open_rate, click_rate, click_to_open_rate, conversion_rate, blocked_rate, "
        "bounce_rate, hard_bounce_rate, soft_bounce_rate, unsubscribe_rate, complaint_rate"
    )
    assert rows(con, "message_results_by_channel", rates) == [
        near(6 / 8, 3 / 6, 2 / 6, 2 / 3, 2 / 6, 1 / 9, 2 / 8, 1 / 8, 1 / 8, 1 / 6, 1 / 6)
    ]


def test_what_was_received_within_its_window(con: duckdb.DuckDBPyConnection) -> None:
    """8 bought six days after it was delivered, a day too late."""
    assert con.execute(
        "select sum(received_order_count), sum(received_net_amount)::int, "
        "sum(received_conversion_count) from fact_message_response"
    ).fetchall() == [(1, 40, 1)]


def test_one_campaign_by_decile_and_by_segment(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "campaign_response_by_decile", "* exclude (open_rate, click_rate)") == [
        ("1", 2, 1, 1, 1, 0), ("2", 2, 2, 1, 0, 0), ("5", 2, 2, 1, 1, 1), ("none", 2, 1, 0, 0, 0),
    ]  # fmt: skip
    assert rows(con, "campaign_response_by_segment", "* exclude (open_rate, click_rate)") == [
        ("Anglers", 3, 2, 2, 1, 0), ("Bakers", 3, 2, 1, 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("asked, expected", [(60, [(1, 1), (2, 1)]), (0, [(-2, 2)])])
def test_before_the_first_refresh_the_bookings_tell(
    asked: int, expected: list[tuple[int, int]]
) -> None:
    """Of ten buyers p0 had spent most by then; p1 spent most of all, a day too late."""
    owners = {"mail:0": "p0", "mail:1": "p1"}
    orders = [Order("p0", at(1), 500), Order("p1", at(2), 400), Order("p1", at(3), 900)]
    orders += [Order(f"x{n}", at(0), n) for n in range(8)]
    today = Refresh(owners, {"p0": ("Gold", 7), "p1": ("Gold", 7)}, {"p0": frozenset("a")})
    events = [mail(0, "sent"), mail(1, "sent")]
    with World({9: today}, events, orders, {"recomputed_send_days": asked}).build() as con:
        told = con.execute(
            "select decile, sent_count from fact_message_response order by decile"
        ).fetchall()
        segments = con.execute(
            "select segment_name, sent_count from fact_message_response_by_segment"
        ).fetchall()
    assert told == expected
    assert segments == [("unknown", 2)]


def test_what_a_message_came_to() -> None:
    """Bounced when delivered; tried again; a text nobody tells of; one that was blocked."""
    owners = {f"mail:{n}": f"p{n}" for n in range(4)}
    events = [
        mail(0, "sent"), mail(0, "delivered", 60), mail(0, "bounced", 60),
        mail(1, "sent"), mail(1, "bounced", 10), mail(1, "delivered", 60),
        mail(2, "sent", channel="sms"),
        mail(3, "sent", channel="sms"), mail(3, "blocked", 5),
    ]  # fmt: skip
    orders = [Order(f"p{n}", at(3), 10) for n in range(4)]
    with World({0: Refresh(owners, {}, {})}, events, orders).build() as con:
        told = con.execute(
            "select profile_id, delivered_on is not null, bounced_on is not null, "
            "received_order_count from message_responses order by 1"
        ).fetchall()
    assert told == [
        ("p0", False, True, 0), ("p1", True, False, 1), ("p2", False, False, 1),
        ("p3", False, False, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("sent, credited", [(10, "k2"), (0, "k1")])
def test_of_two_clicks_at_one_instant_the_later_message_counts(sent: int, credited: str) -> None:
    events = [
        Event("mail:0", campaign, kind, at(SENT, seconds), url=LINK)
        for campaign, begun in (("k1", 0), ("k2", sent))
        for kind, seconds in (("sent", begun), ("clicked", HOUR))
    ]
    world = World({0: Refresh({"mail:0": "p0"}, {}, {})}, events, [Order("p0", at(3), 10)])
    with world.build() as con:
        clicks = "from message_conversions where attribution_model = 'last_clicked'"
        assert con.execute(f"select campaign_id {clicks}").fetchall() == [(credited,)]
