"""Text from outside in files that dbt runs as templates: it must never become code.

dbt renders every value of a YAML file and every model. `{{ env_var('SECRET') }}` in the name of a
file, sheet, table or column would be executed, and its outcome would stand in the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes

from orchestration.errors import UserError
from orchestration.sources.entities import KEYS

TEMPLATE = re.compile(r"\{[{%#]")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(")
HARMLESS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Call, nodes.Name, nodes.Const,
    nodes.List, nodes.Tuple, nodes.Keyword, nodes.Dict, nodes.Pair, nodes.AssignBlock,
)  # fmt: skip


def is_unsafe(text: str) -> bool:
    """Whether a name from outside would be code in a generated file, or no YAML can hold it."""
    return bool(TEMPLATE.search(text) or CONTROL.search(text))


def refuse_templates(content: Any, what: str) -> None:
    """Refuse generated YAML with template braces anywhere in it: none are meant to be there.

    Parameters:
        content: what is to be written, as mappings, lists and texts.
        what: its name, for the message.

    Raises:
        UserError: a key or value would be executed by dbt.
    """
    if any(TEMPLATE.search(text) for text in _texts(content)):
        raise UserError(
            f"What was to be written for {what} holds template braces ({{{{, {{% or {{#) that come "
            "from a name in the data, and dbt would execute them. Nothing was written. Rename the "
            "file, sheet, table or column.",
            2,
        )


def refuse_unknown_code(sql: str, project_dir: Path, what: str) -> None:
    """Refuse a generated model that calls anything but `source` and the project's macros.

    Parameters:
        sql: the model's text.
        project_dir: the dbt project.
        what: the model's name, for the message.

    Raises:
        UserError: text from outside has become code.
    """
    allowed = {"source", "config", *(name for key in KEYS.values() for name in key)}
    for path in sorted((project_dir / "macros").rglob("*.sql")):
        allowed |= set(MACRO.findall(path.read_text(encoding="utf-8")))
    try:
        parsed = jinja2.Environment().parse(sql)  # noqa: S701 (SQL is not HTML, and is not rendered)
    except jinja2.TemplateSyntaxError:
        parsed = None
    if parsed is None or not all(_is_harmless(node, allowed) for node in _nodes(parsed)):
        raise UserError(
            f"The model {what} would hold code that comes from a name or value in the data. "
            "Nothing was written. Rename the file, sheet, table or column with template braces in "
            "its name.",
            2,
        )


def _is_harmless(node: nodes.Node, allowed: set[str]) -> bool:
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Name) and node.node.name in allowed
    return isinstance(node, HARMLESS) and not (
        isinstance(node, nodes.Name) and node.name not in allowed
    )


def _nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _nodes(child)


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value)
    else:
        yield str(content)
