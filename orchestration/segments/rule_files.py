"""Rule files of a project, and the models that they are compiled to."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from orchestration.errors import UserError
from orchestration.project_files import editing, write_all
from orchestration.segments.catalogue import CLOCK, Catalogue, is_plain, nearest, read_catalogue
from orchestration.segments.checking import check_circles, check_rule, read_rule, segments_read
from orchestration.segments.checks import check_sql
from orchestration.segments.compiler import IS_COMPILED, compile_rule
from orchestration.segments.declared import FOLDER, keep_listed
from orchestration.segments.reading import Document, read_rule_text, shown
from orchestration.segments.rule import Rule

RULES = Path("segment_rules")
MOST_RULES = 2000
REFERENCE = re.compile(r"\bref\(\s*['\"]([a-z][a-z0-9_]*)['\"]\s*\)")
YAML = """\
# Compiled from segment_rules/{name}.yml by `c360 segment compile`; edit that file.
version: 2

models:
  - name: {name}
    description: >
{description}
    config:
      meta:
        owner: {owner}
        segment:
          title: {title}
          purpose: >-
{purpose}
          state: {state}
{more}    columns:
      - name: profile_id
        description: The person; see `profile.profiles`.
        data_tests: [unique, not_null]
      - name: reason
        description: What of the rule is true of the person, in words; never an identity.
"""
Types = Mapping[str, Mapping[str, str]]


def read_rules(project: Path, names: Collection[str] = ()) -> dict[str, tuple[Rule, Document]]:
    """The rules of a project's files, by segment.

    Parameters:
        project: the dbt project.
        names: the segments that are wanted; all when empty.

    Raises:
        UserError: a file can't be followed, or there is none of that name.
    """
    folder = project / RULES
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    if len(paths) > MOST_RULES:
        raise UserError(f"{RULES} has {len(paths)} files, and {MOST_RULES} is the most.", 2)
    known = {}
    for path in paths:
        name = f"dbt_project/{RULES}/{shown(path.name)}"
        if path.suffix != ".yml" or not is_plain(path.stem):
            raise UserError(
                f"{name}: a rule file is called after its segment: 2 to 63 lower case letters, "
                "digits and underscores, a letter first, no word of SQL, and .yml. Rename it.",
                2,
            )
        known[path.stem] = (path, name)
    for wanted in names:
        if wanted not in known:
            near = nearest(wanted, known).removeprefix(". ")
            raise UserError(f"There is no rule file '{shown(wanted)}'. {near}".strip() + ".", 2)
    found = {}
    for segment, (path, name) in known.items():
        document = read_rule_text(path, name)
        found[segment] = (read_rule(document), document)
    return found


def compiled(
    project: Path, names: Collection[str] = (), types: Types | None = None
) -> dict[Path, str]:
    """The files that rules are compiled to: SQL and YAML of each, with their texts.

    Parameters:
        project: the dbt project.
        names: the segments; all that have a rule file when empty.
        types: by `schema.table`, the columns of the warehouse with their types; without, values
            are not compared with the types of columns.

    Raises:
        UserError: a rule can't be followed; the message names file, line and clause.
    """
    rules = read_rules(project, names)
    written = by_hand(project)
    for name in rules:
        check_free(project, name, written)
    catalogue = read_catalogue(project, types, {*rules, *written})
    for name, (rule, document) in rules.items():
        check_rule(name, rule, catalogue, document)
    reads: dict[str, Iterable[str]] = {n: REFERENCE.findall(text) for n, text in written.items()}
    check_circles({**reads, **{name: segments_read(rule) for name, (rule, _) in rules.items()}})
    texts: dict[Path, str] = {}
    for name in names or rules:
        texts |= compiled_one(project, name, rules[name][0], catalogue)
        if types:
            check_compiled(name, texts[project / FOLDER / f"{name}.sql"], catalogue, types)
    return texts


def check_compiled(name: str, text: str, catalogue: Catalogue, types: Types) -> None:
    """What is compiled passes the check of what is written by hand.

    Parameters:
        name: of the segment.
        text: its SQL.
        catalogue: what rules may read.
        types: by `schema.table`, the columns of the warehouse with their types.

    Raises:
        UserError: it does not.
    """
    layers = {table.name: table.layer for table in catalogue.tables.values()}
    layers |= dict.fromkeys(catalogue.segments, "segments") | {CLOCK: "conformed"}
    sql = REFERENCE.sub(lambda found: f"{layers[found[1]]}.{found[1]}", text.split("-#}", 1)[1])
    built = {f"segments.{segment}": {"profile_id": "VARCHAR"} for segment in catalogue.segments}
    check_sql(f"{FOLDER}/{name}.sql", sql.replace("{{ ", "").replace(" }}", ""), {**built, **types})


def compiled_one(project: Path, name: str, rule: Rule, catalogue: Catalogue) -> dict[Path, str]:
    """The two files of a rule."""
    folder = project / FOLDER
    return {
        folder / f"{name}.sql": compile_rule(name, rule, catalogue),
        folder / f"{name}.yml": yaml_of(name, rule),
    }


def compile_files(
    project: Path, names: Collection[str] = (), types: Types | None = None
) -> list[Path]:
    """Compile rules and write what has changed; see `compiled`.

    Returns:
        The files that were written.
    """
    with editing(project):
        texts = compiled(project, names, types)
        changed = {path: text for path, text in texts.items() if _differs(path, text)}
        if changed:
            write_all(project, changed)
    keep_listed(project)
    return sorted(changed)


def differing(project: Path, names: Collection[str] = ()) -> list[Path]:
    """Files that are not what their rules compile to, and those whose rule is gone."""
    texts = compiled(project, names)
    found = {path for path, text in texts.items() if _differs(path, text)}
    if not names:
        rules = {path.stem for path in texts}
        models = (project / FOLDER).glob("*.sql")
        found |= {p for p in models if p.stem not in rules and _is_compiled(p)}
    return sorted(found)


def yaml_of(name: str, rule: Rule) -> str:
    """The YAML of a compiled segment."""
    more = f"          uses: {json.dumps(rule.uses, ensure_ascii=False)}\n" if rule.uses else ""
    if rule.keeps_opted_out:
        more += "          keeps_opted_out: true\n"
    if rule.id is not None:
        more += f"          id: {rule.id}\n"
    return YAML.format(
        name=name,
        description=_block(f"{_sentence(rule.purpose)} One row per member.", 6),
        owner=json.dumps(rule.owner),
        title=json.dumps(rule.title, ensure_ascii=False),
        purpose=_block(rule.purpose, 12),
        state=rule.state,
        more=more,
    )


def _block(text: str, indent: int) -> str:
    """A text as a folded block, in which no letter has a meaning."""
    words = " ".join(text.split())
    lines = textwrap.wrap(words, 96, break_long_words=False, break_on_hyphens=False)
    return textwrap.indent("\n".join(lines), " " * indent)


def _sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?")) else f"{text.rstrip()}."


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text("utf-8") != text


def _is_compiled(path: Path) -> bool:
    return path.read_text("utf-8").startswith(IS_COMPILED)


def by_hand(project: Path) -> dict[str, str]:
    """Segments whose SQL is written by hand, with its text."""
    models = sorted((project / FOLDER).glob("*.sql"))
    return {path.stem: path.read_text("utf-8") for path in models if not _is_compiled(path)}


def check_free(project: Path, name: str, written: Collection[str]) -> None:
    """Refuse a rule file that would write over a model or a seed.

    Parameters:
        project: the dbt project.
        name: of the segment.
        written: the segments whose SQL is written by hand.

    Raises:
        UserError: something has that name.
    """
    own = {project / FOLDER / f"{name}.sql", project / FOLDER / f"{name}.yml"}
    others = [
        path
        for part in ("models", "seeds")
        for path in sorted((project / part).rglob(f"{name}.*"))
        if path.suffix in (".sql", ".py", ".csv") and (path not in own or name in written)
    ]
    if others:
        raise UserError(
            f"dbt_project/{RULES}/{name}.yml: {others[0].relative_to(project)} has that name and "
            "is written by hand. Rename the rule file, or delete that one.",
            2,
        )
