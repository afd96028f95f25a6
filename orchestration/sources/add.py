"""`c360 source add`: looks at data, proposes what it means, writes the staging models."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
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
from orchestration.sources import kept as keeping
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
    tables: Sequence[str] = (),
    maps: Mapping[str, Sequence[str]] | None = None,
    renames: Mapping[str, str] | None = None,
    formats: Sequence[tuple[str, str]] = (),
    types: Mapping[str, str] | None = None,
    attributes: Mapping[str, str] | None = None,
    namespaces: Mapping[str, str] | None = None,
    keyed_by: Mapping[str, str] | None = None,
    currency: str | None = None,
    set_aside: float | None = None,
    yes: bool = False,
    dry_run: bool = False,
    save: Path | None = None,
    kept: Path | None = None,
    console: Console | None = None,
) -> list[str]:
    """Propose and write the staging models of a source.

    Parameters:
        settings: paths; the dbt project is written to.
        name: the source's name, lower snake case.
        location: a file, a folder, a pattern, `sqlite:///path` or `postgresql://user@host/db`.
        tables: only these of the tables found; all when empty.
        maps: entities per table, where the proposal is to be overruled; an empty sequence is
            landing only.
        renames: what a column means, by its name in the file; ignore is nothing.
        formats: how a column is written: a date pattern, unit, decimal mark or time zone.
        types: what a column's values are; what is no such value counts for none.
        attributes: columns that become attributes of the person, with the attribute's name.
        namespaces: columns that hold an identity, with its namespace.
        keyed_by: columns with the customers' ids, with their namespace; their tables are keyed
            attribute files, and all their other columns attributes.
        currency: the currency of tables that do not say it, ISO 4217; EUR where nothing says it.
        set_aside: the share of a file's rows that may be set aside.
        yes: write without asking.
        dry_run: show what would be written, and write nothing.
        save: a file to keep the proposal in, for review and to apply it again.
        kept: a proposal that was kept; what is said beside it wins.
        console: where to print.

    Returns:
        The names of the staging models written.

    Raises:
        UserError: the name can't be used, nothing can be read, a mapping can't be done, files are
            there already, nobody can be asked, or the proposal is in doubt.
    """
    console = console or Console()
    check_source_name(name)
    said: dict[str, Any] = {
        "tables": tables, "maps": maps or {}, "renames": renames or {}, "formats": formats,
        "types": types or {}, "attributes": attributes or {}, "namespaces": namespaces or {},
        "keyed_by": keyed_by or {},
        "currency": currency, "set_aside": set_aside,
    }  # fmt: skip
    expected: dict[str, dict[str, str]] = {}
    if kept is not None:
        earlier, expected = keeping.read(kept)
        said |= {k: v for k, v in earlier.items() if not said[k]}
    tables, maps, renames = said["tables"], said["maps"], said["renames"]
    formats, types, currency = said["formats"], said["types"], said["currency"]
    set_aside = said["set_aside"]
    if currency is not None and not (
        len(currency) == 3 and currency.isascii() and currency.isalpha()
    ):
        raise UserError(f"'{currency[:20]}' is no currency. Use an ISO 4217 code such as EUR.", 2)
    currency = currency and currency.upper()
    if not (yes or dry_run) and not (sys.stdin.isatty() and console.is_terminal):
        raise UserError(
            "Nobody can be asked here. Add --yes to write what is proposed, or run the command in "
            "a terminal.",
            2,
        )
    if take_back_unfinished(settings.dbt_project_dir):
        console.print("What an earlier command, which was ended, left half done was taken back.")
    entities = read_entities(settings.dbt_project_dir)
    left_out: dict[str, str] = {}
    found = _chosen(find_tables(location, settings.landing_dir, left_out), tables)
    for file, reason in left_out.items():
        console.print(Text(f"{file} is left out: {reason}.", style="yellow"), soft_wrap=True)
    with duckdb.connect(":memory:") as con:
        con.execute("set timezone = 'UTC'")
        with console.status("Looking at the data ..."):
            for table in found:
                read_sample(con, table, settings, renames)
                describe(con, table, settings.dbt_project_dir)
            refuse_unsafe_names(found)
            for renamed in renames or {}:
                columns_named(found, renamed, "--rename")
            overrule_values(found, formats, types or {})
            declare_keyed(found, said)
            declare(found, said["attributes"], said["namespaces"], types, settings.dbt_project_dir)
            maps = {**(maps or {}), **{t.name: (PEOPLE,) for t in found if t.keyed_by}}
            understand(con, found)
            fed = fed_by(settings.dbt_project_dir, name)
            proposals = propose(
                con, found, entities, maps or {}, currency, fed, settings.dbt_project_dir
            )
            require_people(found, proposals)
            measured = [measure(con, settings.dbt_project_dir, name, p) for p in proposals]
            refuse_shared_keys(con, settings.dbt_project_dir, name, proposals)
    show_proposal(console, found, proposals, measured)
    guessed = [
        t for t in found
        if t.name not in (maps or {}) and not any(p.table is t and p.is_reviewed for p in proposals)
    ]  # fmt: skip
    refuse_doubts(doubts_of(guessed, proposals, measured, currency, set_aside))
    draft = Draft(
        name, found, proposals, _thresholds(proposals, measured), _notes(proposals, measured)
    )
    feeds = {
        name_of(draft, p).removeprefix(f"stg_{name}__"): {
            column: feed.expression for column, feed in (*p.feeds.items(), *p.helpers.items())
        }
        for p in proposals
    }
    if kept is not None:
        keeping.refuse_other_reading(expected, feeds)
    if save is not None:
        keeping.save(save, said, feeds)
        console.print(f"kept in {save}", soft_wrap=True, highlight=False)
    if dry_run:
        for path, text in files_of(draft, settings.dbt_project_dir).items():
            console.print(Text(f"--- {path.name}\n{text}"), soft_wrap=True)
        console.print("Nothing was written, because of --dry-run.")
        return []
    if not yes:
        texts = files_of(draft, settings.dbt_project_dir)
        if not Confirm.ask(f"Write {len(texts)} files?", console=console):
            console.print("Nothing was written.")
            return []
    with editing(settings.dbt_project_dir):
        # Made here, because another command may have changed the project meanwhile.
        texts = files_of(draft, settings.dbt_project_dir)
        project = settings.dbt_project_dir / "dbt_project.yml"
        write_all(
            settings.dbt_project_dir,
            {**texts, project: registered(draft, settings.dbt_project_dir)},
        )
    for path in (*texts, project):
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)
    _warn_of_neighbours(console, settings, draft)
    _say_what_next(console, name, found)
    return [name_of(draft, p) for p in proposals]


def _chosen(found: list[Table], wanted: Sequence[str]) -> list[Table]:
    names = [t.name for t in found]
    unknown = [w for w in wanted if w not in names]
    if unknown:
        raise UserError(f"There is no table {unknown[0]}; there are {', '.join(names)}.", 2)
    return [t for t in found if not wanted or t.name in wanted]


def _thresholds(proposals: Sequence[Proposal], measured: Sequence[Measured]) -> dict[str, float]:
    thresholds: dict[str, float] = {}
    for proposal, result in zip(proposals, measured, strict=True):
        if (threshold := threshold_for(result.worst_share)) is not None:
            table = proposal.table.name
            thresholds[table] = max(threshold, thresholds.get(table, 0.0))
    return thresholds


def _notes(proposals: Sequence[Proposal], measured: Sequence[Measured]) -> list[list[str]]:
    notes = []
    for proposal, result in zip(proposals, measured, strict=True):
        said = list(proposal.notes)
        if threshold_for(result.worst_share) is not None:
            said += [
                f"When it was added, {entry.rows:,} of {result.rows:,} rows had the fault "
                f"{entry.reason} in {entry.column or 'the row'}"
                for entry in result.found[:3]
            ]
        said += (f"When it was added, {text}" for text in result.left_null)
        notes.append(said)
    return notes


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
