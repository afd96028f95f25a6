"""What a table is about, before its columns are mapped: who buys, what is sold, what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestration.sources.activities import whose
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import meanings, tokens, words

PERSON = (
    "given_name", "family_name", "full_name", "email", "phone", "birth_date", "street",
    "address", "postal_code", "city", "login", "loyalty_id",
)  # fmt: skip
FACT_INSTANTS = ("ordered_at", "date", "occurred_at", "created_at", "recorded_at", "updated_at")
FACTS = (
    *FACT_INSTANTS, "amount", "line_amount", "unit_price", "quantity", "order_id", "customer_id",
)  # fmt: skip
SURE = 0.75
BY_VALUES = 0.5
OWN_KEYS = ("id", "customer_id", "loyalty_id", "email", None)


@dataclass
class Role:
    """What is known of a table as a whole.

    Attributes:
        subjects: entities that its name says.
        customer: the column that says whose row it is.
        order: the column that holds the order.
        product: the column that holds the product.
        instant: when the fact happened.
        persons: how many attributes of a person it has.
        is_customers: a row is a customer.
        is_sale: a row is an order or a line of one.
        is_lines: several rows make an order.
        is_events: a row is an event of a cookie or customer.
        is_activity: a row is an activity of a kind with a table of its own.
    """

    subjects: tuple[str, ...]
    customer: Column | None = None
    order: Column | None = None
    product: Column | None = None
    instant: Column | None = None
    persons: int = 0
    is_customers: bool = False
    is_sale: bool = False
    is_lines: bool = False
    is_events: bool = False
    is_activity: bool = False

    @property
    def is_fact(self) -> bool:
        """A row is what somebody did, and describes them by the way."""
        return self.is_sale or self.is_activity


def key_column(table: Table) -> Column | None:
    """The single column that tells all rows apart."""
    return table.column(table.key[0]) if len(table.key) == 1 else None


def has_money(table: Table) -> bool:
    """The table says what was paid."""
    return bool(
        table.meaning("amount", "line_amount", "order_amount")
        or (table.meaning("unit_price") and table.meaning("quantity", "order_id"))
    )


def roles_of(tables: Sequence[Table]) -> dict[str, Role]:
    """The role of each table of a source, by the table's name."""
    roles = {t.name: _own_role(t) for t in tables}
    for table in tables:
        role = roles[table.name]
        to_customers = [
            c for c in table.columns if c.references and roles[c.references].is_customers
        ]
        if to_customers and not role.is_customers:
            role.customer = to_customers[0]
            if not role.is_activity:
                _see_sale(table, role)
    return roles


def lost_facts(table: Table) -> list[Column]:
    """Columns that would make rows sales or events, if their values were what they are called.

    Parameters:
        table: a table whose columns are understood.
    """
    lost = [c for c in table.columns if c.called and c.filled and not {"meaning", "type"} & c.said]
    if not lost:
        return []
    named = [
        replace(c, means=c.called, confidence=1.0) if any(c is x for x in lost) else c
        for c in table.columns
    ]
    now, then = _own_role(table), _own_role(replace(table, columns=named))
    if now.is_sale or now.is_events or not (then.is_sale or then.is_events):
        return []
    return [c for c in lost if c.called in FACTS]


def unread_money(table: Table) -> list[Column]:
    """Columns of money in a table of orders of which none is known as what was paid.

    Parameters:
        table: a table whose columns are understood.
    """
    table = _with_values(table)
    order, dated = table.meaning("order_id"), table.meaning(*FACT_INSTANTS)
    is_of_orders = order is not None and order.confidence >= SURE and dated is not None
    if not is_of_orders or has_money(table) or table.activity or _own_role(table).is_events:
        return []
    return [
        c for c in table.columns
        if c.means is None and not {"meaning", "type"} & c.said and c.share("number") >= 0.5
        and _names_goods({*tokens(c.source_name)})
    ]  # fmt: skip


def _names_goods(said: set[str]) -> bool:
    """Whether a column's name may mean what goods cost: no tax, but a total with or without it."""
    is_money, is_other, has_tax = (
        bool(words(kind).keys() & said) for kind in ("money", "no_goods", "with_tax")
    )
    return is_money and (not is_other or has_tax)


def is_called_otherwise(table: Table) -> bool:
    """Whether rows that look like sales are none by their table's name: quotes, carts, refunds."""
    return _own_role(table).is_sale and bool(words("no_sale").keys() & {*tokens(table.name)})


def _own_role(table: Table) -> Role:
    table = _with_values(table)
    role = Role(tuple(m.means for m in meanings(table.name, "table")))
    key = key_column(table)
    role.persons = sum(1 for means in PERSON if table.meaning(means))
    role.product = table.meaning("product_id")
    # A date that only its values show (of a delivery, of an end) yields to one that a name says.
    instants = [c for means in FACT_INSTANTS if (c := table.meaning(means))]
    role.instant = next(
        (c for c in instants if c.confidence > BY_VALUES), next(iter(instants), None)
    )
    role.customer = table.meaning("customer_id", "loyalty_id", "email")
    if table.activity is not None:
        role.is_activity = True
        role.customer = next(iter(whose(table)), None)
        named = ("opened_at", "submitted_at", "registered_at", "sent_at")
        role.instant = table.meaning(*named) or role.instant
        return role
    role.order = table.meaning("order_id")
    if not role.order and key and key.means in ("id", None) and "orders" in role.subjects:
        role.order = key
    cookie = table.meaning("cookie_id")
    acts = table.meaning("event_type", "event_id", "url")
    role.is_events = bool(role.instant and (cookie or table.meaning("event_id")) and acts)
    _see_sale(table, role)
    if role.is_sale or role.is_events:
        return role
    customer_key = table.meaning("customer_id")
    role.is_customers = bool(
        role.persons >= 2
        or (key and key.means in OWN_KEYS and table.meaning("email", "phone", "login"))
        or (customer_key and customer_key.is_unique and not role.order)
        or ("customer_records" in role.subjects and (key or role.persons))
    ) and not (role.product or table.meaning("campaign_id") or table.meaning("product_name"))
    if role.is_customers:
        role.order = None
    return role


def _with_values(table: Table) -> Table:
    """The table without its empty columns, which say nothing about what it is."""
    return replace(table, columns=[c for c in table.columns if c.filled or not table.rows])


def _see_sale(table: Table, role: Role) -> None:
    table = _with_values(table)
    key = key_column(table)
    is_person = role.persons >= 2 and key is not None and key is not role.order
    named = role.order is not None and (role.order.means == "order_id" or "orders" in role.subjects)
    bought = (
        role.customer is not None
        and role.customer.means != "email"
        and not role.customer.is_unique
        and not is_person
    )
    if "order_lines" in role.subjects and role.order and has_money(table):
        role.is_sale = role.is_lines = True
        return
    role.is_sale = bool(
        has_money(table) and role.instant and (named or bought) and not role.is_events
        and not table.meaning("points")
    )  # fmt: skip
    if role.is_sale and role.order is None and key is not None and key.means == "id":
        role.order = key
    role.is_lines = bool(
        role.is_sale and role.order and not role.order.is_unique and key is not role.order
    )
