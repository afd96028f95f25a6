"""Random deliveries of a small company: files that come, change, grow, repeat others and go."""

from __future__ import annotations

import csv
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

Row = dict[str, object]
KEYS = 90
"""So few that deliveries hold versions, repetitions and deletions of each other's keys."""
FIRST_DAY = datetime(2026, 3, 1)
TODAY = datetime(2026, 5, 1)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SERVER = "message_events"
"""The table that a server holds instead of files."""


@dataclass
class Company:
    """What lies in its landing folder, and on its server.

    Attributes:
        landing: the landing folder.
        dice: what decides.
        columns: the declared columns by table.
        files: rows of each file, by table and name.
        server: rows of the server's table.
        news_from: from this day on the rows of new files are dated.
    """

    landing: Path
    dice: random.Random
    columns: Mapping[str, Sequence[str]]
    files: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    server: list[Row] = field(default_factory=list)
    news_from: datetime = FIRST_DAY

    def begin(self) -> None:
        """The first delivery: two files of each table, a database, a server."""
        for table in TABLES:
            for name in ("a", "b"):
                self.write(table, name, self.rows(table, self.dice.randrange(50, 80)))
        self.loyalty(120)
        self.server = self.rows(SERVER, 80)

    def go_on(self) -> None:
        """The next one: to each table happens something else, or nothing."""
        for table in TABLES:
            names = [name for of, name in self.files if of == table]
            self.dice.choice((self.come, self.change, self.grow, self.go, self.repeat, self.delete))(
                table, self.dice.choice(names)
            )
        if self.dice.random() < 0.6:
            self.loyalty(120)
        latest = max(self.server, key=lambda row: str(row["occurred_at"]))
        # It is read again, because it is of the watermark.
        latest["event_type"] = "clicked"
        self.server += self.rows(SERVER, 15)

    def come(self, table: str, _: str) -> None:
        self.write(table, f"n{self.dice.randrange(1000)}", self.rows(table, 8))

    def change(self, table: str, name: str) -> None:
        rows = [row for row in self.files[table, name] if self.dice.random() > 0.1]
        self.write(table, name, rows + self.rows(table, 2))

    def grow(self, table: str, name: str) -> None:
        self.write(table, name, self.files[table, name] + self.rows(table, 4))

    def go(self, table: str, name: str) -> None:
        if len([of for of, _ in self.files if of == table]) > 2:
            del self.files[table, name]
            path(self.landing, table, name).unlink()

    def repeat(self, table: str, name: str) -> None:
        again = f"r{self.dice.randrange(1000)}"
        self.files[table, again] = self.files[table, name]
        shutil.copy(path(self.landing, table, name), path(self.landing, table, again))

    def delete(self, table: str, _: str) -> None:
        self.write(table, f"Deletes/d{self.dice.randrange(1000)}", self.rows(table, 5))

    def rows(self, table: str, count: int) -> list[Row]:
        made = [row for _ in range(count) for row in self._made(table)]
        # Some come twice, in one delivery.
        return made + [dict(row) for row in made if self.dice.random() < 0.05]

    def _made(self, table: str) -> list[Row]:
        row = TABLES_AND_SERVER[table](self)
        if table == "events" and self.dice.random() < 0.03:
            # A program: more than fifty events in a minute, most of them in one file.
            number, minute = self.dice.randrange(10**6), self.instant()[:16]
            return [
                {**row, "event_id": f"p{number}.{n}", "occurred_at": f"{minute}:{n:02}"}
                for n in range(self.dice.choice((49, 51, 54)))
            ]
        return [row]

    def write(self, table: str, name: str, rows: list[Row]) -> None:
        """Write a file; one that has only grown keeps its first bytes."""
        self.files[table, name] = rows
        target = path(self.landing, table, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        columns = self.columns[table]
        with target.open("w", newline="") as handle:
            if target.suffix == ".ndjson":
                handle.writelines(
                    json.dumps(dict.fromkeys(columns) | row) + "\n" for row in rows
                )
                return
            writer = csv.DictWriter(handle, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def loyalty(self, count: int, members: int = 30) -> None:
        """Write the loyalty database anew."""
        target = self.landing / "loyalty" / "loyalty.sqlite"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        tables = {
            "members": [member(self) for _ in range(members)],
            "points_ledger": [entry(self) for _ in range(count)],
            "tiers": [
                {"tier": tier, "tier_rank": n, "threshold_points": 100 * n}
                for n, tier in enumerate(("Bronze", "Silver", "Gold"))
            ],
        }
        with sqlite3.connect(target) as con:
            for table, rows in tables.items():
                names = self.columns[table]
                con.execute(f"create table {table} ({', '.join(names)})")
                con.executemany(
                    f"insert into {table} values ({', '.join('?' * len(names))})",
                    [[row.get(name) for name in names] for row in rows],
                )
        con.close()

    def key(self, letter: str) -> str | None:
        """One of few keys; now and then none, or one with blanks around it."""
        number = self.dice.randrange(KEYS)
        return self.dice.choice([f"{letter}{number}"] * 18 + [f" {letter}{number} ", None])

    def instant(self) -> str:
        """Mostly of the days of the news; some are late, unreadable or yet to come."""
        if (chance := self.dice.random()) < 0.02:
            return self.dice.choice(("", "2026?03?01", "1970-01-01 00:00:00"))
        if chance < 0.08:
            ahead = TODAY + timedelta(days=self.dice.choice((1, 2, 3, 900)))
            return f"{ahead:%Y-%m-%d} {self.dice.randrange(24):02}:10:00"
        first = FIRST_DAY if chance < 0.2 else self.news_from
        day = first + timedelta(days=self.dice.randrange(12))
        return f"{day:%Y-%m-%d} {self.dice.randrange(24):02}:{self.dice.randrange(60):02}:00"

    def birth(self) -> str:
        """Some are born tomorrow, which is no birth date yet."""
        soon = TODAY + timedelta(days=self.dice.randrange(4))
        return self.dice.choice(("1980-02-29", "31/02/1980", "", f"{soon:%Y-%m-%d}"))

    def one(self, *values: object) -> object:
        return self.dice.choice(values)


def path(landing: Path, table: str, name: str) -> Path:
    """Where a file lies."""
    source = {"events": "web_tracking"}.get(table, "web_shop")
    source = "email_marketing" if table in ("contacts", "campaigns", "consents") else source
    suffix = "ndjson" if table == "events" else "csv"
    return landing / source / table / f"{name}.{suffix}"


def customer(c: Company) -> Row:
    return {
        "customer_id": c.key("c"),
        "login": c.one("ann", "bob", None),
        "created_at": c.one("2026-01-01", c.instant()),
        "updated_at": c.one(None, c.instant(), c.instant()),
        "email": c.one("ann@x.org", "bob@x.org", None),
        "first_name": c.one("Ann", "Bob"),
        "last_name": "Lee",
        "birth_date": c.birth(),
        "loyalty_number": c.one("m1", "m2", None),
    }


def member(c: Company) -> Row:
    return {
        "member_no": c.key("m"),
        "enrolled_on": c.one("2026-01-01", c.instant()),
        "updated_at": c.one(None, c.instant()),
        "tier": c.one("Bronze", "Gold"),
        "first_name": c.one("Ann", "Bob"),
        "birth_date": c.birth(),
    }


def contact(c: Company) -> Row:
    return {
        "contact_id": c.key("k"),
        "email": c.one("ann@x.org", "bob@x.org"),
        "first_name": c.one("Ann", "Bob"),
        "created_at": c.one("2026-01-01", c.instant()),
        "updated_at": c.one(None, c.instant()),
    }


def order(c: Company) -> Row:
    return {
        "order_id": c.key("o"),
        "customer_id": c.key("c"),
        "ordered_at": c.instant(),
        "status": c.one("completed", "completed", "cancelled", "lost"),
        "currency": "EUR",
        "total_amount": c.one("10.00", "25.50", "-1"),
    }


def line(c: Company) -> Row:
    return {
        "order_id": c.key("o"),
        "line_number": c.one("1", "2", "x"),
        "product_id": c.key("p"),
        "quantity": c.one("1", "2", "-1"),
        "line_amount": c.one("10.00", "5.25"),
        "currency": "EUR",
        "is_return": "false",
        "booked_at": c.instant(),
    }


def product(c: Company) -> Row:
    return {"product_id": c.key("p"), "product_name": c.one("Cup", "Pen"), "unit_price": "2.50"}


def event(c: Company) -> Row:
    return {
        "event_id": c.key("e") if c.dice.random() < 0.3 else f"e{c.dice.randrange(10**6)}",
        "occurred_at": c.instant(),
        "cookie_id": c.key("v"),
        "login": c.one("ann", None, None, None),
        "event_type": c.one("page_view", "login", None),
        "url": "/a?b",
        "user_agent": c.one(BROWSER, BROWSER, None, CRAWLER, f"{BROWSER} {c.dice.randrange(9)}"),
    }


def entry(c: Company) -> Row:
    return {
        "entry_id": c.key("l"),
        "member_no": c.key("m"),
        "booked_at": c.instant(),
        "entry_type": c.one("earned", "redeemed", "lost"),
        "points": c.one(5, 10, None),
        "order_id": c.key("o"),
    }


def campaign(c: Company) -> Row:
    return {"campaign_id": c.key("a"), "campaign_name": c.one("May", "June"), "started_at": c.instant()}


def consent(c: Company) -> Row:
    return {
        "consent_id": c.key("s"),
        "contact_id": c.key("k"),
        "purpose": "commercial",
        "channel": c.one("email", "sms", "fax"),
        "status": c.one("granted", "denied"),
        "recorded_at": c.instant(),
    }


def message_event(c: Company) -> Row:
    return {
        "message_event_id": f"g{c.dice.randrange(400)}",
        "message_id": "m",
        "campaign_id": c.key("a"),
        "contact_id": c.key("k"),
        "event_type": c.one("sent", "opened", "lost"),
        # A watermark that lies ahead would hide what comes later.
        "occurred_at": f"{c.news_from + timedelta(hours=c.dice.randrange(240))}",
    }


TABLES: Mapping[str, Callable[[Company], Row]] = {
    "customers": customer,
    "orders": order,
    "order_lines": line,
    "products": product,
    "contacts": contact,
    "campaigns": campaign,
    "consents": consent,
    "events": event,
}
TABLES_AND_SERVER = {**TABLES, SERVER: message_event}
