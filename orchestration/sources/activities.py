"""Tables of what people did: support contacts, interactions, messages that went by post.

Their columns have names that mean something else elsewhere: a ticket is a receipt in a shop, an
event what a browser did. So they are looked up in the words of their own kind, once a table is
known to be of it by the columns or the table's name together.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.names import ACTIVITIES, NameMatch, meanings
from orchestration.sources.semantics import fits

WHOSE = ("customer_id", "loyalty_id", "email", "phone")
CODES = {"interactions": "interaction", "message_events": "message_event"}
"""The words that an entity's kinds of activity are written in."""
TIMES = {
    "interactions": {
        "visited_at": "form_visited", "submitted_at": "form_submitted",
        "registered_at": "registration_created", "cancelled_at": "registration_cancelled",
        "checked_in_at": "checked_in",
    },
    "message_events": {"sent_at": "sent", "delivered_at": "delivered", "returned_at": "bounced"},
}  # fmt: skip
"""What happened at an instant, by its meaning."""
TELLING = {
    "support_contacts": {"closed_at", "topic", "satisfaction", "opened_at"},
    "interactions": {"interaction_id", "checked_in_at", "cancelled_at", "submitted_at"},
}
"""Meanings one of which a table of the kind has, unless its name says what it is."""
ITSELF = {"support_contacts": {"support_contact_id"}, "interactions": {"object_id", "object_name"}}
"""What such a table is about."""


def see_activity(con: duckdb.DuckDBPyConnection, table: Table, asked: Sequence[str] | None) -> None:
    """Find out whether a table is of activities, and what its columns mean then.

    Parameters:
        con: the connection that holds the sample.
        table: a table whose columns are understood; its `activity` and their meanings are filled.
        asked: the entities that the user says of it; None where nothing is said.
    """
    kinds = [k for k in ACTIVITIES if asked is None or k in asked]
    table.activity = next((k for k in kinds if asked or _is_of(con, table, k)), None)
    if table.activity is None:
        return
    for column in table.columns:
        if (match := _match(column, table.activity)) is not None:
            column.means, column.confidence, column.reason = (
                match.means, match.confidence, match.reason
            )  # fmt: skip


def whose(table: Table) -> list[Column]:
    """The columns that say whose row it is, the surest first; a key of customers stands alone."""
    found = [c for means in WHOSE if (c := table.meaning(means)) and c.filled]
    return found[:1] if found and found[0].references else found


def times(table: Table) -> dict[str, Column]:
    """The columns that say when, by what happened then, in the order in which it happens."""
    found = TIMES.get(table.activity or "", {})
    return {code: c for means, code in found.items() if (c := table.meaning(means)) and c.filled}


def kind_of(con: duckdb.DuckDBPyConnection, table: Table, entity: str) -> Column | None:
    """The column whose values say what happened, where most of them are known to.

    Parameters:
        con: the connection that holds the sample.
        table: the table.
        entity: interactions or message_events.
    """
    for means in ("event_type", "status"):
        column = table.meaning(means)
        if column and column.filled and sql.codes(con, table, column, CODES[entity]):
            return column
    return None


def _is_of(con: duckdb.DuckDBPyConnection, table: Table, kind: str) -> bool:
    means = {m.means for c in table.columns if (m := _match(c, kind))}
    others = {c.means for c in table.columns if c.filled}
    is_whose = bool({*WHOSE} & (others | means))
    if kind == "message_events":
        return is_whose and "campaign_id" in others and "sent_at" in means
    sells = {"amount", "line_amount", "unit_price", "quantity", "product_id", "points"} & others
    browses = "cookie_id" in others and {"url", "user_agent"} & others
    dated = any(c.formats or c.file_type in ("date", "timestamp") for c in table.columns)
    if not is_whose or not dated or sells or browses:
        return False
    named = any(m.means == kind for m in meanings(table.name, "table"))
    is_about, tells = bool(ITSELF[kind] & means), bool(TELLING[kind] & means)
    if kind == "interactions" and not tells:
        tells = is_about and kind_of(con, table, kind) is not None
    return tells if named or is_about else False


def _match(column: Column, kind: str) -> NameMatch | None:
    """What a column means in a table of some kind; None where that says nothing of it."""
    if "meaning" in column.said:
        known = column.means and NameMatch(column.means, 1.0, "said")
        return known or None
    found = meanings(column.source_name, kind) or meanings(column.name, kind)
    return next((m for m in found if column.filled and fits(column, m.means)), None)
