"""What a refresh makes of news about messages is what a whole build makes."""

from __future__ import annotations

from dataclasses import replace

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.messages.test_as_it_was import SEARCH, worlds
from tests.messages.world import Order, World
from tests.value.rendering import render

INPUTS = ("message_events", "identity_map", "order_amounts")
MODELS = {
    "profile/message_activities": "source_system, source_record_id",
    "value/message_conversions": "profile_id",
    "value/message_responses": "profile_id",
    "value/campaign_responses": "profile_id",
}


def reached_by(text: str) -> str:
    """The keys that a rendered refresh reaches, as a query."""
    start = text.index("reached as (") + len("reached as (")
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[start : end - 1]


def note(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """What has changed in a table, as its refresh would tell."""
    con.execute(
        f"create table operations.delta_{table} as "
        f"select *, false as is_after from (from old.{table} except all from main.{table}) "
        f"union all select *, true from (from main.{table} except all from old.{table})"
    )


def check_refresh(before: World, after: World) -> None:
    """Each refreshable model over the news equals its build."""
    con = after.build()
    con.execute("create schema old; create schema operations")
    with before.build() as old:
        for table in (*INPUTS, *(model.split("/")[-1] for model in MODELS)):
            con.register("told", old.sql(f"from {table}").to_arrow_table())
            con.execute(f"create table old.{table} as from told")
    for table in INPUTS:
        note(con, table)
    for model, key in MODELS.items():
        table = model.split("/")[-1]
        text = render(model, incremental=True, refreshed=True)
        con.execute(f"create temp table now as {text}")
        con.execute(
            f"create temp table refreshed as select * from old.{table} as kept "
            f"anti join ({reached_by(text)}) as reached using ({key}) union all from now"
        )
        wrong = (
            f"(from refreshed except all from main.{table}) union all "
            f"(from main.{table} except all from refreshed)"
        )
        assert con.execute(wrong).fetchall() == [], table
        con.execute("drop table now; drop table refreshed")
        note(con, table)
    con.close()


@settings(SEARCH, max_examples=6)
@given(
    worlds(), worlds(), st.integers(0, 9), st.sampled_from(["events", "orders", "people", "all"])
)
def test_news_of_messages_people_and_orders(
    before: World, news: World, kept: int, changed: str
) -> None:
    after = before
    if changed in ("people", "all"):
        after = replace(after, refreshes=news.refreshes)
    if changed in ("events", "all"):
        after = replace(after, events=before.events[:kept] + news.events[:6])
    if changed in ("orders", "all"):
        # Who clicks buys at once, so that there is something to credit.
        bought = [
            Order(after.today.owners[event.record], event.at, 7)
            for event in after.events
            if event.kind == "clicked"
        ]
        after = replace(after, orders=before.orders[: kept // 2] + bought)
    check_refresh(before, after)
