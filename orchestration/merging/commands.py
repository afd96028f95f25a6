"""`c360 profile diff`: what a changed merge policy would do to the profiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.terminal import Console


def diff(
    policy: Annotated[
        Path | None,
        typer.Option("--policy", help="Folder with policy files that stand in for the project's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say what the merge policies as they are now would change: profiles, by attribute.

    Merges the people of the last run beside its profiles and removes that again; nothing is
    published.
    """
    from orchestration.merging.diff import compare_merging, show
    from orchestration.progress import ConsoleReporter, SilentReporter, report_to

    settings = begin()
    with ConsoleReporter(Console(stderr=True)) as reporter:
        report_to(reporter)
        try:
            answer = compare_merging(settings, policy)
        finally:
            report_to(SilentReporter())
    if as_json:
        print(json.dumps(answer, indent=2, default=str))
    else:
        show(Console(), answer)
