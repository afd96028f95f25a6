"""What a proposal is not sure of, and how the user can say it. In doubt nothing is written.

A wrong guess passes every later check: cents are valid euros, and May is a valid June. So what the
data can't settle is asked for, also under `--yes`; what was said is asked no more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestration.errors import UserError
from orchestration.sources.drafts import Column, Doubt, Table
from orchestration.sources.evidence import DOLLARS
from orchestration.sources.measure import DEFAULT_THRESHOLD, EMPTY, Measured, Quarantined
from orchestration.sources.names import meanings
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import is_called_otherwise, lost_facts, unread_money

LEAST_CONFIDENCE = 0.4
"""Of a column that an entity can't do without."""
MOST_EMPTY = 1 / 3
"""Share of a file's rows that may be set aside because they lack a value."""
IDENTIFYING = frozenset({
    "given_name", "family_name", "full_name", "email", "phone", "login", "loyalty_id", "birth_date",
})  # fmt: skip
MOST_BIRTHS = 0.1
"""Share of birth dates that may be unreadable: people mistype them, and a record without one is a
person still. What is unread is told."""
CLEAR = 0.75
"""Of what a column's name means, so that other values than that are asked about."""
WITHOUT_CENTS = frozenset({"JPY", "KRW", "HUF", "CLP", "VND", "ISK"})


def doubts_of(
    tables: Sequence[Table],
    proposals: Sequence[Proposal],
    measured: Sequence[Measured],
    currency: str | None,
    set_aside: float | None,
) -> list[Doubt]:
    """All that is in doubt about the proposals of a source.

    Parameters:
        tables: those that feed what their values show.
        proposals: what feeds what.
        measured: what each would set aside.
        currency: what the user said; None when nothing.
        set_aside: the share of a file's rows that the user allows to be set aside.
    """
    found = dict.fromkeys(d for table in tables for d in (*table.doubts, *_lost(table)))
    for proposal, result in zip(proposals, measured, strict=True):
        if set_aside is None:
            found |= dict.fromkeys(_rows(proposal, result))
        found |= dict.fromkeys(proposal.doubts)
        found |= dict.fromkeys(_unread(proposal, result))
        if proposal.is_reviewed:
            continue
        if proposal.entity.name == "customer_records" and not proposal.is_folded:
            found |= dict.fromkeys(_misnamed(proposal))
        needed = {c.name for c in proposal.entity.columns if c.is_required}
        for name, feed in {**proposal.feeds, **proposal.helpers}.items():
            for column in feed.columns:
                if name in needed and column.filled and not column.said:
                    found |= dict.fromkeys(_sure(proposal.table, column, proposal.entity.name))
                if "as_instant" in feed.expression or "as_birth_date" in feed.expression:
                    found |= dict.fromkeys(day_or_month(proposal.table, column))
                if "as_amount" in feed.expression or "as_decimal" in feed.expression:
                    found |= dict.fromkeys(_money(proposal, column, currency))
    return list(found)


def refuse_doubts(doubts: Sequence[Doubt]) -> None:
    """Ask what is in doubt, by refusing to write.

    Raises:
        UserError: there is a doubt; the message says each, and how to settle it.
    """
    if doubts:
        lines = [
            f"- {d.table}{f', column {d.column}' if d.column else ''}: {d.what} {d.remedy}"
            for d in doubts
        ]
        raise UserError("Not sure, so nothing was written:\n" + "\n".join(lines), 2)


def _lost(table: Table) -> list[Doubt]:
    return [
        Doubt(
            table.name, column.title,
            f"it is called {column.called}, and its values can't be read as that (they are mostly "
            f"written as {column.shape[:24]}), so its rows would be no sales or events.",
            f"{_say(column, '--format', 'FORMAT')}, {_say(column, '--rename', 'MEANING')} or "
            f"{_say(column, '--rename', 'ignore')}.",
        )
        for column in lost_facts(table)
    ] + [
        Doubt(
            table.name, None,
            f"it has orders, and none of {', '.join(c.title for c in money[:6])} is known as what "
            "the goods cost, so they would be no sales.",
            f"{_say(money[0], '--rename', 'amount')}, or --map {table.name}= to leave it in "
            "landing.",
        )
        for money in (unread_money(table),) if money
    ] + [
        Doubt(
            table.name, None,
            "it looks like sales, and by its name it is none, so its amounts would be revenue.",
            f"--map {table.name}=orders,order_lines where they are sales, or --map {table.name}= "
            "to leave it in landing.",
        )
        for _ in range(is_called_otherwise(table))
    ]  # fmt: skip


def _misnamed(proposal: Proposal) -> list[Doubt]:
    """Columns of people whose names are clear, and whose values are not what they say."""
    return [
        Doubt(
            proposal.table.name, column.title,
            f"it is called {column.called}, and its values are not (they are mostly written as "
            f"{column.shape[:24]}), so nothing would read it.",
            f"{_say(column, '--rename', column.called)} or {_say(column, '--rename', 'ignore')}.",
        )
        for column in proposal.table.columns
        if column.called in IDENTIFYING and not column.feeds and column.filled
        and not {"meaning", "type"} & column.said and not column.declares
        and meanings(column.source_name)[0].confidence >= CLEAR
    ]  # fmt: skip


def _sure(table: Table, column: Column, entity: str) -> list[Doubt]:
    if column.confidence >= LEAST_CONFIDENCE or column.means is None:
        return []
    return [
        Doubt(
            table.name, column.title,
            f"it is the {column.means} of {entity} by a guess only ({column.confidence:.0%} sure).",
            _say(column, "--rename", column.means) + ", or what it is.",
        )
    ]  # fmt: skip


def day_or_month(table: Table, column: Column) -> list[Doubt]:
    """Whether the day or the month comes first, where a column's dates fit both."""
    if not column.is_day_first_a_guess or "format" in column.said:
        return []
    day = column.formats[0]
    month = day.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return [
        Doubt(
            table.name, column.title, "day or month may come first in its dates.",
            f"{_say(column, '--format', day)} or {_say(column, '--format', month)}.",
        )
    ]  # fmt: skip


def decimals_or_thousands(table: Table, column: Column) -> list[Doubt]:
    """Whether a mark parts thousands or decimals, where a column's numbers fit both."""
    if not column.is_mark_a_guess or "mark" in column.said:
        return []
    return [
        Doubt(
            table.name, column.title,
            "1,234 and 1.234 may be thousands or decimals in it.",
            f"{_say(column, '--format', 'decimal_point')} or "
            f"{_say(column, '--format', 'decimal_comma')}.",
        )
    ]  # fmt: skip


def _money(p: Proposal, column: Column, currency: str | None) -> list[Doubt]:
    table, name = p.table, column.title
    found = decimals_or_thousands(table, column)
    decimals = any(
        c.share("point") + c.share("comma")
        for f in (*p.feeds.values(), *p.helpers.values()) if "as_amount" in f.expression
        for c in f.columns
    )  # fmt: skip
    if (
        "unit" not in column.said
        and not (column.minor_digits or decimals)
        and not WITHOUT_CENTS & {currency or "", *column.currency}
        and column.filled >= 3
        and column.share("integer") > 0.99
        and column.median >= 100
        and column.share_broken >= 0.5
    ):
        found.append(
            Doubt(
                table.name, name, "its whole numbers may be cents or the currency itself.",
                f"{_say(column, '--format', 'cents')} or {_say(column, '--format', 'units')}.",
            )
        )  # fmt: skip
    named = {*column.currency}
    if named and not table.meaning("currency") and not _agree(named, currency):
        found.append(
            Doubt(
                table.name, name, f"its values name {', '.join(sorted(named))}.",
                "Say the one currency of all of them with --currency, or give the table a column "
                "of currencies.",
            )
        )  # fmt: skip
    return found


def _agree(named: set[str], currency: str | None) -> bool:
    """Whether amounts of the named currencies are all of the one that was said, or named."""
    if len(named) > 1:
        return False
    [name] = named
    if not re.fullmatch("[A-Z]{3}", name):
        # ¥ and kr are the sign of several currencies.
        return currency is not None
    return currency is None or name == currency or (name == "USD" and currency in DOLLARS)


def _rows(proposal: Proposal, result: Measured) -> list[Doubt]:
    found = []
    for entry in result.found:
        limit = MOST_EMPTY if entry.reason in EMPTY and entry.is_empty else DEFAULT_THRESHOLD
        if entry.worst_share > limit:
            column = next((c for c in proposal.table.columns if c.name == entry.column), None)
            what = (
                f"{entry.rows:,} of {result.rows:,} rows would be set aside as {entry.reason} by "
                f"{proposal.entity.name}"
            )
            how = f" (it was read as {_reading(column)})." if column else "."
            found.append(
                Doubt(
                    proposal.table.name, column.title if column else None, what + how,
                    f"Correct the file, say {_remedy(entry, column)}, or allow it with --set-aside "
                    f"{min(1.0, result.worst_share * 1.05 + 0.005):.2g}.",
                )
            )  # fmt: skip
    return found


def _remedy(entry: Quarantined, column: Column | None) -> str:
    if column and entry.reason == "invalid_code":
        return f"what a code means ({_say(column, '--format', 'VALUE:CODE')})"
    return "with --format or --rename what it is"


def _unread(proposal: Proposal, result: Measured) -> list[Doubt]:
    found = []
    for name, (column, count) in result.unread.items():
        feed = proposal.feeds.get(name)
        if feed and proposal.is_reviewed:
            continue
        # Of a type that is said, what can't be read is meant to be nothing.
        limit = MOST_BIRTHS if name == "birth_date" else DEFAULT_THRESHOLD
        if count > limit * column.filled and "type" not in column.said:
            kind = _kind(feed.expression) if feed else column.declares["attribute"]["type"]
            found.append(
                Doubt(
                    proposal.table.name, column.title,
                    f"{count:,} of {column.filled:,} values can't be read as {name} (they are "
                    f"mostly written as {column.shape[:24]}).",
                    f"{_say(column, '--format', 'FORMAT')}, {_say(column, '--rename', 'MEANING')}, "
                    f"{_say(column, '--type', kind)} to go on "
                    "without them, or "
                    f"{_say(column, '--rename', 'ignore')}.",
                )
            )  # fmt: skip
    return found


def _reading(column: Column) -> str:
    dates = " and ".join(column.formats[:2])
    return dates or (f"a number with decimal {column.decimal_mark}" if column.share("number") else
                     "a text")  # fmt: skip


def _say(column: Column, option: str, value: str) -> str:
    text = f"{column.title}={value}"
    return f"{option} '{text}'" if " " in text or "%" in text else f"{option} {text}"


def _kind(expression: str) -> str:
    kinds = {
        "as_instant": "instant", "as_birth_date": "date", "as_integer": "integer",
        "as_amount": "decimal",
    }  # fmt: skip
    return next((kind for word, kind in kinds.items() if word in expression), "text")
