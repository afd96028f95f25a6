"""How consent is fed: who has said yes or no, since when, by which channel."""

from __future__ import annotations

from dataclasses import replace

from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.feeding import (
    NO_CODE,
    Context,
    feed_instant,
    feed_key,
    feed_reference,
    feed_whose,
    own_id,
)
from orchestration.sources.names import channel_of, tokens, words
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role, key_column
from orchestration.sources.semantics import fits

CONSENT = ("consent_status", "opt_out")
STATED = ("recorded_at", "updated_at", "created_at")


def consents(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed consents."""
    own = key_column(table) if role.is_customers else own_id(table, role)
    feed_key(p, "consent_id", table.meaning("consent_id", "interaction_id") or own)
    default_channel = p.part.removesuffix("_consents") or "email"
    if p.part:
        table = replace(table, columns=[
            c for c in table.columns
            if c.means not in CONSENT or _channel(c) == default_channel
        ])  # fmt: skip
        key = p.feeds["consent_id"]
        p.feed("consent_id", f"{key.expression} || ':{default_channel}'", *key.columns)
    if table.activity:
        feed_whose(p, table)
    else:
        feed_reference(p, "source_record_id", own if role.is_customers and own else role.customer)
    for means, default in (("purpose", "commercial"), ("channel", default_channel)):
        if column := table.meaning(means):
            p.read(means, column, sql.lower_text)
            p.check(NO_CODE.format(means), "invalid_code", column)
        else:
            p.feed(means, f"'{default}'", reason="assumed: the table does not say it")
            p.notes.append(f"{means} is assumed to be {default}; edit the model if it is not")
    _consent_status(ctx, p, table, role)
    stated = table.meaning(*STATED) if role.is_customers else table.meaning("recorded_at")
    stated, out = stated or role.instant, table.meaning("opt_out")
    if out is not None and is_dated(out) and stated is not None:
        p.feed("recorded_at", sql.either(sql.instant(out), sql.instant(stated)), out, stated)
        p.check_instant("recorded_at")
    else:
        feed_instant(p, "recorded_at", out if out is not None and is_dated(out) else stated)
    p.read("captured_by", table.meaning("captured_by"), sql.lower_text)
    if table.activity and "captured_by" not in p.feeds:
        p.feed("captured_by", "'form'", reason="the table is of forms")
    p.newest_by = "recorded_at"


def parts_of_consent(table: Table) -> tuple[str, ...]:
    """A contact may say yes or no by several channels, in a column each: a part per channel."""
    said = [c for c in table.columns if c.means in CONSENT and c.filled]
    channels = dict.fromkeys(map(_channel, said))
    return tuple(f"{channel}_consents" for channel in channels) if len(channels) > 1 else ("",)


def _channel(column: Column) -> str:
    return channel_of(column.source_name) or "email"


def is_dated(column: Column) -> bool:
    """Whether the column holds days, such as that on which somebody has opted out."""
    return bool(column.formats) or column.file_type in ("date", "timestamp")


def says_when(table: Table) -> bool:
    """Whether a table of contacts says since when its consent holds."""
    out = table.meaning("opt_out")
    return table.meaning(*STATED) is not None or (out is not None and is_dated(out))


def ask_consent(ctx: Context, p: Proposal, table: Table) -> None:
    """Ask about what may say who has said no, and is not understood.

    Parameters:
        ctx: what builders need beside the table.
        p: the proposal of the contacts, which gets the doubts.
        table: a table of contacts.
    """
    for column in table.columns:
        if {"meaning", "type"} & column.said or column.declares or not column.filled:
            continue
        if column.called in ("consent_status", "opt_out"):
            what = "its name speaks of who may be mailed, and its values are no yes or no."
        elif column.means in (None, "status") and sql.says(ctx.con, table, column, "opt_out"):
            what = "some of its values say who must not be mailed, and nothing reads it."
        elif column.means in CONSENT and any(
            c is not column and c.means == column.means
            and _channel(c) == _channel(column)
            for c in table.columns if c.filled
        ):  # fmt: skip
            what = "it says who may be mailed, and another column says it, too."
        elif (
            column.means is None
            and fits(column, "is_return")
            and words("permitting").keys() & {*tokens(column.source_name)}
        ):
            what = "it may say who must not be mailed, and nothing reads it."
        else:
            continue
        p.doubt(column, what, "--rename '{0}=consent_status' or --rename '{0}=ignore'.")


def _consent_status(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """What a row says of consent: granted or denied; a contact may say nothing."""
    said, out = table.meaning("consent_status"), table.meaning("opt_out")
    may_be_silent = role.is_customers or table.activity is not None
    if said is None and out is None and not may_be_silent:
        said = table.meaning("status")
    columns = [c for c in (out, said) if c is not None]
    read = {
        c.name: f"case when {sql.text(c)} is not null then 'granted' end"
        if c is out and is_dated(c)
        else sql.codes(ctx.con, table, c, "consent_status")
        for c in columns
    }
    for column in columns:
        if read[column.name] is None and column.filled:
            what = "its values are neither a yes nor a no, and who said no must not be mailed."
            p.doubt(
                column, what, "Say it with --format '{0}=VALUE:denied', or --rename '{0}=ignore'."
            )
    texts = [
        f"case when ({read[c.name]}) = 'granted' then 'denied' end" if c is out else read[c.name]
        for c in columns if read[c.name]
    ]  # fmt: skip
    if not texts:
        return
    p.feed("status", texts[0] if len(texts) == 1 else sql.either(*map(str, texts)), *columns)
    if may_be_silent:
        # Who has not opted out, or left a form's box empty, has granted nothing.
        silent = [f"nullif(trim(cast({c.name} as string)), '') is null" for c in columns]
        if out is not None and read[out.name]:
            silent[0] = f"({silent[0]} or ({read[out.name]}) = 'denied')"
        p.help("says_nothing", f"coalesce({' and '.join(silent)}, false)", *columns)
        p.check("says_nothing", "says_nothing", columns[0])
    p.check("status is null", "invalid_code", columns[0])
