"""A rule as the text of its file, as people write it: a clause on a line where it fits."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from orchestration.segments.comparisons import Span
from orchestration.segments.reading import WORDS
from orchestration.segments.rule import KINDS, Rule

WIDTH = 100
ORDER = (
    *Rule.model_fields, *(k for k in KINDS if k not in ("all", "any", "none")), "which",
    "quantifier", "where", "details", "function", "of", "operator", "value", "in_last", "between",
    "when", "count", "aggregate", "before", "within", "after", "since",
)  # fmt: skip
"""The order of words in a mapping."""
BLOCK = ("include", "exclude", "all", "any", "none", "sequence")
"""What stands on lines of its own, however short it is."""
ALWAYS_SAID = ("state", "which")
"""Words that are written though they have their default."""
PLAIN = re.compile(r"[^\W\d_][\w ./@:-]*|[1-9][0-9]* [a-z]+")
PLAIN_IN_BLOCK = re.compile(r"[^\W\d_][\w ./@:,;!?()'&%+=-]*|[1-9][0-9]* [a-z]+")
"""Texts that YAML reads as they are: with words around them, and alone on their line."""
OTHER_YAML = frozenset({"yes", "no", "on", "off", "y", "n"} | {w.lower() for w in WORDS})
"""What other readers of YAML take for something else than a text."""


def said_of(rule: Rule) -> dict[str, Any]:
    """What a rule says, as mappings, lists, texts, numbers, days and booleans.

    Parameters:
        rule: read from a file.
    """
    found: dict[str, Any] = _said(rule)
    return found


def _said(value: Any) -> Any:
    if isinstance(value, Span):
        return str(value)
    if isinstance(value, BaseModel):
        return {
            field.alias or name: _said(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if name in ALWAYS_SAID or getattr(value, name) not in (None, {}, [], field.default)
        }
    if isinstance(value, Mapping):
        return {key: _said(inner) for key, inner in value.items()}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


def rule_text(said: Mapping[str, Any]) -> str:
    """The text of a rule file.

    Parameters:
        said: what the file says; need not be a rule, so that what reads the text can say why.
    """
    return "".join(f"{line}\n" for line in _block(said, 0, False))


def _block(said: Mapping[str, Any], indent: int, is_where: bool) -> list[str]:
    """A mapping, a word on a line; the columns of a `where` stay in their order."""
    lines = []
    for key, value in _ordered(said, is_where):
        lines += _entry(key, _short(value) if is_where or key == "count" else value, indent)
    return lines


def _entry(key: str, value: Any, indent: int) -> list[str]:
    start = f"{' ' * indent}{_scalar(key, PLAIN)}:"
    is_empty = isinstance(value, list | dict) and not value
    if key not in BLOCK or is_empty or not isinstance(value, list | dict):
        short = f"{start} {_flow(value, key == 'where', PLAIN_IN_BLOCK)}"
        if len(short) <= WIDTH or is_empty or isinstance(value, bool | int | Decimal | date):
            return [short]
        if isinstance(value, str):
            folded = textwrap.wrap(value, WIDTH - indent - 2, break_long_words=False)
            if " ".join(folded) != value or not PLAIN_IN_BLOCK.fullmatch(value):
                return [short]
            return [f"{start} >-", *(f"{' ' * (indent + 2)}{line}" for line in folded)]
    if isinstance(value, Mapping):
        return [start, *_block(value, indent + 2, key == "where")]
    return [start, *(line for item in value for line in _item(item, indent + 2))]


def _item(item: Any, indent: int) -> list[str]:
    short = f"{' ' * indent}- {_flow(item, False, PLAIN)}"
    is_block = isinstance(item, Mapping) and any(isinstance(item.get(w), list) for w in BLOCK)
    if not isinstance(item, Mapping) or not item or (len(short) <= WIDTH and not is_block):
        return [short]
    first, *rest = _block(item, indent + 2, False)
    return [f"{' ' * indent}- {first.lstrip()}", *rest]


def _flow(value: Any, is_where: bool, plain: re.Pattern[str]) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        parts = [
            f"{_scalar(key, PLAIN)}: "
            + _flow(_short(v) if is_where or key == "count" else v, key == "where", PLAIN)
            for key, v in _ordered(value, is_where)
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(item, False, PLAIN) for item in value)}]"
    return _scalar(value, plain)


def _short(value: Any) -> Any:
    """`equals` with a value is written as the value."""
    if isinstance(value, Mapping) and {**value, "value": 0} == {"operator": "equals", "value": 0}:
        said = value.get("value")
        return value if said is None or isinstance(said, list | dict) else said
    return value


def _ordered(said: Mapping[str, Any], is_where: bool) -> Sequence[tuple[str, Any]]:
    rank = {word: place for place, word in enumerate(ORDER)}
    items = list(said.items())
    return items if is_where else sorted(items, key=lambda item: rank.get(item[0], len(rank)))


def _scalar(value: Any, plain: re.Pattern[str]) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | date):
        return str(value)
    text = str(value)
    is_plain = plain.fullmatch(text) and text.isprintable() and text == text.strip()
    if is_plain and ": " not in f"{text} " and text.lower() not in OTHER_YAML:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
