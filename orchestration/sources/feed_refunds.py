"""What was given back: which rows are returns, and how much of an order."""

from __future__ import annotations

from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.feeding import Context
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


def taken_back(table: Table) -> Column | None:
    """The column that says of some rows that they are returns."""
    return next((c for c in table.columns if c.is_return), None)


def is_written_twice(quantity: Column, columns: tuple[Column, ...]) -> bool:
    """What was taken back may be minus one piece of plus 30.00, or of minus 30.00 each."""
    return bool(quantity.share("negative")) and (
        len(columns) == 1 or bool(columns[0].share("negative"))
    )


def ask_given_back(ctx: Context, p: Proposal, table: Table, status: Column) -> None:
    """An order that was refunded is no revenue, unless another column says what was given back."""
    negative = any(c.share("negative") for c in table.columns if c.means)
    if table.meaning("refunded_amount") or taken_back(table) or negative:
        return
    said = [v for v in sql.values(ctx.con, table, status, "given_back") if v not in status.codes]
    if said:
        what = f"orders are {', '.join(said[:5])}, and nothing says how much was given back."
        how = (
            "Name that column with --rename COLUMN=refunded_amount, or say --format "
            f"'{{0}}={said[0]}:completed' to count all of it and ':cancelled' to count nothing."
        )
        p.doubt(status, what, how)
