"""`c360 segment suggest`: groups on a terminal, and one of them as the file of a rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.segments.commands import AsJson
from orchestration.terminal import Console, literal, styled

OWNER = "team:marketing-analytics"


def suggest_groups(
    field: Annotated[
        str, typer.Argument(help="What groups differ in, such as customer_attributes.net_amount.")
    ],
    equals: Annotated[
        str | None, typer.Option(help="Of a text: the value whose share counts.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="What groups are made of, such as profiles.country_code; repeatable."),
    ] = None,
    groups: Annotated[int, typer.Option(help="Most groups, 2 to 8.")] = 5,
    least: Annotated[int, typer.Option(help="Fewest people of a group in each half.")] = 50,
    save: Annotated[
        str | None, typer.Option(help="Write the group of --group as segment_rules/NAME.yml.")
    ] = None,
    group: Annotated[int, typer.Option(min=1, help="Which group --save writes.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Suggest segments: groups of people in whom a measure is higher or lower than in others.

    Half of the people say what the groups are, the other half whether they differ; what does not
    differ there is listed as not confirmed. Personal data is no part of a group.
    """
    from orchestration.segment_tools.suggesting import Question, suggest

    settings = begin()
    found = suggest(settings, Question(field, equals, tuple(by or ()), groups, least))
    if as_json:
        print(json.dumps(found, indent=2, default=str))
    else:
        _show(Console(), found)
    if save is not None:
        path = write_rule(settings.dbt_project_dir, save, found, group)
        Console(stderr=True).print(
            styled("Wrote {}. It is a draft; c360 segment compile makes its model.", str(path)),
            soft_wrap=True,
        )


def write_rule(project: Path, name: str, found: Mapping[str, Any], group: int) -> Path:
    """Write a group as the file of a rule, a draft.

    Parameters:
        project: the dbt project.
        name: of the segment.
        found: as `suggest` returns it.
        group: its number, from 1.

    Raises:
        UserError: there is no such group, it is not confirmed, or the name can't be used or is
            taken. Nothing is written then.
    """
    from orchestration.project_files import editing, write_all
    from orchestration.segments.checking import read_rule
    from orchestration.segments.files import require_free
    from orchestration.segments.reading import parse_rule_text
    from orchestration.segments.rule_files import RULES
    from orchestration.segments.rule_text import rule_text

    if group > len(found["groups"]):
        raise UserError(f"There are {len(found['groups'])} groups, so no group {group}.", 2)
    chosen = found["groups"][group - 1]
    if not chosen["is_confirmed"]:
        raise UserError(
            f"Group {group} does not differ in people whom it was not made from, so it is not "
            "written.",
            1,
        )
    way = "higher" if chosen["tried"] > chosen["rest"] else "lower"
    asked = found["field"] + (f" = {found['equals']}" if found["equals"] is not None else "")
    said = {
        "title": name.replace("_", " ").capitalize(),
        "owner": OWNER,
        "purpose": f"Suggested: {asked} is {way} than in others.",
        "state": "draft",
        "include": {"all": chosen["clauses"]},
    }
    text, path = rule_text(said), project / RULES / f"{name}.yml"
    with editing(project):
        require_free(project, name)
        if path.exists():
            raise UserError(f"There is already {RULES / path.name}. Take another name.", 2)
        read_rule(parse_rule_text(text.encode("utf-8"), str(RULES / path.name)))
        write_all(project, {path: text})
    return path


def _show(console: Console, found: Mapping[str, Any]) -> None:
    asked = found["field"] + (f" = {found['equals']}" if found["equals"] is not None else "")
    console.print(
        styled(
            "[bold]{}[/]: {} {} of {} people; {} have no value. {} columns were looked at.",
            asked, found["unit"], _number(found, found["everybody"]), f"{found['people']:,}",
            f"{found['unknown']:,}", str(found["columns"]),
        )
    )  # fmt: skip
    if not any(g["is_confirmed"] for g in found["groups"]):
        console.print("No group was found in which it differs.")
    for number, group in enumerate(found["groups"], start=1):
        told = "not confirmed"
        if group["is_confirmed"]:
            ends = sorted(abs(group[end]) for end in ("low", "high"))
            way = "higher" if group["low"] > 0 else "lower"
            told = f"{way} by {_number(found, ends[0])} to {_number(found, ends[1])}"
        console.print(
            styled(
                "\n[bold]{}[/]  {} people, {}: {} {}, others {}, {}",
                str(number), f"{group['people']:,}", f"{group['share']:.1%}", found["unit"],
                _number(found, group["tried"]), _number(found, group["rest"]), told,
            ),
            soft_wrap=True,
        )  # fmt: skip
        for clause in group["clauses"]:
            console.print(literal(f"   {_words(clause)}"), soft_wrap=True, highlight=False)


def _words(clause: Mapping[str, Any]) -> str:
    if "none" in clause:
        return f"not ({_words(clause['none'][0])})"
    words = f"{clause['field']} {clause['operator'].replace('_', ' ')}"
    return words + (f" {clause['value']}" if "value" in clause else "")


def _number(found: Mapping[str, Any], value: float) -> str:
    return f"{value:,.2f}" if found["unit"] == "mean" else f"{value:.1%}"
