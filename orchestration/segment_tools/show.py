"""What is told of a segment, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from orchestration.terminal import Console, literal, styled

CAUSES = {
    "no_contact_point": "have no such contact point",
    "denied": "have said no",
    "not_confirmed": "have not said yes",
    "never_asked": "were never asked",
}


def show_preview(console: Console, found: Mapping[str, Any]) -> None:
    """Print what `preview` returned.

    Parameters:
        console: where to.
        found: see there.
    """
    share = "" if found["share"] is None else f", {found['share']:.1%} of {found['profiles']:,}"
    console.print(
        styled("[bold]{}[/]: {} members{}", found["segment"], f"{found['members']:,}", share)
    )
    _note(console, found)
    _table(
        console,
        "Step by step",
        ("step", "people", ""),
        [(s["step"], _number(s["people"]), s["says"] or "") for s in found["steps"]],
    )
    for one in found["filters"]:
        part = f", part {one['part']}" if one["part"] else ""
        before = "" if one["people_before"] is None else f", of {one['people_before']:,} people"
        _table(
            console,
            f"{one['step']}{part}: {one['clause']}{before}",
            ("condition", "alone", "so far"),
            [
                (c["condition"], _number(c["alone"]), _number(c["cumulative"]))
                for c in one["conditions"]
            ],
        )
        if one.get("says"):
            console.print(literal(one["says"]), highlight=False)
    _table(
        console,
        "The first by profile_id",
        ("profile_id", "reason"),
        [(p["profile_id"], p["reason"] or "") for p in found["people"]],
    )


def _note(console: Console, found: Mapping[str, Any]) -> None:
    for cause, count in found["kept_out"].items():
        console.print(f"{count:,} more fulfil the rule and are kept out: {cause}", highlight=False)
    if found["rows_too_many"]:
        console.print(
            f"{found['rows_too_many']:,} rows too many: somebody is in it twice or has no "
            "profile_id, which a run refuses.",
            highlight=False,
        )
    if found["state"] != "active":
        console.print(
            f"It is {found['state']}: a run builds it and publishes no members.", highlight=False
        )


def show_why(console: Console, found: Mapping[str, Any]) -> None:
    """Print what `why` returned.

    Parameters:
        console: where to.
        found: see there.
    """
    verb = "is in" if found["is_member"] else "is not in"
    console.print(styled("[bold]{}[/] {} {}", found["profile_id"], verb, found["segment"]))
    if found["asked"] != found["profile_id"]:
        console.print(styled("asked for as {}", found["asked"]))
    if found["reason"]:
        console.print(styled("because of {}", found["reason"]))
    console.print(literal(found["says"]), highlight=False)
    if found["stays"]:
        columns = ("profile_id", "valid_from", "valid_to", "entering_cause", "leaving_cause")
        _table(
            console,
            "Stays",
            columns,
            [tuple("" if s[c] is None else str(s[c]) for c in columns) for s in found["stays"]],
        )
    _show_changes(console, found["changes"])
    if found["clauses"]:
        words = {True: "true", False: "false"}
        listed = [(c["clause"], words[c["is_true"]]) for c in found["clauses"]]
        _table(console, "Clauses, as of the last run", ("clause", ""), listed)
    _table(
        console,
        "Step by step",
        ("step", "", ""),
        [
            (s["step"], {True: "in", False: "out", None: "–"}[s["holds"]], s["says"] or "")
            for s in found["steps"]
        ],
    )
    for one in found["falls_out"]:
        where = f" {one['clause']}" if one["clause"] else ""
        console.print(styled("\n[bold]{}[/]{}: {}", one["step"], where, one["says"]))
        if one["conditions"]:
            _table(
                console,
                "",
                ("condition", "rows that pass", "values"),
                [
                    (c["condition"], f"{c['rows_that_pass']} of {one['rows']}", _values(c))
                    for c in one["conditions"]
                ],
            )


def _show_changes(console: Console, changes: Sequence[Mapping[str, Any]]) -> None:
    words = {True: "true", False: "false", None: "not known"}
    for one in changes:
        console.print(
            styled("\n[bold]{}[/] on {}: {}", one["change"], str(one["changed_on"]), one["why"]),
            soft_wrap=True,
        )
        if one["clauses"]:
            _table(
                console,
                "",
                ("clause", "before", "then"),
                [(c["clause"], words[c["was_true"]], words[c["is_true"]]) for c in one["clauses"]],
            )


def show_comparison(console: Console, found: Mapping[str, Any], limit: int) -> None:
    """Print what `compare` returned.

    Parameters:
        console: where to.
        found: see there.
        limit: most attributes of each kind.
    """
    other = found["other"] or "everybody else"
    console.print(
        styled(
            "[bold]{}[/], {} people, beside {}, {} people",
            found["segment"],
            f"{found['people']:,}",
            other,
            f"{found['other_people']:,}",
        )
    )
    _table(
        console,
        "Numbers and days, by standardised mean difference",
        ("attribute", "difference", "mean", "others' mean"),
        [
            (
                n["attribute"],
                "nobody varies" if n["score"] is None else f"{n['score']:+.2f}",
                _mean(n["mean"]),
                _mean(n["other_mean"]),
            )
            for n in found["numbers"][:limit]
        ],
    )
    _table(
        console,
        "Categories, by total variation distance",
        ("attribute", "distance", "values: share, others' share"),
        [
            (
                c["attribute"],
                f"{c['score']:.2f}",
                "; ".join(
                    f"{v['value']}: {v['share']:.1%}, {v['other_share']:.1%}" for v in c["values"]
                ),
            )
            for c in found["categories"][:limit]
        ],
    )


def show_overlaps(console: Console, name: str, found: Sequence[Mapping[str, Any]]) -> None:
    """Print what `overlap` returned.

    Parameters:
        console: where to.
        name: of the segment.
        found: see there.
    """
    _table(
        console,
        f"People that {name} shares",
        ("with", "people", "Jaccard"),
        [
            # Too few to be told of (macros/disclosure_control.sql).
            (o["segment_name"], "few", "")
            if o["profile_count"] is None
            else (o["segment_name"], f"{o['profile_count']:,}", f"{o['jaccard']:.1%}")
            for o in found
        ],
    )


def show_export(console: Console, found: Mapping[str, Any]) -> None:
    """Print what `export` returned.

    Parameters:
        console: where to.
        found: see there.
    """
    console.print(
        styled(
            "Wrote {} of {} members of {} to {}",
            f"{found['written']:,}",
            f"{found['members']:,}",
            found["segment"],
            found["file"],
        ),
        soft_wrap=True,
    )
    for cause, count in found["held_back"].items():
        console.print(f"{count:,} are held back: they {CAUSES[cause]}", highlight=False)


def _table(
    console: Console, title: str, columns: Sequence[str], listed: Sequence[Sequence[str]]
) -> None:
    if title:
        console.print(styled("\n[bold]{}[/]", title))
    table = Table(box=None, pad_edge=False)
    for name in columns:
        right = name in ("people", "alone", "so far", "difference", "distance", "Jaccard")
        table.add_column(literal(name), justify="right" if right else "left", overflow="fold")
    for row in listed:
        table.add_row(*(literal(cell) for cell in row))
    console.print(table)


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _mean(mean: float | str) -> str:
    return mean if isinstance(mean, str) else f"{mean:,.2f}"


def _values(condition: Mapping[str, Any]) -> str:
    return "; ".join(
        ", ".join(f"{name} = {'null' if value is None else value}" for name, value in row.items())
        for row in condition["values"]
    )
