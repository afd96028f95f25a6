"""Reading a rule file: plain YAML of texts, numbers, dates, lists and mappings, and nothing else.

A rule file comes from whoever writes segments, so none of YAML's machinery is on: no tags, no
anchors, no second meaning of words, no numbers that only look like one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from orchestration.errors import UserError

MAX_BYTES = 64 * 1024
MAX_DEPTH = 24
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,6}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LIKE_A_NUMBER = re.compile(r"[-+]?(\.?[0-9][0-9_xoa-fA-F.,:+eE-]*|\.(inf|nan))", re.IGNORECASE)
WORDS: Mapping[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """What a rule file says, and where.

    Attributes:
        name: the file as messages call it.
        data: mappings, lists, texts, integers, decimals, dates and booleans.
        lines: the line of each value, by its path from the top.
    """

    name: str
    data: Any
    lines: Mapping[Path_, int]

    def place(self, path: Path_) -> str:
        """File, line and clause of a value, for messages."""
        found = path
        while found not in self.lines:
            found = found[:-1]
        clause = clause_name(path)
        return f"{self.name} line {self.lines[found]}{': ' + clause if clause else ''}"


def clause_name(path: Path_) -> str:
    """A path as messages write it, such as `include.all[2].operator`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def read_rule_text(path: Path, name: str) -> Document:
    """Read a rule file.

    Parameters:
        path: the file.
        name: how messages call it.

    Raises:
        UserError: it is no plain YAML text of at most 64 KB.
    """
    if path.is_symlink() or not path.is_file():
        raise UserError(f"{name} is not a plain file. A rule file is one in its folder.", 2)
    with path.open("rb") as handle:
        content = handle.read(MAX_BYTES + 1)
    return parse_rule_text(content, name)


def parse_rule_text(content: bytes, name: str) -> Document:
    """The data of a rule file's bytes; see `read_rule_text`."""
    if len(content) > MAX_BYTES:
        raise UserError(
            f"{name} is larger than {MAX_BYTES // 1024} KB. Split the rule into segments that "
            "build on each other.",
            2,
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{name} is not UTF-8. Save it as UTF-8.", 2) from None
    try:
        return _Builder(name).build(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{name}{line} is no YAML: {error.problem}.", 2) from None
    except (YAMLError, ValueError, RecursionError):
        raise UserError(f"{name} is no YAML that can be read. Write it as plain text.", 2) from None


class _Builder:
    """Makes the data from the parser's events; nothing is constructed from tags or aliases."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path_, int] = {}

    def build(self, text: str) -> Document:
        documents = 0
        self.events = iter(YAML(typ="safe", pure=True).parse(text))
        data: Any = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise UserError(f"{self.name} holds several documents. Keep one.", 2)
            elif isinstance(
                event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent
            ):
                data = self._value(event, ())
        if not isinstance(data, dict):
            raise UserError(
                f"{self.name} is no mapping of title, owner, purpose and include. See "
                "docs/segment-rules.md.",
                2,
            )
        return Document(self.name, data, self.lines)

    def _value(self, event: Any, path: Path_) -> Any:
        line = event.start_mark.line + 1
        self.lines[path] = line
        if isinstance(event, AliasEvent) or event.anchor is not None:
            self._refuse(path, "anchors (&) and aliases (*) are not read. Write the value out.")
        if event.tag is not None:
            self._refuse(path, "tags (!) are not read. Write a plain value.")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= MAX_DEPTH:
            self._refuse(path, f"nested deeper than {MAX_DEPTH} levels. Make a segment of a part.")
        if isinstance(event, SequenceStartEvent):
            items: list[Any] = []
            for child in self.events:
                if isinstance(child, SequenceEndEvent):
                    return items
                items.append(self._value(child, (*path, len(items))))
        return self._mapping(path)

    def _mapping(self, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                return found
            if not isinstance(event, ScalarEvent):
                self._refuse(path, "a key is a word.")
            key = event.value
            if event.anchor is not None or event.tag is not None or not key.isprintable():
                self._refuse(path, "a key is a plain word.")
            if key in found:
                self._refuse((*path, key), f"'{shown(key)}' stands there twice. Keep one of them.")
            self.lines[(*path, key)] = event.start_mark.line + 1
            found[key] = self._value(next(self.events), (*path, key))
        raise ValueError

    def _scalar(self, event: Any, path: Path_) -> Any:
        value = event.value
        if event.style is not None:
            return value.rstrip("\n") if event.style in "|>" else value
        if value in WORDS:
            return WORDS[value]
        if INTEGER.fullmatch(value):
            return int(value)
        if DECIMAL.fullmatch(value):
            return Decimal(value)
        if DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self._refuse(path, f"{value} is no day of the calendar.")
        if LIKE_A_NUMBER.fullmatch(value):
            self._refuse(
                path,
                f"{shown(value)} is no number as it is read here: at most 15 digits, a point and "
                "6 more. Write it like that, or in quotes if it is a text.",
            )
        return value

    def _refuse(self, path: Path_, why: str) -> Any:
        place = Document(self.name, None, {(): 1, **self.lines}).place(path)
        raise UserError(f"{place}: {why}", 2)


def shown(text: object, most: int = 40) -> str:
    """A word of a rule file as messages may print it: short, and on one line."""
    plain = "".join(c if c.isprintable() else "?" for c in str(text))
    return plain if len(plain) <= most else plain[: most - 1] + "…"
