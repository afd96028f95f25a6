"""Rows that ought to move nothing, put into the landing files of a demo company."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import Company

END = datetime(2026, 11, 1)
"""The first instant after the demo company's history."""
LATER = END + timedelta(days=19, hours=9)
NEVER = datetime(2099, 1, 1)
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def tomorrow() -> datetime:
    """The first instant of tomorrow, UTC."""
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day)


def order(company: Company, at: datetime) -> None:
    """An order of a customer who has ordered before."""
    _csv(company, "web_shop/orders", {"order_id": f"S-{at:%Y%m%d}", "ordered_at": at})


def order_with_lines(company: Company, at: datetime) -> None:
    """The same with a line."""
    order(company, at)
    line = {"order_id": f"S-{at:%Y%m%d}", "line_number": 1, "booked_at": at}
    _csv(company, "web_shop/order_lines", line, is_return="false")


def order_line(company: Company, at: datetime) -> None:
    """One more line of an order that is there."""
    _csv(company, "web_shop/order_lines", {"line_number": 77, "booked_at": at}, is_return="false")


def points(company: Company, at: datetime) -> None:
    """An entry of the loyalty ledger."""
    entry = {"entry_id": f"S-{at:%Y%m%d}", "booked_at": at, "points": 5000}
    _sqlite(company, "points_ledger", entry, "entry_type = 'earned'")


def member(company: Company, at: datetime) -> None:
    """A member as before, updated later."""
    _sqlite(company, "members", {"updated_at": at}, "updated_at is not null")


def message(company: Company, at: datetime) -> None:
    """An event of a message."""
    key = {"message_event_id": f"S-{at:%Y%m%d}", "occurred_at": at}
    _csv(company, "email_marketing/message_events", key, event_type="clicked")


def consent(company: Company, at: datetime) -> None:
    """A consent given once more."""
    key = {"consent_id": f"S-{at:%Y%m%d}", "recorded_at": at}
    _csv(company, "email_marketing/consents", key, status="granted", channel="email")


def customer(company: Company, at: datetime) -> None:
    """A customer as before, updated later."""
    _csv(company, "web_shop/customers", {"updated_at": at})


def contact(company: Company, at: datetime) -> None:
    """A contact as before, updated later."""
    _csv(company, "email_marketing/contacts", {"updated_at": at})


def visit(company: Company, at: datetime) -> None:
    """A page view of a browser that nobody has seen before."""
    _visit(company, at, "stray", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0")


def crawler(company: Company, at: datetime) -> None:
    """Two page views of a crawler."""
    _visit(company, at, "crawler1", CRAWLER)
    _visit(company, at, "crawler2", CRAWLER)


Stray = Callable[[Company, datetime], None]
FACTS: tuple[Stray, ...] = (order, order_line, order_with_lines, points, message, visit, crawler)
"""Rows of which nothing may come, whoever they are of, when they lie after the clock."""
PEOPLE: tuple[Stray, ...] = (customer, contact, member, consent)
"""Rows that say something of a person, and nothing that is measured."""


def _csv(company: Company, table: str, changes: dict[str, object], **like: str) -> None:
    path = company.settings.landing_dir / table / "part-0001.csv"
    text = path.read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    # A row as all columns of it can be read; the demo company spoils some.
    row = next(r for r in rows if None not in r and all(r.get(k) == v for k, v in like.items()))
    row |= {name: str(value) for name, value in changes.items()}
    _insert(path, text, ",".join(row.values()))


def _insert(path: Path, text: str, line: str) -> None:
    # In the file with the others, where it is a small share, and before what is spoilt at its end.
    first, rest = text.split("\n", 1)
    path.write_text(f"{first}\n{line}\n{rest}", encoding="utf-8")


def _sqlite(company: Company, table: str, changes: dict[str, object], like: str) -> None:
    path = company.settings.landing_dir / "loyalty" / "loyalty.sqlite"
    connection = sqlite3.connect(path)
    with connection:
        found = connection.execute(f"select * from {table} where {like} order by 1 limit 1")
        names = [column[0] for column in found.description]
        row = dict(zip(names, found.fetchone(), strict=True))
        row |= {name: v if isinstance(v, int) else str(v) for name, v in changes.items()}
        marks = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} values ({marks})", list(row.values()))
    connection.close()


def _visit(company: Company, at: datetime, cookie: str, agent: str) -> None:
    path = company.settings.landing_dir / "web_tracking" / "events" / "part-0001.ndjson"
    text = path.read_text(encoding="utf-8")
    row = json.loads(text.split("\n", 1)[0])
    row |= {"event_id": f"{cookie}-{at:%Y%m%d}", "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    row |= {"cookie_id": cookie, "login": None, "event_type": "page_view", "user_agent": agent}
    _insert(path, text, json.dumps(row))
