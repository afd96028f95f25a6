"""Random rows of a small company's sources, some of them broken, by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.refresh.deliveries import Company

Row = dict[str, object]
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SERVER = "message_events"
"""The table that a server holds instead of files."""


def customer(c: Company) -> Row:
    return {
        "customer_id": c.key("c"),
        "login": c.one("ann", "bob", None),
        "created_at": c.one("2026-01-01", c.instant()),
        "updated_at": c.one(None, c.instant(), c.instant()),
        "email": c.one("ann@x.org", "bob@x.org", None),
        "first_name": c.one("Ann", "Bob"),
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
        "status": c.one(*["completed"] * 4, "cancelled", "lost"),
        "currency": "EUR",
        "total_amount": c.one(*["10.00", "25.50"] * 3, "-1"),
    }


def line(c: Company) -> Row:
    return {
        "order_id": c.key("o"),
        "line_number": c.one("1", "2", "3", "4", "x"),
        "product_id": c.key("p"),
        "quantity": c.one("1", "2", "3", "4", "-1"),
        "line_amount": c.one("10.00", "5.25"),
        "currency": "EUR",
        "is_return": "false",
        "booked_at": c.instant(),
    }


def product(c: Company) -> Row:
    return {"product_id": c.key("p"), "product_name": c.one("Cup", "Pen")}


def event(c: Company) -> Row:
    return {
        "event_id": c.key("e") if c.dice.random() < 0.3 else f"e{c.dice.randrange(10**6)}",
        "occurred_at": c.instant(),
        "cookie_id": c.key("v"),
        "login": c.one("ann", None, None, None),
        "event_type": c.one("page_view", "product_view", "add_to_cart", "purchase", "login", None),
        "product_id": c.key("p"),
        "url": c.one(None, "/a", *(f"https://x.org/b?utm_source={x}" for x in ("mail", "ad"))),
        "user_agent": c.one(BROWSER, BROWSER, None, CRAWLER, f"{BROWSER} {c.dice.randrange(60)}"),
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
    return {
        "campaign_id": c.key("a"),
        "campaign_name": c.one("May", "June"),
        "started_at": c.instant(),
    }


def consent(c: Company) -> Row:
    return {
        "consent_id": c.key("s"),
        "contact_id": c.key("k"),
        "purpose": c.one("commercial", "commercial", "junk"),
        "channel": c.one("email", "sms", "fax"),
        "status": c.one("granted", "denied", "pending", "maybe"),
        "recorded_at": c.instant(),
    }


def message_event(c: Company) -> Row:
    # Some wait for the clock.
    ahead = 200 if c.dice.random() < 0.06 else 0
    return {
        "message_event_id": f"g{c.dice.randrange(400)}",
        "campaign_id": c.key("a"),
        "contact_id": c.key("k"),
        "event_type": c.one("sent", "opened", "clicked", "lost"),
        # A watermark that lies ahead would hide what comes later.
        "occurred_at": f"{c.news_from + timedelta(hours=c.dice.randrange(240) + ahead)}",
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
