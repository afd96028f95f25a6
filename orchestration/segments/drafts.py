"""Rules that are no files yet, held to all that a file is held to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UserError
from orchestration.segments.catalogue import Catalogue, is_plain, read_catalogue
from orchestration.segments.checking import check_circles, check_rule, read_rule, segments_read
from orchestration.segments.compiler import compile_rule
from orchestration.segments.reading import parse_rule_text, read_rule_text, shown
from orchestration.segments.rule import Rule
from orchestration.segments.rule_files import (
    REFERENCE,
    RULES,
    Types,
    by_hand,
    check_compiled,
    check_free,
)


def drafted(name: str, content: bytes, catalogue: Catalogue) -> tuple[Rule, str]:
    """The rule of a file's bytes and the SQL of its model, before there is a file.

    Parameters:
        name: of the segment.
        content: what the file would hold.
        catalogue: what rules may read.

    Raises:
        UserError: the rule can't be followed; the message names line and clause.
    """
    if not is_plain(name):
        raise UserError(f"'{shown(name)}' can't be the name of a segment.", 2)
    document = parse_rule_text(content, f"dbt_project/{RULES}/{name}.yml")
    rule = read_rule(document)
    check_rule(name, rule, catalogue, document)
    return rule, compile_rule(name, rule, catalogue)


@dataclass(frozen=True)
class Drafts:
    """What there is beside a draft.

    Attributes:
        project: the dbt project.
        types: by `schema.table`, the columns of the warehouse with their types; may be empty.
        catalogue: what rules may read.
        written: the segments whose SQL is written by hand.
        reads: the segments that each segment reads.
    """

    project: Path
    types: Types
    catalogue: Catalogue
    written: Collection[str]
    reads: Mapping[str, Iterable[str]]

    def draft(self, name: str, content: bytes) -> tuple[Rule, str]:
        """The rule of a file's bytes and the SQL of its model; see `drafted`."""
        rule, sql = drafted(name, content, self.catalogue)
        check_free(self.project, name, self.written)
        check_circles({**self.reads, name: segments_read(rule)})
        if self.types:
            check_compiled(name, sql, self.catalogue, self.types)
        return rule, sql


def read_drafts(project: Path, types: Types) -> Drafts:
    """What a project has beside a draft.

    Parameters:
        project: the dbt project. A rule file in it that can't be followed is passed over; compiling
            tells it.
        types: by `schema.table`, the columns of the warehouse with their types; may be empty.
    """
    written = by_hand(project)
    reads: dict[str, Iterable[str]] = {n: REFERENCE.findall(text) for n, text in written.items()}
    for path in sorted((project / RULES).glob("*.yml")):
        if is_plain(path.stem):
            reads[path.stem] = ()
            with suppress(UserError):
                reads[path.stem] = segments_read(read_rule(read_rule_text(path, path.name)))
    return Drafts(project, types, read_catalogue(project, types, reads), written, reads)
