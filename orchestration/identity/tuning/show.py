"""The report of `c360 identity tune` for people."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from orchestration.terminal import Console


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
        table = Table(title=f"{title}, by cause", title_justify="left")
        for name in ("cause", "pairs", "only cause", "probability", "seed and row that change it"):
            table.add_column(name, justify="right" if "pairs" in name else "left", overflow="fold")
        for row in found:
            table.add_row(row["told"], str(row["pairs"]), str(row["only_cause"]), _range(row),
                          f"{row['seed']}: {row['row']}")  # fmt: skip
        console.print(table)
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
    return f"{found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f})"


def _range(row: dict[str, Any]) -> str:
    least, most = row["least_probability"], row["most_probability"]
    if least is None:
        return ""
    return f"{least:.3f}" if least == most else f"{least:.3f} to {most:.3f}"
