"""The proposal as tables in the terminal. Shows how values are written, never the values."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table as Grid

from orchestration.sources.drafts import Column, Table
from orchestration.sources.measure import Measured, threshold_for
from orchestration.sources.proposals import Proposal
from orchestration.terminal import Console, literal, styled

WIDE = 40


def show_proposal(
    console: Console,
    tables: Sequence[Table],
    proposals: Sequence[Proposal],
    measured: Sequence[Measured],
) -> None:
    """Print what was found, what it means and what it feeds.

    Parameters:
        console: where to print.
        tables: the tables of the source.
        proposals: the staging models proposed.
        measured: what each would set aside.
    """
    for table in tables:
        mine = [(p, m) for p, m in zip(proposals, measured, strict=True) if p.table is table]
        _show_columns(console, table)
        for text in table.refused:
            console.print(f"  Does not feed {literal(text)}.", highlight=False)
        if not mine:
            console.print(
                "  Feeds nothing: it will be loaded and that is all. --map says otherwise.\n"
            )
            continue
        _show_feeds(console, [p for p, _ in mine])
        for proposal, result in mine:
            _show_warnings(console, proposal, result)
        worst = max(r.worst_share for _, r in mine)
        if (threshold := threshold_for(worst)) is not None:
            console.print(
                f"  {worst:.1%} of a file is above the usual 0.5 %: quarantine_threshold "
                f"{threshold} is written. Check that the columns above are the right ones.",
                style="bold red",
            )
        console.print()


def _show_columns(console: Console, table: Table) -> None:
    how = table.format
    if table.options:
        how += ", " + ", ".join(f"{k} {v!r}" for k, v in table.options.items())
    size = f"{table.rows:,} rows" if table.is_whole else f"a sample of {table.rows:,} rows"
    files = f" in {len(table.files)} files" if len(table.files) > 1 else ""
    key = ", ".join(table.key) or "none, so file and row number stand in"
    console.print(
        styled(
            "[bold]{}[/]: {}{}, {}; key: {}", literal(table.name), size, files, literal(how), key
        )
    )
    grid = Grid(show_edge=False, pad_edge=False)
    for title in ("column", "type", "written as", "empty", "distinct", "means", "feeds"):
        grid.add_column(title, overflow="fold")
    shown = table.columns
    if len(shown) > WIDE:
        shown = [c for c in shown if c.feeds or c.references or (c.means and c.filled)]
    for column in shown:
        grid.add_row(
            literal(column.title or column.name),
            _type(column),
            literal(column.shape[:24]),
            f"{column.rows - column.filled:,}",
            f"{column.distinct:,}",
            literal(_means(column)),
            literal(", ".join(dict.fromkeys(column.feeds))) or "-",
        )
    console.print(grid)
    if table.unnamed:
        console.print(
            f"  {table.unnamed} columns have no name of their own (empty or repeated) and "
            "can't be loaded. Correct the header if they are needed.",
            style="yellow",
        )
    if table.unreadable:
        lines = (
            "1 line can't be read as a row"
            if table.unreadable == 1
            else f"{table.unreadable:,} lines can't be read as rows"
        )
        console.print(
            f"  {lines} and will be set aside; `c360 source check` says where.",
            style="yellow",
        )
    for column in table.columns:
        for what, said in column.declares.items():
            kind = f"{said['name']}, {said['type']}" if what == "attribute" else said
            console.print(f"  {literal(column.title)} is declared: {what} {kind}")
    if len(shown) < len(table.columns):
        console.print(f"  and {len(table.columns) - len(shown)} columns that mean nothing known")


def _show_feeds(console: Console, proposals: Sequence[Proposal]) -> None:
    assumed = [
        f"{p.entity.name}.{name} = {feed.expression.splitlines()[0]} ({feed.reason})"
        for p in proposals
        for name, feed in p.feeds.items()
        if not feed.columns
    ]
    names = ", ".join(f"{p.entity.name} ({p.confidence:.0%} sure)" for p in proposals)
    console.print(styled("  Feeds [bold]{}[/]", names))
    for line in assumed:
        console.print(f"    without a column: {literal(line)}", highlight=False)


def _show_warnings(console: Console, proposal: Proposal, measured: Measured) -> None:
    for note in proposal.notes:
        console.print(f"  {proposal.entity.name}: {literal(note)}.", style="yellow")
    for text in measured.left_null:
        console.print(f"  {proposal.entity.name}: {literal(text)}.", style="yellow")
    if not measured.found:
        return
    style = "yellow" if threshold_for(measured.worst_share) is None else "bold red"
    for entry in measured.found[:3]:
        console.print(
            f"  {proposal.entity.name}: {entry.rows:,} of {measured.rows:,} rows would be "
            f"quarantined, {entry.reason} in {literal(entry.column or 'the row')}.",
            style=style,
        )


def _type(column: Column) -> str:
    if column.formats:
        guess = " (a guess)" if column.is_day_first_a_guess else ""
        return " ".join(column.formats[:2]).replace("iso", "ISO date") + guess
    if column.file_type != "string":
        return column.file_type
    if column.share("integer") >= 0.99 and column.share("leading_zero") < 0.01:
        return "integer"
    if column.share("number") >= 0.99 and column.share("point") + column.share("comma"):
        return f"decimal {column.decimal_mark}"
    return "text"


def _means(column: Column) -> str:
    if column.references:
        return f"{column.means or 'key'} of {column.references}"
    if not column.means:
        return column.reason
    return f"{column.means} ({column.confidence:.0%}, {column.reason})"
