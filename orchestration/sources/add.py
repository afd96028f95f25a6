"""`c360 source add`: looks at data, proposes what it means, writes the staging models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.prompt import Confirm
from rich.text import Text

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.project_files import editing, take_back_unfinished, write_all
from orchestration.settings import Settings
from orchestration.sources import said as keeping
from orchestration.sources.declares import PEOPLE, declare, declare_keyed, require_people
from orchestration.sources.doubts import doubts_of, refuse_doubts
from orchestration.sources.drafts import Table
from orchestration.sources.entities import read_entities
from orchestration.sources.evidence import describe
from orchestration.sources.generate import (
    Draft,
    check_source_name,
    fed_by,
    files_of,
    name_of,
    refuse_unsafe_names,
    registered,
)
from orchestration.sources.mapping import propose
from orchestration.sources.measure import Measured, measure, refuse_shared_keys, threshold_for
from orchestration.sources.overrules import columns_named, overrule_values
from orchestration.sources.proposals import Proposal
from orchestration.sources.said import Said
from orchestration.sources.samples import read_sample
from orchestration.sources.semantics import understand
from orchestration.sources.show import show_proposal
from orchestration.sources.sniff import find_tables
from orchestration.terminal import Console


def add_source(
    settings: Settings,
    name: str,
    location: str,
    *,
    yes: bool = False,
    dry_run: bool = False,
    save: Path | None = None,
    kept: Path | None = None,
    console: Console | None = None,
    **options: Any,
) -> list[str]:
    """Propose and write the staging models of a source.

    Parameters:
        settings: paths; the dbt project is written to.
        name: the source's name, lower snake case.
        location: a file, a folder, a pattern, `sqlite:///path` or `postgresql://user@host/db`.
        yes: write without asking.
        dry_run: show what would be written, and write nothing.
        save: a file to keep the proposal in, for review and to apply it again.
        kept: a proposal that was kept; what is said beside it wins.
        console: where to print.
        options: what the user says of the source, see `Said`.

    Returns:
        The names of the staging models written.

    Raises:
        UserError: the name can't be used, nothing can be read, a mapping can't be done, files are
            there already, nobody can be asked, or the proposal is in doubt.
    """
    console = console or Console()
    check_source_name(name)
    said, expected = Said(**options), keeping.Feeds()
    if kept is not None:
        earlier, expected = keeping.read(kept)
        said = said.over(earlier)
    said = said.with_currency()
    if not (yes or dry_run) and not (sys.stdin.isatty() and console.is_terminal):
        raise UserError(
            "Nobody can be asked here. Add --yes to write what is proposed, or run the command in "
            "a terminal.",
            2,
        )
    project_dir = settings.dbt_project_dir
    if take_back_unfinished(project_dir):
        console.print("What an earlier command, which was ended, left half done was taken back.")
    draft = _proposed(settings, name, location, said, console)
    feeds = {
        name_of(draft, p).removeprefix(f"stg_{name}__"): {
            column: feed.expression for column, feed in (*p.feeds.items(), *p.helpers.items())
        }
        for p in draft.proposals
    }
    if kept is not None:
        keeping.refuse_other_reading(expected, feeds)
    if save is not None:
        keeping.save(save, said, feeds)
        console.print(f"kept in {save}", soft_wrap=True, highlight=False)
    if dry_run:
        for path, text in files_of(draft, project_dir).items():
            console.print(Text(f"--- {path.name}\n{text}"), soft_wrap=True)
        console.print("Nothing was written, because of --dry-run.")
        return []
    if not yes:
        count = len(files_of(draft, project_dir))
        if not Confirm.ask(f"Write {count} files?", console=console):
            console.print("Nothing was written.")
            return []
    with editing(project_dir):
        # Made here, because another command may have changed the project meanwhile.
        texts = files_of(draft, project_dir)
        texts[project_dir / "dbt_project.yml"] = registered(draft, project_dir)
        write_all(project_dir, texts)
    for path in texts:
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)
    _warn_of_neighbours(console, settings, draft)
    _say_what_next(console, name, draft.tables)
    return [name_of(draft, p) for p in draft.proposals]


def _proposed(settings: Settings, name: str, location: str, said: Said, console: Console) -> Draft:
    """What is proposed of a place, shown; a UserError where it is in doubt."""
    project_dir = settings.dbt_project_dir
    entities = read_entities(project_dir)
    left_out: dict[str, str] = {}
    found = _chosen(find_tables(location, settings.landing_dir, left_out), said.tables)
    for file, reason in left_out.items():
        console.print(Text(f"{file} is left out: {reason}.", style="yellow"), soft_wrap=True)
    with duckdb.connect(":memory:") as con, console.status("Looking at the data ..."):
        con.execute("set timezone = 'UTC'")
        for table in found:
            read_sample(con, table, settings, said.renames)
            describe(con, table, project_dir)
        refuse_unsafe_names(found)
        for renamed in said.renames:
            columns_named(found, renamed, "--rename")
        overrule_values(found, said.formats, said.types)
        attributes, namespaces = declare_keyed(found, said)
        declare(found, attributes, namespaces, said.types, project_dir)
        maps = {**said.maps, **{t.name: (PEOPLE,) for t in found if t.keyed_by}}
        understand(con, found)
        fed = fed_by(project_dir, name)
        proposals = propose(con, found, entities, maps, said.currency, fed, project_dir)
        require_people(found, proposals)
        measured = [measure(con, project_dir, name, p) for p in proposals]
        refuse_shared_keys(con, project_dir, name, proposals)
    show_proposal(console, found, proposals, measured)
    guessed = [
        t for t in found
        if t.name not in maps and not any(p.table is t and p.is_reviewed for p in proposals)
    ]  # fmt: skip
    refuse_doubts(doubts_of(guessed, proposals, measured, said.currency, said.set_aside))
    thresholds: dict[str, float] = {}
    for proposal, result in zip(proposals, measured, strict=True):
        if (threshold := threshold_for(result.worst_share)) is not None:
            table_name = proposal.table.name
            thresholds[table_name] = max(threshold, thresholds.get(table_name, 0.0))
    notes = [_notes(p, m) for p, m in zip(proposals, measured, strict=True)]
    return Draft(name, found, proposals, thresholds, notes)


def _chosen(found: list[Table], wanted: Sequence[str]) -> list[Table]:
    names = [t.name for t in found]
    unknown = [w for w in wanted if w not in names]
    if unknown:
        raise UserError(f"There is no table {unknown[0]}; there are {', '.join(names)}.", 2)
    return [t for t in found if not wanted or t.name in wanted]


def _notes(proposal: Proposal, result: Measured) -> list[str]:
    seen = list(result.left_null)
    if threshold_for(result.worst_share) is not None:
        seen[:0] = [
            f"{entry.rows:,} of {result.rows:,} rows had the fault {entry.reason} in "
            f"{entry.column or 'the row'}"
            for entry in result.found[:3]
        ]
    return [*proposal.notes, *(f"When it was added, {text}" for text in seen)]


def _warn_of_neighbours(console: Console, settings: Settings, draft: Draft) -> None:
    """Two tables of a source must not use the same ids for different things; say which to check."""
    written = {name_of(draft, p) for p in draft.proposals}
    content = yaml.safe_load((settings.dbt_project_dir / "dbt_project.yml").read_text())
    for entity in dict.fromkeys(p.entity.name for p in draft.proposals):
        others = [
            model
            for model in content["vars"]["entity_sources"][entity]
            if model.startswith(f"stg_{draft.source}__") and model not in written
        ]
        if others:
            console.print(
                f"{others[0]} feeds {entity} of {draft.source} already: no id may occur in both. "
                "Where the same id means something else, add the table as a source of its own.",
                style="yellow",
            )


def _say_what_next(console: Console, name: str, found: Sequence[Table]) -> None:
    urls = {t.url for t in found if t.url}
    if any(url != without_password(url) for url in urls):
        console.print(
            "The password was not written. Give it to each run as PGPASSWORD, in ~/.pgpass or in "
            "the variable that meta.password_env names. One on the command line can be seen by "
            "other users and stays in the shell's history."
        )
    console.print(
        f"Review the files, then: c360 source check {name}, and c360 run.", highlight=False
    )
