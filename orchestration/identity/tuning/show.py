"""The report of `c360 identity tune` for people."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from orchestration.terminal import Console, literal

MOST_ROWS = 20


def show(console: Console, answer: dict[str, Any]) -> None:
    """Print a report for people."""
    console.print(
        f"{answer['pairs']:,} labelled pairs, {answer['matches']:,} of them one person's. "
        f"95 % intervals: {answer['method']}.",
        soft_wrap=True,
    )
    table = Table(title="Precision and recall", title_justify="left")
    for name in ("pairs joined from", "precision", "recall"):
        table.add_column(name)
    table.add_row("the people as they are", _told(answer["precision"]), _told(answer["recall"]))
    for point in answer["curve"]:
        is_now = " (now)" if point["threshold"] == answer["threshold"] else ""
        table.add_row(f"{point['threshold']:g}{is_now}", _told(point["precision"]),
                      _told(point["recall"]))  # fmt: skip
    console.print(table)
    if answer["is_drawn"]:
        console.print(
            "A sample is drawn from joined and scored pairs. Matches below the review threshold "
            "or never compared are not among them: recall and blocking look better than they are.",
            soft_wrap=True,
        )
    if answer["strata_without_labels"]:
        console.print(
            "Left out, because no pair of theirs has a label: "
            f"{', '.join(answer['strata_without_labels'])}.",
            soft_wrap=True,
        )
    for error, title in (("missed", "Missed"), ("joined", "Wrongly joined")):
        found = [row for row in answer["causes"] if row["error"] == error]
        if not found:
            continue
        console.print(f"{title}, by cause: labelled pairs, and those with no other cause")
        for row in found[:MOST_ROWS]:
            console.print(
                f"{row['pairs']:>6} {row['only_cause']:>6}  {row['told']}{_range(row)}\n"
                f"{'':15}{row['seed']}, {row['row']}\n"
                f"{'':15}such as {' '.join(map(literal, row['example']))}",
                soft_wrap=True,
            )
        if found[MOST_ROWS:]:
            console.print(f"{'':15}{len(found) - MOST_ROWS} rarer ones are shown by --json")
    _show_blocking(console, answer["blocking"])


def _show_blocking(console: Console, blocking: dict[str, Any]) -> None:
    if not blocking["rules"]:
        console.print("Nothing is scored: no parameters have been learned yet.")
        return
    never = blocking["never_compared"]
    console.print(
        f"Labelled matches that no blocking rule brings together: {_told(never)}; "
        f"{blocking['never_compared_and_apart']} of them are not joined by anything else either.",
        soft_wrap=True,
    )
    table = Table(title="Blocking rules, over the labelled matches", title_justify="left")
    table.add_column("rule", overflow="fold")
    table.add_column("finds", justify="right")
    table.add_column("only it finds", justify="right")
    for row in blocking["rules"]:
        table.add_row(row["rule"], str(row["matches"]), str(row["only_it"]))
    console.print(table)


def _told(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "no such pair"
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _range(row: dict[str, Any]) -> str:
    least, most = row["least_probability"], row["most_probability"]
    if least is None:
        return ""
    return f", {least:.3f}" + (f" to {most:.3f}" if least != most else "")
