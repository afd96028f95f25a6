"""How support contacts, interactions and message events are fed."""

from __future__ import annotations

from functools import reduce

from orchestration.ingest.sql import literal
from orchestration.sources import expressions as sql
from orchestration.sources.activities import CODES, kind_of, times
from orchestration.sources.drafts import Column, Table
from orchestration.sources.feeding import (
    Context,
    feed_instant,
    feed_key,
    feed_reference,
    feed_whose,
    own_id,
)
from orchestration.sources.names import channel_of, tokens
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role, key_column

OUTCOME = "outcomes"
"""The part of what a row says by a code, without an instant of its own."""


def support_contacts(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed support_contacts."""
    feed_key(p, "support_contact_id", table.meaning("support_contact_id") or own_id(table, role))
    feed_whose(p, table)
    feed_instant(p, "opened_at", role.instant)
    p.read("closed_at", table.meaning("closed_at"), sql.instant)
    _channel(ctx, p, table)
    for name in ("topic", "status", "satisfaction"):
        p.read(name, table.meaning(name), sql.lower_text if name == "status" else None)
    if (changed := table.meaning("updated_at")) is not None:
        p.help("updated_at", sql.instant(changed), changed)
        p.newest_by = "updated_at"


def parts(ctx: Context, entity: str, table: Table) -> tuple[str, ...]:
    """A row with several instants is several activities, and one more where a code says it.

    Parameters:
        ctx: what builders need beside the table.
        entity: the entity.
        table: a table of it.
    """
    said = tuple(times(table))
    if entity not in CODES or not said:
        return ("",)
    return (*said, OUTCOME) if kind_of(ctx.con, table, entity) else said


def interactions(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed interactions."""
    feed_whose(p, table)
    _happened(ctx, p, table, role, "interaction_type")
    for name in ("object_id", "object_name", "fields"):
        p.read(name, table.meaning(name), sql.identifier if name == "object_id" else None)
    own = table.meaning("interaction_id") or _sole(table, "id")
    told = ("source_record_id", "object_id", "object_name", "interaction_type", "occurred_at")
    _feed_own_key(p, "interaction_id", own, "interaction_type", told)


def message_events(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed message_events."""
    own = table.meaning("message_event_id", "event_id") or key_column(table)
    if table.activity is None:
        feed_key(p, "message_event_id", own)
    p.read("message_id", table.meaning("message_id"), sql.identifier)
    feed_reference(p, "campaign_id", table.meaning("campaign_id"))
    if table.activity is None:
        feed_reference(p, "source_record_id", role.customer)
    else:
        feed_whose(p, table)
    _happened(ctx, p, table, role, "event_type")
    if table.activity is not None:
        # A mailing's number may be the same for all who got it.
        told = ("message_id", "campaign_id", "source_record_id", "event_type")
        sole = _sole(table, "message_event_id", "message_id", "id")
        _feed_own_key(p, "message_event_id", sole, "event_type", told)
    _channel(ctx, p, table)
    p.read("url", table.meaning("url"))
    p.newest_by = "occurred_at"


def _happened(ctx: Context, p: Proposal, table: Table, role: Role, name: str) -> None:
    """What happened and when: an instant of its own, or what a code says.

    Each kind of activity is in one part only, so that versions of a row are judged together.
    """
    instants = times(table)
    kind = kind_of(ctx.con, table, p.entity.name) or table.meaning("event_type", "status")
    coded = kind and sql.codes(ctx.con, table, kind, CODES[p.entity.name])
    latest = [*instants.values()][::-1]
    if p.part in instants:
        column = instants[p.part]
        p.feed(name, f"'{p.part}'", reason=column.title)
        silent, when, used = f"{sql.text(column)} is null", sql.instant(column), [column]
        others = [c for c in latest if c is not column]
        if kind and coded and others:
            used += [kind, *others]
            when = (
                f"case\n    when {sql.text(column)} is not null then {when}\n"
                f"    when {_inside(coded)} = '{p.part}' then {_first(others)}\nend"
            )
        if kind and coded:
            silent += f"\nand coalesce({_inside(coded)}, '') <> '{p.part}'"
        p.help("says_nothing", silent, column)
        p.check("says_nothing", "says_nothing", column)
        p.feed("occurred_at", when, *used)
        p.check_instant("occurred_at")
        return
    if kind and coded:
        p.feed(name, coded, kind)
        p.check(f"{name} is null", "invalid_code", kind)
    elif table.activity == "interactions" and not kind and _is_of_forms(table):
        p.feed(name, "'form_submitted'", reason="assumed: the table does not say it")
        p.notes.append("each row is taken for a form that was submitted")
    if not instants:
        feed_instant(p, "occurred_at", role.instant)
        return
    p.check(f"{name} in ({', '.join(map(literal, instants))})", "says_nothing", kind)
    p.feed("occurred_at", _first(latest), *latest)
    p.check_instant("occurred_at")
    p.notes.append("where what became of it has no time of its own, the row's latest one counts")


def _first(columns: list[Column]) -> str:
    return reduce(sql.either, map(sql.instant, columns))


def _feed_own_key(
    p: Proposal, name: str, own: Column | None, kind: str, told: tuple[str, ...]
) -> None:
    """A key that tells the parts of a row apart, and is the same in the next export."""
    if kind not in p.feeds:
        return
    if own is not None:
        p.feed(name, f"{sql.identifier(own)}\n|| ':' || {_inside(p.feeds[kind].expression)}", own)
    else:
        # A registration is one per person and event, whenever it was; forms come again.
        is_once = "registration_created" in times(p.table)
        said = {
            n: p.feeds[n] for n in told if n in p.feeds and not (is_once and n == "occurred_at")
        }
        read = [
            f"cast({f.expression} as string)" if n == "occurred_at" else _inside(f.expression)
            for n, f in said.items()
        ]
        read = [f"coalesce({r}, '')" if n.startswith("object") else r
                for n, r in zip(said, read, strict=True)]  # fmt: skip
        columns = dict.fromkeys(c.name for f in said.values() for c in f.columns)
        p.feed(name, "\n|| ':' || ".join(read), *(p.table.column(c) for c in columns))
    p.check(f"{name} is null", "missing_key", own)


def _sole(table: Table, *means: str) -> Column | None:
    """A column that tells all rows apart by what it means, and not by chance."""
    return next((c for m in means if (c := table.meaning(m)) and c.is_unique), None)


def _inside(expression: str) -> str:
    return expression if expression.startswith("'") else f"({expression})"


def _is_of_forms(table: Table) -> bool:
    names = (table.name, *(c.source_name for c in table.columns if c.means == "object_name"))
    said = {word for name in names for word in tokens(name)}
    return bool(said & {"form", "forms", "formular", "formulare", "survey", "submissions"}) or bool(
        table.meaning("submitted_at", "fields")
    )


def _channel(ctx: Context, p: Proposal, table: Table) -> None:
    """How a message went or a contact came, as a column or the table's name says it."""
    column = table.meaning("channel")
    if column is not None:
        as_written = sql.lower_text(column)
        coded = sql.codes(ctx.con, table, column, "channel", share=0.0)
        p.feed("channel", sql.either(coded, as_written) if coded else as_written, column)
        return
    if named := channel_of(table.name):
        p.feed("channel", f"'{named}'", reason="the table's name")
