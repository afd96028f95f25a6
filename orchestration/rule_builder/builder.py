"""What the page asks: the form, values, a check, a size, a file. Rules go through their own reader.

A rule that is sent becomes the text of a file first, and that text is read, checked and compiled
as a file is. So the page shows what a file would do, and a rule from a page can do no more.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.project_files import editing, write_all
from orchestration.rule_builder.form import form
from orchestration.rule_builder.values import values
from orchestration.rule_builder.wire import from_wire, to_wire
from orchestration.segment_tools.compiled import compiled, left_by_parse
from orchestration.segment_tools.evaluation import connect_closed, reason_of
from orchestration.segment_tools.origins import Labels, labels_of
from orchestration.segment_tools.preview import Asked, sizes
from orchestration.segment_tools.steps import read
from orchestration.segments.catalogue import Catalogue, is_plain
from orchestration.segments.checking import read_rule
from orchestration.segments.compile_command import warehouse_types
from orchestration.segments.counting import counting_sql
from orchestration.segments.declared import FOLDER, Segment, segments_of
from orchestration.segments.drafts import Drafts, read_drafts
from orchestration.segments.reading import clause_name, read_rule_text, shown
from orchestration.segments.refusals import MOST_TOLD
from orchestration.segments.rule import Rule
from orchestration.segments.rule_files import RULES
from orchestration.segments.rule_text import rule_text, said_of
from orchestration.settings import Settings

UNNAMED = "new_segment"
"""Stands for the name while none is given."""
UNTITLED = {"title": "New", "owner": "team:unknown", "purpose": "New."}
"""Stands for what says nothing of members, so that they can be counted before it is written."""


@dataclass(frozen=True)
class Draft:
    """A rule as it was sent.

    Attributes:
        text: of its file.
        rule: what that says.
        sql: of its model.
    """

    text: str
    rule: Rule
    sql: str


class Builder:
    """Answers the page.

    Parameters:
        settings: paths.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known: Drafts | None = None
        self._labels: Labels | None = None

    @property
    def catalogue(self) -> Catalogue:
        """What rules may read, as of when the page was loaded."""
        return self._drafts().catalogue

    def form(self) -> dict[str, Any]:
        """The form as of now, and the rule files that can be opened; see `form.form`."""
        self._known = self._labels = None
        catalogue = self.catalogue
        project = self._settings.dbt_project_dir
        titles = {s.name: str(s.said.get("title") or s.name) for s in segments_of(project)}
        files = sorted(path.stem for path in (project / RULES).glob("*.yml"))
        return {**form(catalogue, titles), "files": [name for name in files if is_plain(name)]}

    def values(self, table: str, column: str) -> dict[str, Any]:
        """The most frequent values of a column; see `values.values`."""
        with self._lock, connect_closed(self._settings) as con:
            labels = self._labels or labels_of(con, left_by_parse(self._settings))
            self._labels = labels
            return values(con, self.catalogue, labels, table, column)

    def check(self, name: str, rule: Any) -> dict[str, Any]:
        """The text of the file, and the SQL it compiles to or why it can't be.

        Parameters:
            name: of the segment; may be empty yet.
            rule: as the page sends it.
        """
        text, faults = _text(rule)
        try:
            draft = self._draft(name or UNNAMED, text, faults)
            return {"text": text, "sql": draft.sql, "says": ""}
        except UserError as error:
            return {"text": text, "sql": "", "says": str(error)}

    def count(self, name: str, rule: Any) -> dict[str, Any]:
        """How many a rule has, by the query of `c360 segment preview`, and by clause.

        Parameters:
            name: of the segment; may be empty yet.
            rule: as the page sends it.

        Returns:
            What `sizes` returns, and clauses: path, alone, so_far of each.

        Raises:
            UserError: the rule can't be followed or evaluated.
        """
        name = name or UNNAMED
        draft = self._draft(name, *_text(rule, UNTITLED))
        said = {"state": draft.rule.state, "keeps_opted_out": draft.rule.keeps_opted_out}
        where = f"{name}.sql"
        segment = Segment(name, FOLDER / where, None, said, draft.rule.owner, True)
        counting, paths = counting_sql(draft.rule, self.catalogue)
        with self._lock, connect_closed(self._settings) as con:
            sql = compiled(self._settings, draft.sql, where)
            asked = Asked(name, segment, where, sql, read(sql, where))
            found = sizes(con, self._settings, asked)
            try:
                [row] = con.execute(compiled(self._settings, counting, where)).fetchall()
            except duckdb.Error as error:
                raise UserError(f"Clauses can't be counted: {reason_of(error)}") from None
        clauses = [
            {"path": clause_name(path), "alone": row[2 * n], "so_far": row[2 * n + 1]}
            for n, path in enumerate(paths)
        ]
        return {**found, "clauses": clauses}

    def open(self, name: str) -> dict[str, Any]:
        """A rule file, to go on with.

        Parameters:
            name: of the segment.

        Returns:
            rule; mark: of the file's bytes, for `save`; says: what saving would not keep.

        Raises:
            UserError: there is no such file, or it can't be followed.
        """
        path = self._path(name)
        if not path.exists():
            raise UserError(f"There is no rule file {name}.yml any more. Load the page again.", 2)
        said = said_of(read_rule(read_rule_text(path, _called(name))))
        kept = path.read_text("utf-8") == rule_text(said)
        says = "" if kept else "Its comments and its layout are not kept when it is saved."
        return {"rule": to_wire(said), "mark": _mark(path), "says": says}

    def save(self, name: str, rule: Any, mark: str) -> dict[str, Any]:
        """Write the rule file; the model follows with `c360 segment compile`.

        Parameters:
            name: of the segment.
            rule: as the page sends it.
            mark: of the file that was opened; empty for a new one.

        Returns:
            path: of the file, in the project; mark: of what it holds now.

        Raises:
            UserError: the rule can't be followed, the name is taken, or the file is another one
                than was opened. Nothing is written then.
        """
        path, project = self._path(name), self._settings.dbt_project_dir
        self._known = None
        text = self._draft(name, *_text(rule)).text
        with editing(project):
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise UserError(f"{_called(name)} is not a plain file. Move it away first.", 2)
            if path.exists() and not mark:
                raise UserError(
                    f"There is already a rule file {name}.yml. Open it to change it, or take "
                    "another name.",
                    2,
                )
            if mark and (not path.exists() or _mark(path) != mark):
                raise UserError(
                    f"{_called(name)} has changed since it was opened. Open it again, or save "
                    "under another name.",
                    2,
                )
            write_all(project, {path: text})
        self._known = None
        return {"path": _called(name), "mark": _mark(path)}

    def _draft(self, name: str, text: str, faults: Sequence[str]) -> Draft:
        if faults:
            raise UserError("; ".join(faults[:MOST_TOLD]) + ".", 2)
        try:
            return Draft(text, *self._drafts().draft(name, text.encode("utf-8")))
        except UserError as error:
            # The page shows one file; its name need not stand before each line.
            raise UserError(str(error).replace(f"{_called(name)} ", ""), 2) from None

    def _drafts(self) -> Drafts:
        """What rules may read, read once until the page is loaded again or a file is saved."""
        known = self._known
        if known is None:
            types: dict[str, dict[str, str]] = {}
            with suppress(UserError):
                types = warehouse_types(self._settings)
            known = self._known = read_drafts(self._settings.dbt_project_dir, types)
        return known

    def _path(self, name: str) -> Path:
        if not is_plain(name):
            raise UserError(
                f"'{shown(name)}' can't be the name of a segment. Take 2 to 63 lower case letters, "
                "digits and underscores, a letter first, no word of SQL.",
                2,
            )
        return self._settings.dbt_project_dir / RULES / f"{name}.yml"


def _called(name: str) -> str:
    return f"dbt_project/{RULES}/{name}.yml"


def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _text(rule: Any, unsaid: Mapping[str, str] = MappingProxyType({})) -> tuple[str, list[str]]:
    """The text of the file, and what is wrong with values that stand in it as texts."""
    said, faults = from_wire(rule)
    if not isinstance(said, dict):
        raise UserError("A rule is a mapping of title, owner, purpose and include.", 2)
    for word, text in unsaid.items():
        said[word] = said.get(word) or text
    return rule_text(said), faults
