"""A segment's files: written anew, and taken away when nothing uses them."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.errors import UserError
from orchestration.project_files import editing, replace_text, write_all
from orchestration.segments.declared import (
    FOLDER,
    LISTED_IN,
    NAME,
    OWNER,
    Segment,
    list_text,
    segments_of,
)
from orchestration.segments.templates import SQL, yaml_of

BRACES = re.compile(r"[{}\x00-\x1f\x7f]")
"""Braces would be Jinja in a YAML that dbt renders."""


def write_segment(
    dbt_project_dir: Path, name: str, title: str, purpose: str, owner: str
) -> tuple[Path, Path]:
    """Write the SQL and the YAML of a new segment, a draft.

    Parameters:
        dbt_project_dir: the dbt project.
        name: of the segment.
        title: what reports call it; made of the name when empty.
        purpose: what it is for; may be empty.
        owner: the team that answers for the rule.

    Returns:
        The SQL and the YAML file.

    Raises:
        UserError: the name can't be used or is taken, the owner is none, or a text can't stand in
            YAML that dbt renders. Nothing is written then.
    """
    for word, text in (("--title", title), ("--purpose", purpose), ("--owner", owner)):
        if BRACES.search(text):
            raise UserError(f"{word} is one line without braces, which dbt would follow.", 2)
    sql, described = (dbt_project_dir / FOLDER / f"{name}{end}" for end in (".sql", ".yml"))
    if not re.fullmatch(OWNER, owner):
        raise UserError(f"--owner is a team, as team:marketing, or an address, not '{owner}'.", 2)
    with editing(dbt_project_dir):
        require_free(dbt_project_dir, name)
        title = title or name.replace("_", " ").capitalize()
        write_all(dbt_project_dir, {sql: SQL, described: yaml_of(name, title, purpose, owner)})
    return sql, described


def remove_segment(dbt_project_dir: Path, name: str) -> list[Path]:
    """Delete the files of a segment that nothing uses.

    Parameters:
        dbt_project_dir: the dbt project.
        name: of the segment.

    Returns:
        The files that were deleted.

    Raises:
        UserError: there is no such segment, or something uses it; the message says what.
    """
    with editing(dbt_project_dir):
        segment = named(dbt_project_dir, name)
        if users := users_of(dbt_project_dir, segment):
            raise UserError(
                f"{name} is used and stays: {'; '.join(users)}. Take it out there first, or set "
                "its state to inactive.",
                2,
            )
        described_in = segment.described_in
        if described_in and described_in.stem != name:
            raise UserError(
                f"{FOLDER / described_in.name} describes {name} and may describe others. Move what "
                f"it says of {name} to {name}.yml first.",
                2,
            )
        files = [
            path
            for path in (
                dbt_project_dir / FOLDER / f"{name}.sql",
                described_in or dbt_project_dir / FOLDER / f"{name}.yml",
                dbt_project_dir / FOLDER / f"{name}_unit_tests.yml",
                dbt_project_dir / "segment_rules" / f"{name}.yml",
            )
            if path.exists()
        ]
        for path in files:
            path.unlink()
        replace_text(dbt_project_dir / LISTED_IN, list_text(dbt_project_dir))
    return files


def named(dbt_project_dir: Path, name: str) -> Segment:
    """The segment of that name.

    Raises:
        UserError: there is none; the message has the nearest names.
    """
    from difflib import get_close_matches

    known = {segment.name: segment for segment in segments_of(dbt_project_dir)}
    if name not in known:
        near = get_close_matches(name, known, 3) or sorted(known)
        raise UserError(f"There is no segment '{name}'. There are: {', '.join(near)}.", 2)
    return known[name]


def users_of(dbt_project_dir: Path, segment: Segment) -> list[str]:
    """What uses a segment: models, rules, report queries and dashboards, and what its YAML says.

    Parameters:
        dbt_project_dir: the dbt project.
        segment: one of its segments.
    """
    name = re.escape(segment.name)
    project = dbt_project_dir.parent
    places = (
        (dbt_project_dir / "models", "*.sql", rf"ref\(\s*['\"]{name}['\"]\s*\)|'{name}'"),
        (dbt_project_dir / "tests", "*.sql", rf"ref\(\s*['\"]{name}['\"]\s*\)"),
        (dbt_project_dir / "segment_rules", "*.yml", rf"\b{name}\b"),
        (project / "sql_templates", "*.sql", rf"'{name}'"),
        (project / "dashboards", "*.yml", rf"\b{name}\b"),
    )
    own = {segment.path, dbt_project_dir / LISTED_IN}
    own.add(dbt_project_dir / "segment_rules" / f"{segment.name}.yml")
    found = [
        str(path.relative_to(project))
        for folder, pattern, text in places
        for path in sorted(folder.rglob(pattern))
        if path not in own and re.search(text, path.read_text("utf-8", "replace"))
    ]
    return found + [
        f"meta.segment says it is used in {use}" for use in segment.said.get("uses") or []
    ]


def require_free(dbt_project_dir: Path, name: str) -> None:
    """Refuse a name that a segment can't have, or that a model or seed has.

    Raises:
        UserError: it says which file has it.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"'{name}' can't be the name of a segment. Take 2 to 63 lower case letters, digits and "
            "underscores, a letter first, such as silent_for_a_year.",
            2,
        )
    taken = [
        path
        for part in ("models", "seeds")
        for path in sorted((dbt_project_dir / part).rglob(f"{name}.*"))
        if path.suffix in (".sql", ".py", ".csv", ".yml")
    ]
    if taken:
        raise UserError(
            f"There is already {taken[0].relative_to(dbt_project_dir)}. Take another name, or edit "
            "that file.",
            2,
        )
