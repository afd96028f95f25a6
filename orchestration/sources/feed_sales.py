"""How orders, their lines and products are fed: which meanings fill which columns."""

from __future__ import annotations

import duckdb

from orchestration.ingest.sql import quoted
from orchestration.sources import expressions as sql
from orchestration.sources.drafts import Column, Table
from orchestration.sources.feed_refunds import (
    ask_given_back,
    ask_refunds,
    feed_refund,
    is_written_twice,
    refunded,
    taken_back,
)
from orchestration.sources.feeding import (
    NO_CODE,
    Context,
    feed_buyer,
    feed_instant,
    feed_key,
    see_buyer,
)
from orchestration.sources.proposals import Feed, Proposal
from orchestration.sources.roles import Role, key_column

AMOUNTS = ("amount", "price", "cost")
SEVERAL = 3
"""Orders of several lines, and amounts of theirs, below which chance makes lines alike."""


def orders(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed orders."""
    feed_key(p, "order_id", role.order)
    feed_buyer(p, role.customer)
    if role.customer is not None and role.customer.nobody:
        name, nobody = role.customer.title, ", ".join(role.customer.nobody)
        p.notes.append(f"{name} {nobody} is nobody: such orders are revenue without a person")
    feed_instant(p, "ordered_at", role.instant)
    _order_status(ctx, p, table)
    _currency(ctx, p, table)
    p.newest_by, p.is_folded = "ordered_at", role.is_lines
    amount, columns = _paid(ctx, table, role)
    if amount is None:
        return
    back, pieces = taken_back(table), table.meaning("quantity")
    signs = [sql.says_return(back)] if back is not None else []
    if pieces and is_written_twice(pieces, columns):
        signs.append(f"{sql.integer(pieces)} < 0")
    if signs:
        amount = f"case when {' or '.join(signs)} then -abs({amount}) else {amount} end"
        columns = (*columns, *(c for c in (back, pieces) if c))
    if role.is_lines:
        p.helpers["line_amount"] = Feed(amount, columns)
        p.check("line_amount is null", "invalid_amount", columns[0])
        p.feed(
            "gross_amount",
            "-- What was ordered before returns: the order's faultless lines above zero.\n"
            "cast(coalesce(sum(\n"
            "    case\n"
            "        when coalesce(reject_reason, 'folded_row') = 'folded_row'"
            " and line_amount > 0\n"
            "            then line_amount\n"
            "    end\n"
            ") over (partition by order_id), 0) as decimal(18, 2))",
            *columns,
            reason="sum of the order's lines",
            is_final=True,
        )
    elif signs or any(c.share("negative") for c in columns):
        p.helpers["order_amount"] = Feed(amount, columns)
        p.check("order_amount is null", "invalid_amount", columns[0])
        p.feed(
            "gross_amount",
            "-- A credit note orders nothing; what it gives back is in its line.\n"
            "case when order_amount < 0 then 0.00 else order_amount end",
            *columns,
            is_final=True,
        )
    else:
        p.feed("gross_amount", amount, *columns)
        p.check("gross_amount is null or gross_amount < 0", "invalid_amount", columns[0])


def order_lines(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed order_lines."""
    feed_key(p, "order_id", role.order)
    if p.part and (given_back := refunded(table, role)):
        feed_refund(p, given_back)
        feed_instant(p, "booked_at", role.instant)
        _currency(ctx, p, table)
        p.newest_by = "booked_at"
        return
    ask_refunds(p, table, role)
    paid = _paid(ctx, table, role)
    _ask_repeated(ctx, p, table, role, paid[1])
    number = table.meaning("line_number")
    if (
        not role.is_lines and role.order is not None and role.order.is_unique
    ) or role.order is None:
        p.feed("line_number", "1", reason="an order is one row")
    elif number and _numbers_lines(ctx.con, table, role.order, number):
        p.feed("line_number", sql.integer(number), number)
        p.check("line_number is null", "missing_key", number)
    else:
        assert role.order
        p.feed(
            "line_number",
            f"cast(row_number() over (\n    partition by {sql.identifier(role.order)}\n"
            "    order by source_file, source_row\n) as int)",
            reason="counted in the order of the file",
        )
    p.read("product_id", table.meaning("product_id"), sql.identifier)
    if role.customer and role.instant:
        # A line whose order lacks a buyer is set aside for that, not for the order it then lacks.
        see_buyer(p, role.customer)
    feed_instant(p, "booked_at", role.instant)
    back = taken_back(table)
    if back is not None:
        p.help("is_taken_back", sql.says_return(back), back)
    _pieces(p, table.meaning("quantity"), back)
    _line_amount(p, table.meaning("quantity"), back, *paid)
    _currency(ctx, p, table)
    p.newest_by = "booked_at"


def _pieces(p: Proposal, quantity: Column | None, back: Column | None) -> None:
    """How many pieces, below zero for a return."""
    written = "1"
    if quantity is not None:
        name = "quantity" if back is None else "quantity_written"
        written = sql.integer(quantity)
        if back is None:
            p.feed("quantity", written, quantity)
        else:
            p.help(name, written, quantity)
            written = name
        p.check(f"{name} is null", "invalid_quantity", quantity)
    elif back is None:
        p.feed("quantity", "1", reason="assumed: one piece per line")
    if back is not None:
        p.feed(
            "quantity",
            f"case when is_taken_back then -abs({written}) else {written} end",
            *(c for c in (quantity, back) if c),
            is_final=True,
        )


def _line_amount(
    p: Proposal, quantity: Column | None, back: Column | None, amount: str | None,
    columns: tuple[Column, ...],
) -> None:  # fmt: skip
    """What the line came to, below zero for a return, and whether it is one."""
    pieces = "quantity" if back is None else "quantity_written" if quantity else "1"
    signs = ["is_taken_back"] if back is not None else []
    if quantity and is_written_twice(quantity, columns):
        signs.append(f"{pieces} < 0")
    used = (*columns, back) if back is not None else columns
    written = "line_amount"
    if amount and signs:
        written = "amount_written"
        p.helpers["amount_written"] = Feed(amount, columns)
        p.check("amount_written is null", "invalid_amount", columns[0])
        p.feed(
            "line_amount",
            f"case when {' or '.join(signs)} then -abs(amount_written) else amount_written end",
            *used,
            is_final=True,
        )
    elif amount:
        p.feed("line_amount", amount, *columns)
        p.check("line_amount is null", "invalid_amount", columns[0])
    said = "is_taken_back or " if back is not None else ""
    p.feed(
        "is_return",
        f"coalesce({said}{pieces} < 0 or {written} < 0, false)",
        *(c for c in (quantity, *used) if c),
        reason="quantity or amount below zero" if back is None else "",
        is_final=True,
    )


def products(ctx: Context, p: Proposal, table: Table, role: Role) -> None:
    """Feed products."""
    key = role.product or key_column(table)
    feed_key(p, "product_id", key)
    p.read("product_name", table.meaning("product_name", "name"))
    for means in ("category", "brand"):
        p.read(means, table.meaning(means))
    p.is_folded = role.is_sale
    if not role.is_sale:
        for means in ("unit_price", "unit_cost"):
            p.read(f"{means}_amount", table.meaning(means), sql.amount)
        if {"unit_price_amount", "unit_cost_amount"} & {*p.feeds}:
            _currency(ctx, p, table, is_required=False)
        changed = table.meaning("updated_at")
        if changed:
            p.helpers["updated_at"] = Feed(sql.instant(changed), (changed,))
            p.newest_by = "updated_at"


def _paid(ctx: Context, table: Table, role: Role) -> tuple[str | None, tuple[Column, ...]]:
    """What the row's goods cost, and the columns that say it."""
    line, total = table.meaning("line_amount"), table.meaning("amount")
    price, quantity = table.meaning("unit_price"), table.meaning("quantity")
    whole = table.meaning("order_amount")
    if total and not line and price and quantity and _repeats(ctx, table, role, total):
        total = None
    best = (line or total) if role.is_lines else (whole or total or line)
    if best:
        return sql.amount(best), (best,)
    if price and quantity:
        return sql.product_of(quantity, price), (price, quantity)
    if whole and role.order:
        return sql.on_first_line(sql.amount(whole), role.order), (whole,)
    return (sql.amount(price), (price,)) if price else (None, ())


def _ask_repeated(
    ctx: Context, p: Proposal, table: Table, role: Role, columns: tuple[Column, ...]
) -> None:
    """An amount that all lines of an order share may be the order's, and would count on each."""
    amounts = [c for c in columns if c.means in ("amount", "line_amount")]
    for column in amounts:
        if "meaning" not in column.said and _repeats(ctx, table, role, column, SEVERAL):
            what = "it is the same on all lines of an order, so it may be the whole order's."
            how = "--rename '{0}=order_amount' counts it once an order, --rename '{0}=line_amount' "
            p.doubt(column, what, how + "on each line.")


def _repeats(ctx: Context, table: Table, role: Role, amount: Column, least: int = 1) -> bool:
    """Whether an amount is the same on all lines of nearly all orders, and differs by order."""
    if not role.is_lines or role.order is None:
        return False
    [(orders, alike, amounts)] = ctx.con.execute(
        f"select count(*), count(*) filter (amounts = 1), count(distinct amount) from (select "
        f"count(distinct {quoted(amount.name)}) as amounts, min({quoted(amount.name)}) as amount "
        f"from {quoted(table.sample)} group by {quoted(role.order.name)} having count(*) > 1)"
    ).fetchall()
    return bool(orders >= least and amounts >= least and alike >= 0.95 * orders)


def _currency(ctx: Context, p: Proposal, table: Table, is_required: bool = True) -> None:
    column = table.meaning("currency")
    if column is None or not column.filled:
        named = {c for a in table.columns if (a.means or "").endswith(AMOUNTS) for c in a.currency}
        if ctx.currency is None and len(named) == 1:
            p.feed("currency", f"'{named.pop()}'", reason="what its amounts name")
        else:
            p.feed("currency", f"'{ctx.currency or 'EUR'}'", reason="assumed; --currency says so")
        return
    expression = f"upper({sql.text(column)})"
    if column.share("three_letters") < 0.5:
        expression = sql.codes(ctx.con, table, column, "currency") or expression
    p.feed("currency", expression, column)
    if is_required:
        p.check(NO_CODE.format("currency"), "invalid_code", column)


def _order_status(ctx: Context, p: Proposal, table: Table) -> None:
    column = table.meaning("status")
    coded = column and sql.codes(ctx.con, table, column, "order_status")
    if column and coded:
        p.feed("status", coded, column)
        p.check("status is null", "invalid_code", column)
        ask_given_back(ctx, p, table, column)
    else:
        p.feed("status", "'completed'", reason="assumed: the table does not say it")
        if column and column.filled:
            what = "few of its values say whether an order was completed or cancelled."
            how = "Say it with --format '{0}=VALUE:completed', or --rename '{0}=ignore'."
            p.doubt(column, what, how)


def _numbers_lines(
    con: duckdb.DuckDBPyConnection, table: Table, order: Column | None, number: Column
) -> bool:
    """Whether a column numbers the lines of an order, without repeating itself much."""
    if order is None:
        return False
    row = con.execute(
        f"select count(distinct ({quoted(order.name)}, {quoted(number.name)})) "
        f"from {quoted(table.sample)}"
    ).fetchall()[0]
    return bool(row and row[0] >= 0.9 * table.rows)
