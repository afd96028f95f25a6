"""`c360 source ...`: from a file somebody sent to a source that takes part in every refresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

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


def _said(flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text)


MAP = _said(
    "--map", "TABLE=ENTITY,ENTITY",
    "What a table holds, where the proposal is wrong; TABLE= keeps it in landing.",
)  # fmt: skip
RENAME = _said(
    "--rename", "COLUMN=MEANING",
    "What a column is, where its name does not say it; column_2=customer_id.",
)  # fmt: skip
FORMAT = _said(
    "--format", "COLUMN=FORMAT",
    "How a column is written: %d.%m.%Y, cents, decimal_comma, Europe/Berlin.",
)  # fmt: skip
TYPE = _said(
    "--type", "COLUMN=TYPE", "What its values are: text, integer, decimal, date or instant."
)
ATTRIBUTE = _said(
    "--attribute", "COLUMN[=NAME]",
    "A column that becomes an attribute of the person, and what it is called there.",
)  # fmt: skip
NAMESPACE = _said(
    "--namespace", "COLUMN=NAMESPACE",
    "A column that holds an identity, such as the CRM's ids in another system.",
)  # fmt: skip
KEYED_BY = _said(
    "--keyed-by", "COLUMN=NAMESPACE",
    "The ids of a file of attributes: all other columns are attributes, empty clears.",
)  # fmt: skip
SET_ASIDE = typer.Option(min=0, max=1, help="Share of a file's rows that may be set aside.")
SAVE = _said("--save", "FILE", "Keep the proposal as a file to review.")
KEPT = _said("--from", "FILE", "Apply a proposal that was kept; other readings stop.")
Texts = list[str] | None


def _pairs(texts: Texts, option: str) -> dict[str, str]:
    pairs = dict(text.split("=", 1) for text in texts or () if "=" in text)
    if len(pairs) < len(texts or ()):
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
    table: Annotated[Texts, typer.Option(help="Only this table; may be repeated.")] = None,
    maps: Annotated[Texts, MAP] = None,
    rename: Annotated[Texts, RENAME] = None,
    format_: Annotated[Texts, FORMAT] = None,
    type_: Annotated[Texts, TYPE] = None,
    attribute: Annotated[Texts, ATTRIBUTE] = None,
    namespace: Annotated[Texts, NAMESPACE] = None,
    keyed_by: Annotated[Texts, KEYED_BY] = None,
    currency: Annotated[
        str | None,
        typer.Option(help="Currency of amounts that come without one, ISO 4217; EUR without."),
    ] = None,
    set_aside: Annotated[float | None, SET_ASIDE] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, write nothing.")
    ] = False,
    save: Annotated[Path | None, SAVE] = None,
    kept: Annotated[Path | None, KEPT] = None,
    landing: Landing = None,
    yes: Yes = False,
) -> None:
    """Look at files or tables, propose what they mean, and write the staging models.

    Nothing is loaded. What is written is ready to edit, and takes part in the next `c360 run`.
    """
    from orchestration.sources.add import add_source

    add_source(
        begin(Path(landing) if landing else None),
        name,
        location,
        tables=table or (),
        maps={
            key: tuple(entity.strip() for entity in value.split(",") if entity.strip())
            for key, value in _pairs(maps, "--map").items()
        },
        renames=_pairs(rename, "--rename"),
        formats=[pair for text in format_ or () for pair in _pairs([text], "--format").items()],
        types=_pairs(type_, "--type"),
        attributes=dict(text.partition("=")[::2] for text in attribute or ()),
        namespaces=_pairs(namespace, "--namespace"),
        keyed_by=_pairs(keyed_by, "--keyed-by"),
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
    from orchestration.expectations.propose import propose_expectations

    confirm = typer.confirm if sys.stdin.isatty() else None
    propose_expectations(begin(), name, yes, confirm=confirm)
