"""What a night brings for each table of the demo company's sources: which columns, which values.

Expressions are DuckDB SQL over a row of the table, all of it text, joined to what was chosen:
`number` is the delivery's, `shift` the days by which a new row is later than the row that it is
made from, `is_other` halves the chosen at random, `delivered_at` is the night's instant.
"""

from __future__ import annotations

from dataclasses import dataclass

CSV, NDJSON, SQLITE = "csv", "ndjson", "sqlite"
LATEST = "2090-01-01"
"""Rows dated later are the demo company's nonsense."""


@dataclass(frozen=True)
class DeliveredTable:
    """One table of a source.

    Attributes:
        system: the source, as dbt names it.
        table: the table, as dbt names it; in SQLite its name there.
        format: csv, ndjson or sqlite.
        columns: in the order of the file.
        key: the columns that tell rows apart.
        unit: what is chosen as a whole: an account, an order with its lines, a visit.
        instant: the column by which the newest version of a key is known.
        new: columns of a new row that differ from the row that it is made from.
        changed: columns of a row that comes once more with other values.
        sound: condition of rows that staging has no fault to find with.
        chosen_by: the table whose units count, when it is not this one.
        is_told_anew: whether the instant says when something was told, and not when it happened.
    """

    system: str
    table: str
    format: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    unit: str
    instant: str
    new: dict[str, str]
    changed: dict[str, str]
    sound: str = "true"
    chosen_by: str = ""
    is_told_anew: bool = False

    @property
    def name(self) -> str:
        """Source and table."""
        return f"{self.system}.{self.table}"


def _later(column: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return f"strftime(cast({column} as timestamp) + to_days(shift), '{form}')"


def _own(column: str) -> str:
    """A text that nothing before this delivery has had."""
    return f"{column} || '-' || number"


def _of_a_new_one(column: str) -> str:
    """Half of the new facts are those of somebody known."""
    return f"case when is_other then {_own(column)} else {column} end"


PEOPLE = {
    # Half of the new accounts are the same people again, the others nobody has met.
    "email": "case when is_other then 'new' || number || '.' || trim(email) else email end",
    "last_name": "case when is_other then last_name || number || 'son' else last_name end",
}
MOVED = {
    "email": "case when is_other then 'moved' || number || '.' || trim(email) else email end",
    "last_name": "case when is_other then last_name else last_name || '-' || 'Moved' end",
}
TOLD = {"updated_at": "delivered_at"}
ORDERS = "web_shop.orders"

TABLES = (
    DeliveredTable(
        "web_shop", "customers", CSV,
        ("customer_id", "login", "created_at", "updated_at", "email", "first_name", "last_name",
         "phone", "street", "postal_code", "city", "country_code", "birth_date", "loyalty_number"),
        ("customer_id",), "customer_id", "updated_at",
        {
            **PEOPLE,
            "customer_id": _own("customer_id"),
            "login": _own("login"),
            "created_at": _later("created_at"),
            "updated_at": _later("updated_at"),
            "phone": "case when is_other then null else phone end",
            "loyalty_number": "null",
        },
        {**MOVED, **TOLD},
        is_told_anew=True,
    ),
    DeliveredTable(
        "web_shop", "orders", CSV,
        ("order_id", "customer_id", "ordered_at", "status", "currency", "total_amount"),
        ("order_id",), "order_id", "ordered_at",
        {"order_id": _own("order_id"), "ordered_at": _later("ordered_at")},
        {"status": "case status when 'completed' then 'cancelled' else 'completed' end"},
        sound="customer_id <> '' and try_cast(total_amount as decimal(18, 2)) >= 0",
    ),
    DeliveredTable(
        "web_shop", "order_lines", CSV,
        ("order_id", "line_number", "product_id", "quantity", "line_amount", "currency",
         "is_return", "booked_at"),
        ("order_id", "line_number"), "order_id", "booked_at",
        {"order_id": _own("order_id"), "booked_at": _later("booked_at")},
        {"line_amount": "cast(cast(line_amount as decimal(18, 2)) * 2 as decimal(18, 2))"},
        # What is new has not been returned yet.
        sound="try_cast(line_amount as decimal(18, 2)) is not null "
        "and (kind not in ('new', 'late') or not cast(is_return as boolean))",
        chosen_by=ORDERS,
    ),
    DeliveredTable(
        "loyalty", "members", SQLITE,
        ("member_no", "enrolled_on", "updated_at", "tier", "first_name", "last_name", "email",
         "phone", "street", "postal_code", "city", "country_code", "birth_date"),
        ("member_no",), "member_no", "updated_at",
        {
            **PEOPLE,
            "member_no": _own("member_no"),
            "enrolled_on": _later("enrolled_on", "%Y-%m-%d"),
            "updated_at": _later("updated_at"),
        },
        {**MOVED, **TOLD},
        is_told_anew=True,
    ),
    DeliveredTable(
        "loyalty", "points_ledger", SQLITE,
        ("entry_id", "member_no", "booked_at", "entry_type", "points", "order_id"),
        ("entry_id",), "entry_id", "booked_at",
        {"entry_id": _own("entry_id"), "booked_at": _later("booked_at"), "order_id": "null"},
        {"points": "cast(points as int) * 2"},
        sound="member_no <> '' and try_cast(points as int) is not null",
    ),
    DeliveredTable(
        "web_tracking", "events", NDJSON,
        ("event_id", "occurred_at", "cookie_id", "login", "event_type", "url", "product_id",
         "device_type", "user_agent"),
        # An event's number within its visit ends its id.
        ("event_id",), "substring(event_id, 1, 17)", "occurred_at",
        {
            "event_id": _own("event_id"),
            "occurred_at": _later("occurred_at", "%Y-%m-%dT%H:%M:%SZ"),
            "cookie_id": _of_a_new_one("cookie_id"),
        },
        {"url": "url || '/again-' || number"},
    ),
    DeliveredTable(
        "email_marketing", "contacts", CSV,
        ("contact_id", "email", "first_name", "last_name", "created_at", "updated_at"),
        ("contact_id",), "contact_id", "updated_at",
        {
            **PEOPLE,
            "contact_id": _own("contact_id"),
            "created_at": _later("created_at"),
            "updated_at": _later("updated_at"),
        },
        {**MOVED, **TOLD},
        is_told_anew=True,
    ),
    DeliveredTable(
        "email_marketing", "message_events", CSV,
        ("message_event_id", "message_id", "campaign_id", "contact_id", "event_type",
         "occurred_at", "url"),
        ("message_event_id",), "message_id", "occurred_at",
        {
            "message_event_id": _own("message_event_id"),
            "message_id": _own("message_id"),
            "occurred_at": _later("occurred_at"),
        },
        # Its own instant is its version, so it has to be later.
        {"occurred_at": "strftime(cast(occurred_at as timestamp) + interval 1 minute, "
         "'%Y-%m-%d %H:%M:%S')"},
        sound="contact_id <> '' and campaign_id <> '' and message_id <> ''",
    ),
    DeliveredTable(
        "email_marketing", "consents", CSV,
        ("consent_id", "contact_id", "purpose", "channel", "status", "recorded_at",
         "captured_by"),
        ("consent_id",), "consent_id", "recorded_at",
        {
            "consent_id": _own("consent_id"),
            "recorded_at": _later("recorded_at"),
        },
        {"status": "case status when 'granted' then 'denied' else 'granted' end"},
        sound="contact_id <> ''",
    ),
)  # fmt: skip
"""Every table of people and of what they do. Lists (products, campaigns, tiers) stay as they are:
they do not grow with the customers."""
