"""What happened, day by day, as a test makes it up; and the tables that the models read of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.settings import DBT_PROJECT_DIR
from tests.value.rendering import fill, project_vars, render

FIRST = date(2026, 3, 1)
POLICY = DBT_PROJECT_DIR / "seeds" / "policy"
MODELS = (
    "profile/message_activities",
    "profile/history/record_history",
    "value/message_conversions",
    "value/message_responses",
    "value/campaign_responses",
    "value/recomputed_deciles",
    "segments/membership/message_recipients",
    "segments/membership/recipient_segments",
    "insights/fact_message_response",
    "insights/fact_message_response_by_segment",
    "insights/fact_message_response_by_day",
    "insights/fact_message_response_by_link",
    "insights/fact_campaign",
    "insights/fact_campaign_by_segment",
)


def day(number: int) -> date:
    """A day of the world, the first is 0."""
    return FIRST + timedelta(days=number)


def at(number: int, seconds: int = 0) -> datetime:
    """An instant of a day of the world."""
    return datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=number, seconds=seconds)


@dataclass(frozen=True)
class Event:
    """Something that happened to a message.

    Attributes:
        record: whom it was sent to, `mail:<number>`.
        campaign: its campaign.
        kind: sent, delivered and so on.
        at: when.
        message: the message's key, none where its system gives none.
        url: the link that was clicked.
        channel: where the system says it.
        bounce_kind: hard or soft.
        agent: what opened or clicked.
    """

    record: str
    campaign: str
    kind: str
    at: datetime
    message: str | None = None
    url: str | None = None
    channel: str | None = None
    bounce_kind: str | None = None
    agent: str | None = None


@dataclass(frozen=True)
class Order:
    """A booking of one line."""

    profile: str
    at: datetime
    amount: int
    is_order: bool = True


@dataclass(frozen=True)
class Refresh:
    """What a refresh knew: whose each record was, who was in which decile (tier and decile) and
    in which segments."""

    owners: Mapping[str, str]
    deciles: Mapping[str, tuple[str, int]]
    segments: Mapping[str, frozenset[str]]


def shipped_settings() -> dict[str, int]:
    """message_settings.csv."""
    with (POLICY / "message_settings.csv").open(newline="") as handle:
        return {row["setting"]: int(row["value"]) for row in csv.DictReader(handle)}


@dataclass
class World:
    """All there is. The last refresh is today's.

    Attributes:
        refreshes: by the number of their day.
        events: of messages.
        orders: of people as they are today.
        settings: policy beside what is shipped.
        campaigns: channel by campaign.
        fewest: people that a published row tells of at least.
    """

    refreshes: dict[int, Refresh]
    events: list[Event]
    orders: list[Order] = field(default_factory=list)
    settings: dict[str, int] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    fewest: int = 1

    def setting(self, name: str) -> int:
        return (shipped_settings() | self.settings)[name]

    @property
    def today(self) -> Refresh:
        return self.refreshes[max(self.refreshes)]

    def build(self) -> duckdb.DuckDBPyConnection:
        """The models over this world."""
        con = duckdb.connect()
        con.execute("set threads = 1")
        self._policy(con)
        self._happened(con)
        self._histories(con)
        variables = project_vars() | {"minimum_cell_size": self.fewest}
        for model in MODELS:
            name = model.split("/")[-1]
            con.execute(f"create table {name} as {render(model, variables)}")
        return con

    def _policy(self, con: duckdb.DuckDBPyConnection) -> None:
        settings = list((shipped_settings() | self.settings).items())
        fill(con, "message_settings", "setting varchar, value bigint", settings)
        with (POLICY / "machine_agents.csv").open(newline="") as handle:
            agents = [(r["match"], r["agent"], r["event_type"]) for r in csv.DictReader(handle)]
        fill(con, "machine_agents", '"match" varchar, agent varchar, event_type varchar', agents)
        names = {
            name for r in self.refreshes.values() for held in r.segments.values() for name in held
        }
        fill(
            con, "definitions", "segment_name varchar, state varchar",
            [(name, "draft" if name == "draft" else "active") for name in sorted(names)],
        )  # fmt: skip

    def _happened(self, con: duckdb.DuckDBPyConnection) -> None:
        fill(
            con, "message_events",
            "source_system varchar, source_record_id varchar, message_event_id varchar, "
            "campaign_id varchar, message_id varchar, event_type varchar, occurred_at timestamp, "
            "url varchar, channel varchar, bounce_kind varchar, user_agent varchar",
            [
                (*e.record.split(":"), f"e{n}", e.campaign, e.message, e.kind, e.at, e.url,
                 e.channel, e.bounce_kind, e.agent)
                for n, e in enumerate(self.events)
            ],
        )  # fmt: skip
        told = sorted({e.campaign for e in self.events} | set(self.campaigns))
        fill(
            con, "dim_campaign", "campaign_id varchar, channel varchar",
            [(name, self.campaigns.get(name)) for name in told],
        )  # fmt: skip
        fill(
            con, "order_amounts",
            "profile_id varchar, source_system varchar, order_id varchar, ordered_at timestamp, "
            "is_order boolean, net_amount decimal(18, 2), currency varchar",
            [(o.profile, "shop", f"o{n:03}", o.at, o.is_order, Decimal(o.amount), "EUR")
             for n, o in enumerate(self.orders)],
        )  # fmt: skip
        con.execute(
            "create table purchases as select profile_id, ordered_at as booked_at, "
            "net_amount as line_amount from order_amounts"
        )

    def _histories(self, con: duckdb.DuckDBPyConnection) -> None:
        runs = sorted(self.refreshes)
        began = {run: datetime(2030, 1, 1) + timedelta(hours=n) for n, run in enumerate(runs)}
        days = {run: day(run) for run in runs}
        computed = {run: instant + timedelta(minutes=1) for run, instant in began.items()}
        now = {r: o.split(":") for r, o in self.today.owners.items()}
        fill(
            con, "identity_map",
            "source_system varchar, source_record_id varchar, profile_id varchar",
            [(*record.split(":"), owner[0]) for record, owner in now.items()],
        )  # fmt: skip
        periods = _periods(runs, {run: self.refreshes[run].owners.items() for run in runs})
        fill(
            con, "identity_map_history",
            "record_key varchar, profile_id varchar, valid_from timestamp, valid_to timestamp",
            [(*key, began[start], began.get(end or -1)) for key, start, end in periods],
        )  # fmt: skip
        fill(
            con, "segment_sizes", "as_of_on date, segment_name varchar, computed_at timestamp",
            [(day(run), name, computed[run]) for run in runs for name in ("a", "b")],
        )  # fmt: skip
        stays = _periods(
            runs,
            {
                run: [
                    (p, name) for p, held in self.refreshes[run].segments.items() for name in held
                ]
                for run in runs
            },
        )
        fill(
            con, "segment_membership_history",
            "profile_id varchar, segment_name varchar, valid_from date, valid_to date",
            [(*key, days[start], days.get(end or -1)) for key, start, end in stays],
        )  # fmt: skip
        fill(
            con, "decile_migrations",
            "profile_id varchar, metric varchar, category_type varchar, category varchar, "
            "look_back varchar, as_of_on date, decile int",
            list(self._migrations(runs)),
        )  # fmt: skip

    def _migrations(self, runs: list[int]) -> Iterable[tuple[Any, ...]]:
        before: dict[tuple[str, str], int] = {}
        for run in runs:
            now = {(p, tier): decile for p, (tier, decile) in self.refreshes[run].deciles.items()}
            for key in sorted(before.keys() | now.keys()):
                if before.get(key) != now.get(key):
                    kind = (key[0], "net_revenue", "loyalty_tier", key[1], "lifetime", day(run))
                    yield (*kind, now.get(key))
                    # Another window says something else.
                    yield (*kind[:4], "12", day(run), 9)
            before = now


def _periods(
    runs: list[int], held: Mapping[int, Iterable[tuple[str, str]]]
) -> list[tuple[tuple[str, str], int, int | None]]:
    """Of what each run held: from which run to which it did."""
    found: list[tuple[tuple[str, str], int, int | None]] = []
    since: dict[tuple[str, str], int] = {}
    for run in runs:
        now = set(held[run])
        for key in sorted(since.keys() - now):
            found.append((key, since.pop(key), run))
        for key in sorted(now - since.keys()):
            since[key] = run
    return found + [(key, start, None) for key, start in since.items()]
