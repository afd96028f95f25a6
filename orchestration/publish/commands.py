"""`c360 publish`: publish again, list the kept versions, go back to one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.terminal import Console

if TYPE_CHECKING:
    from orchestration.publish.publish import Published

app = typer.Typer(
    invoke_without_command=True,
    help="Publish again what has passed every gate; list the versions that are kept, or go back.",
)
out = Console()
HEADINGS = ("version", "", "published (UTC)", "as of", "rows", "MB", "run")


@app.callback()
def publish(context: typer.Context) -> None:
    """Publish again what has passed every gate, through every door; anything else is refused.

    Ends with 1 when a door beside the file does not show it.
    """
    if context.invoked_subcommand is None:
        from orchestration.publish.publish import publish_again

        _tell(publish_again(begin()))


@app.command(name="list")
def list_versions(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """List the versions that are kept, the newest first, and which one is published."""
    from orchestration.publish.versions import current_version, kept_versions, shown_as

    settings = begin()
    versions = kept_versions(settings)
    current = current_version(settings, versions)
    shown = [shown_as(version, current) for version in versions]
    if as_json:
        print(json.dumps(shown, indent=2))
        return
    if not shown:
        raise UserError("No version is kept yet. `c360 run` publishes the first.", 3)
    cells = [HEADINGS] + [
        (
            str(v["version"]),
            "current" if v["current"] else "",
            str(v["published_at"])[:16].replace("T", " "),
            str(v["as_of"] or ""),
            f"{v['rows']:,}",
            f"{int(str(v['bytes'])) / 1e6:.1f}",
            str(v["run_id"]),
        )
        for v in shown
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    for row in cells:
        # Lines and not a table: a narrow terminal wraps them, and nothing is cut off.
        line = "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
        out.print(Text(line.rstrip()), soft_wrap=True)


@app.command()
def rollback(
    version: Annotated[
        str | None,
        typer.Argument(help="The version or the beginning of its name; by default the one before."),
    ] = None,
) -> None:
    """Show an earlier version through every door; the next run publishes the newest again."""
    from orchestration.publish.publish import roll_back

    _tell(roll_back(begin(), version))
    out.print("The next run, or `c360 publish`, publishes the newest version again.")


def _tell(published: Published) -> None:
    count = len(published.tables)
    text = f"Published {count} tables to {published.path}, version {published.version}."
    out.print(text, soft_wrap=True)
    if published.faults:
        raise UserError(f"The file is published, but {'; '.join(published.faults)}")
