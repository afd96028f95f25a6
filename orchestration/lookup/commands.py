"""`c360 profile ...`: one person, people by words, and what another merge policy would do."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from orchestration.beginning import begin
from orchestration.merging.commands import diff
from orchestration.terminal import Console


class _PersonUnlessCommand(TyperGroup):
    """`c360 profile email ann@x.org` is `c360 profile show email ann@x.org`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_PersonUnlessCommand,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help=(
        "Look people up: [bold]c360 profile email ann@example.org[/], [bold]c360 profile "
        "ID[/], or by words; and try another merge policy out."
    ),
)
app.command()(diff)
MOST = 1_000_000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def show(
    key: Annotated[
        str,
        typer.Argument(
            help="A profile's id, also a former one; a record, source_system:source_record_id; or "
            "with a value a namespace."
        ),
    ],
    value: Annotated[str | None, typer.Argument(help="The identity, as in email a@x.org.")] = None,
    activities: Annotated[
        int,
        typer.Option("--activities", min=0, max=MOST, help="Most activities, the latest first."),
    ] = 10,
    kind: Annotated[
        str | None, typer.Option("--type", help="Only activities of this type, such as order_line.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", formats=["%Y-%m-%d"], help="Only activities and changes from this day on."
        ),
    ] = None,
    changes: Annotated[
        int,
        typer.Option(
            "--changes", min=0, max=MOST, help="Most changes of attributes, the latest first."
        ),
    ] = 10,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="Only changes of this attribute.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say all that is known of a person: `show` may be left out.

    Attributes and where each comes from, identities, household, consent, measures, segments, the
    latest activities and changes. Shows personal data, to whoever may read the warehouse; logs
    none.
    """
    from orchestration.lookup.layers import connect_people, require_readable
    from orchestration.lookup.person import Asked, look_up, profile_asked_for
    from orchestration.lookup.show import show_person

    settings = begin()
    day = since.date() if since else None
    asked = Asked(activities, kind, day, changes, attribute)
    require_readable(key, value, kind, attribute)
    with connect_people(settings) as con:
        found = look_up(con, profile_asked_for(con, key, value), asked)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
    else:
        show_person(Console(), found)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="Words: names, places, parts of addresses.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most people.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find people by words that stand in their attributes, or begin a word there; any of them.

    Which attributes are looked in, and what each is worth, is dbt_project/seeds/policy/
    search_columns.csv. Whoever has more of the words comes first.
    """
    from orchestration.lookup.layers import connect_people, require_readable
    from orchestration.lookup.search import search as search_people
    from orchestration.lookup.show import show_people

    settings = begin()
    require_readable(*text)
    with connect_people(settings) as con:
        found = search_people(con, settings.dbt_project_dir, " ".join(text), limit)
    if as_json:
        print(json.dumps(found.people, indent=2, default=str))
    elif found.people:
        show_people(Console(), found.people)
    else:
        print("Nobody is found by these words.", file=sys.stderr)
    if found.left_out:
        told = ", ".join(found.left_out)
        print(f"Not looked for, because too many people have it: {told}.", file=sys.stderr)
