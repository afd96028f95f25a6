"""What of an order was given back, where a column of the order says how much."""

from __future__ import annotations

from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.proposals import Proposal
from orchestration.sources.roles import Role


def refunded(table: Table, role: Role) -> Column | None:
    """The column that says how much of an order was given back, where a row is an order."""
    column = table.meaning("refunded_amount")
    return column if column and column.filled and not role.is_lines else None


def ask_refunds(p: Proposal, table: Table, role: Role) -> None:
    """What was given back may be taken off the total already, and nothing tells."""
    column = table.meaning("refunded_amount")
    if column is None or not (column.median or column.distinct > 1):
        return
    if role.is_lines:
        what = "it says what was given back, and of which line of an order nothing tells."
        p.doubt(column, what, "Leave it out: --rename '{}=ignore'.")
    elif "meaning" not in column.said:
        what = "it says what was given back, and the order's amount may be without that already."
        how = "--rename '{0}=refunded_amount' takes it off, --rename '{0}=ignore' does not."
        p.doubt(column, what, how)


def feed_refund(p: Proposal, column: Column) -> None:
    """A line with a minus behind the order's own; nothing says when it was, but the order."""
    amount = sql.amount(column)
    p.help("says_nothing", f"{sql.text(column)} is null or coalesce({amount} = 0, false)", column)
    p.checks.insert(0, ("says_nothing", "says_nothing", column.name))
    p.feed("line_number", "10001", reason="behind the order's own lines")
    p.feed("quantity", "-1", reason="given back")
    p.feed("line_amount", f"cast(-abs({amount}) as decimal(18, 2))", column)
    p.check("line_amount is null", "invalid_amount", column)
    p.feed("is_return", "true", reason="given back")
    p.notes.append(f"{column.title} is taken for given back at the order's time")
