"""`c360 activation new`, `check`, `plan`, `run`, `log`, `replay`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.lookup.layers import require_readable
from orchestration.terminal import Console, styled

if TYPE_CHECKING:
    from orchestration.activation.runs import Ended

app = typer.Typer(no_args_is_help=True, help="Send segments to where they are used.")
Name = Annotated[str, typer.Argument(help="Of a sync: a file in activation/syncs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def new(name: Name) -> None:
    """Write a sync's file and, where there is none, a destination's, to be filled in."""
    from orchestration.activation.starting import start

    require_readable(name)
    for path in start(begin(), name):
        Console().print(styled("[green]+[/] {}", str(path)))


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(help="Syncs; all without.")] = None,
) -> None:
    """Read the files of syncs and destinations, and tell every fault with file, line and remedy.

    Syncs are held to the policies over data usage labels. Ends with 1 where one can't be followed.
    """
    from orchestration.activation.checking import NOT_HELD, checked, is_held

    require_readable(*(names or ()))
    console, faults, settings = Console(), 0, begin()
    if not is_held(settings):
        console.print(NOT_HELD, soft_wrap=True)
    for name, fault in checked(settings, names or ()):
        faults += bool(fault)
        console.print(
            styled("[red]✗[/] {}", fault) if fault else styled("[green]✓[/] {}", name),
            soft_wrap=True,
        )
    if faults:
        raise typer.Exit(1)


@app.command()
def plan(name: Name, as_json: AsJson = False) -> None:
    """Say what a run would do, by operation and reason, with the plan's hash; nothing is sent."""
    from orchestration.activation.running import plan_sync

    require_readable(name)
    _show(name, plan_sync(begin(), name), as_json)


@app.command()
def run(
    name: Name,
    plan: Annotated[
        str, typer.Option("--plan", help="The hash of a plan that goes through the guards.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Send what changed since the other end last acknowledged it, and take away who left.

    Ends with 1 where it was stopped before all was sent.
    """
    from orchestration.activation.running import run_sync
    from orchestration.progress import bar

    require_readable(name, plan)
    with bar(Console(stderr=True, quiet=as_json)) as shown:
        ended = run_sync(begin(), name, plan, progress=lambda done, total: shown(name, done, total))
    _show(name, ended, as_json)
    if ended.state in ("stopped", "unsettled"):
        raise typer.Exit(1)


@app.command()
def log(
    name: Annotated[str | None, typer.Argument(help="Of a sync; all without.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most runs that are shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the runs of syncs, the latest first, with what became of their rows."""
    from orchestration.activation.reporting import runs

    require_readable(name)
    found = runs(begin(), name, limit)
    if as_json:
        _print(found)
        return
    console = Console()
    for one in found:
        console.print(
            styled(
                "[bold]{}[/] {} {}: {} accepted, {} rejected, {} without an answer, {} calls{}",
                str(one["sync_name"]), str(one["started_at"])[:19], str(one["state"]),
                one["accepted_count"] or 0, one["rejected_count"] or 0, one["unknown_count"] or 0,
                one["call_count"] or 0, f". {one['message']}" if one["message"] else "",
            ),
            soft_wrap=True,
        )  # fmt: skip


@app.command()
def replay(
    name: Name,
    outcome: Annotated[
        Literal["arrived", "lost"],
        typer.Option("--as", help="What you saw at the other end: the rows arrived, or are lost."),
    ],
) -> None:
    """Settle rows that got no answer and can't be sent again without harm, as you saw it there."""
    from orchestration.activation.reporting import settle_by_hand

    require_readable(name)
    count = settle_by_hand(begin(), name, outcome)
    if not count:
        raise UserError(f"{name} has no rows without an answer. Nothing was changed.", 2)
    Console().print(styled("{} rows of {} count as {} now.", f"{count:,}", name, outcome))


def _show(name: str, ended: Ended, as_json: bool) -> None:
    plan = ended.plan
    if as_json:
        _print({
            "sync": name, "run_id": ended.run_id, "state": ended.state, "message": ended.message,
            "plan": plan.hash, "is_first": plan.is_first, "rows": plan.rows,
            "operations": dict(plan.counts),
            "reasons": [
                {"operation": o, "reason": r, "rows": n} for (o, r), n in plan.reasons.items()
            ],
            "values_left_out": [
                {"column": c, "reason": r, "rows": n} for (c, r), n in ended.sealed.dropped.items()
            ],
            "calls": ended.calls, "accepted": ended.accepted, "rejected": ended.rejected,
            "unknown": ended.unknown, "withheld": ended.withheld,
        })  # fmt: skip
        return
    console = Console()
    console.print(
        styled("[bold]{}[/]: {}, plan {}", name, ended.state.replace("_", " "), plan.hash)
    )
    if ended.message:
        console.print(styled("[yellow]{}[/]", ended.message), soft_wrap=True)
    if plan.is_first and plan.sent:
        console.print(
            styled(
                "The ledger has no earlier run of {}: nobody is taken away, and rows that left "
                "before may still stand at the other end.", name,
            ),
            soft_wrap=True,
        )  # fmt: skip
    for operation, count in plan.counts.items():
        if not count:
            continue
        why = ", ".join(f"{n:,} {r}" for (o, r), n in plan.reasons.items() if o == operation)
        console.print(styled("  {:>10}  {}{}", f"{count:,}", operation, f" ({why})" if why else ""))
    for (column, reason), count in ended.sealed.dropped.items():
        console.print(styled("  {:>10}  values of {} left out: {}", f"{count:,}", column, reason))
    if ended.withheld:
        console.print(
            styled("  {:>10}  kept back: consent was withdrawn since", f"{ended.withheld:,}")
        )
    if ended.run_id:
        console.print(
            styled(
                "{} accepted, {} rejected, {} without an answer, in {} calls.",
                f"{ended.accepted:,}", f"{ended.rejected:,}", f"{ended.unknown:,}",
                f"{ended.calls:,}",
            )
        )  # fmt: skip


def _print(found: Any) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
