"""`c360 source ...`: from a file somebody sent to a source that takes part in every refresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.terminal import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Add, check and list the sources of customer data.",
)
Name = Annotated[str, typer.Argument(help="The source system, such as web_shop.")]
Yes = Annotated[bool, typer.Option("--yes", help="Write without asking.")]
Landing = Annotated[
    str | None,
    typer.Option("--landing", help="Folder with the source files; default <data>/landing."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _pairs(texts: list[str], option: str) -> dict[str, str]:
    pairs = dict(text.split("=", 1) for text in texts if "=" in text)
    if len(pairs) < len(texts):
        raise UserError(f"{option} takes name=value, as in {option} a=b.", 2)
    return pairs


@app.command()
def check(name: Name, landing: Landing = None, as_json: AsJson = False) -> None:
    """Read a source's files as a run would and say what it would make of them.

    Nothing is loaded into the warehouse. The exit code is 1 when the source would stop a run.
    """
    from orchestration.sources.check import check_source

    if not check_source(begin(Path(landing) if landing else None), name, Console(), as_json):
        raise typer.Exit(1)


@app.command()
def add(
    name: Name,
    location: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_URL",
            help="A file, a folder, a pattern, sqlite:///path or postgresql://user@host/db.",
        ),
    ],
    table: Annotated[
        list[str] | None, typer.Option("--table", help="Only this table; may be repeated.")
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="TABLE=ENTITY,ENTITY",
            help="What a table holds, where the proposal is wrong; TABLE= keeps it in landing.",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="COLUMN=MEANING",
            help="What a column is, where its name does not say it; column_2=customer_id.",
        ),
    ] = None,
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="COLUMN=FORMAT",
            help="How a column is written: %d.%m.%Y, cents, decimal_comma, Europe/Berlin.",
        ),
    ] = None,
    type_: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="COLUMN=TYPE",
            help="What its values are: text, integer, decimal, date or instant.",
        ),
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            metavar="COLUMN[=NAME]",
            help="A column that becomes an attribute of the person, and what it is called there.",
        ),
    ] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace",
            metavar="COLUMN=NAMESPACE",
            help="A column that holds an identity, such as the CRM's ids in another system.",
        ),
    ] = None,
    keyed_by: Annotated[
        list[str] | None,
        typer.Option(
            "--keyed-by",
            metavar="COLUMN=NAMESPACE",
            help="The ids of a file of attributes: all other columns are attributes, empty clears.",
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(help="Currency of amounts that come without one, ISO 4217; EUR without."),
    ] = None,
    set_aside: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of a file's rows that may be set aside."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, write nothing.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Keep the proposal as a file to review."),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Apply a proposal that was kept; other readings stop."
        ),
    ] = None,
    landing: Landing = None,
    yes: Yes = False,
) -> None:
    """Look at files or tables, propose what they mean, and write the staging models.

    Nothing is loaded. What is written is ready to edit, and takes part in the next `c360 run`.
    """
    from orchestration.sources.add import add_source

    mapped = {
        key: tuple(entity.strip() for entity in value.split(",") if entity.strip())
        for key, value in _pairs(maps or [], "--map").items()
    }
    add_source(
        begin(Path(landing) if landing else None),
        name,
        location,
        tables=table or (),
        maps=mapped,
        renames=_pairs(rename or [], "--rename"),
        formats=[pair for text in format_ or [] for pair in _pairs([text], "--format").items()],
        types=_pairs(type_ or [], "--type"),
        attributes=dict(text.partition("=")[::2] for text in attribute or []),
        namespaces=_pairs(namespace or [], "--namespace"),
        keyed_by=_pairs(keyed_by or [], "--keyed-by"),
        currency=currency,
        set_aside=set_aside,
        yes=yes,
        dry_run=dry_run,
        save=save,
        kept=kept,
    )


@app.command()
def remove(name: Name, yes: Yes = False) -> None:
    """Take a source back: its declaration, its staging models and their place in the project.

    Files of data stay. Its rows leave the tables with the next run.
    """
    from orchestration.sources.remove import files_of_source, remove_source

    settings = begin()
    files = files_of_source(settings.dbt_project_dir, name)
    if not yes:
        typer.confirm(f"Remove {len(files)} files in {files[0].parent}?", abort=True)
    for path in remove_source(settings, name):
        typer.echo(f"removed {path}")


@app.command("list")
def list_(landing: Landing = None, as_json: AsJson = False) -> None:
    """Show every source table: rows, rejects, how fresh it is, and what went wrong last."""
    from orchestration.sources.listing import list_sources

    list_sources(begin(Path(landing) if landing else None), as_json)


@app.command()
def expectations(name: Name, yes: Yes = False) -> None:
    """Propose from a source's profile what to expect of it; a reviewed proposal is enforced."""
    from orchestration.sources.expectations import propose_expectations

    confirm = typer.confirm if sys.stdin.isatty() else None
    propose_expectations(begin(), name, yes, confirm=confirm)
