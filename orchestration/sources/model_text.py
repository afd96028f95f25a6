"""The text of a staging model and of the YAML beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import FoldedScalarString

from orchestration.sources.entities import DECLARED
from orchestration.sources.proposals import Proposal
from orchestration.sources.reach import birth_dates, reach_key

TEMPLATE = Path(__file__).with_name("staging_model.sql.jinja")
LINE = 88


def model_name(source: str, proposal: Proposal, is_only: bool) -> str:
    """The model's name: stg_<source>__<table>, with the entity when the table feeds several."""
    name = f"stg_{source}__{proposal.table.name}"
    return name if is_only else f"{name}_{proposal.part or proposal.entity.name}"


def model_sql(source: str, proposal: Proposal) -> str:
    """The staging model: typed, checked, judged, and the columns of the entity.

    Parameters:
        source: the source's name.
        proposal: what feeds what.
    """
    return _rendered(source, proposal, is_whole=True)


def checked_sql(source: str, proposal: Proposal) -> str:
    """The first two steps, which say of each row what is wrong with it."""
    return _rendered(source, proposal, is_whole=False)


def _rendered(source: str, proposal: Proposal, is_whole: bool) -> str:
    reach, births = reach_key(proposal), birth_dates(proposal)
    meta = f", meta={{'births': [{', '.join(births)}]}}" if births else ""
    if not reach:
        # Worked out whole, and compared: what has changed of it is all that the next models redo.
        meta = ", meta={'always_reached': true}"
    table = f"source('{source}', '{proposal.table.name}')"
    key = ", ".join(f"'{name}': {name}" for name in reach)
    return _template().render(
        p=proposal, source=source, is_whole=is_whole, reach=reach, meta=meta, table=table,
        read=f"{{{{ landed({table}, {{{key}}}) }}}}" if reach else f"{{{{ {table} }}}}",
        declared=DECLARED,
    )  # fmt: skip


@cache
def _template() -> Template:
    environment = Environment(  # noqa: S701 (SQL is not HTML)
        block_start_string="<%", block_end_string="%>", variable_start_string="<<",
        variable_end_string=">>", comment_start_string="<#", comment_end_string="#>",
        trim_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {
        "aliased": _aliased,
        "as_check": _check,
        "one_line": _in_one_line,
        "quoted": lambda names: ", ".join(f"'{name}'" for name in names),
    }
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def model_yaml(source: str, proposal: Proposal, name: str, notes: Sequence[str]) -> dict[str, Any]:
    """What the model's YAML says, as a mapping.

    Parameters:
        source: the source's name.
        proposal: what feeds what.
        name: the model's name.
        notes: sentences for the description.
    """
    entity, table = proposal.entity, proposal.table
    grain = f"One row per row of {table.name}"
    kept = (
        f"one row stands for each {entity.key[0]}"
        if proposal.is_folded
        else "the newest version is accepted"
    )
    described = [f"{entity.name} out of the table {table.name} of {source}; {kept}.", f"{grain}."]
    columns = []
    for column in proposal.columns:
        feed = proposal.feeds.get(column.name)
        text = column.description
        if feed is not None and feed.reason and column.name != "source_system":
            text = f"{text} From: {_plain(feed.reason)}."
        elif feed is None and column.name not in ("source_system", "source_file", *DECLARED):
            text = f"Null; {table.name} does not say it."
        entry: dict[str, Any] = {"name": column.name, "description": folded(text)}
        if column.label:
            entry["config"] = in_one_line({"meta": {"label": column.label}})
        columns.append(entry)
    columns += [
        {"name": "source_row", "description": "Row of the file, counted from 1."},
        {
            "name": "reject_reason",
            "description": "Why the row goes no further; null for accepted rows.",
            "data_tests": [
                {
                    "relationships": {
                        "arguments": in_one_line({"to": "ref('reject_reasons')", "field": "reason"})
                    }
                }
            ],
        },
        {"name": "reject_column", "description": "The column of the source to blame; may be null."},
    ]
    meta = {
        "owner": "team:data-platform",
        "entity": entity.name,
        "numbers": {"rejected_rows": "count(reject_reason)"},
    }
    return {
        "name": name,
        "description": folded(" ".join([*described, *(f"{_plain(n)}." for n in notes)])),
        "config": {"meta": meta},
        "columns": columns,
    }


def _plain(text: str) -> str:
    """Text of a file as it may stand in a description: no braces, no line breaks."""
    return " ".join(text.replace("{", "(").replace("}", ")").replace("#", "").split())[:200]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _aliased(expression: str, name: str, blanks: int) -> str:
    """An expression and its name in lines; what is said of it stands before it."""
    lines = expression.splitlines()
    lines = [x for x in lines if x.startswith("--")] + [x for x in lines if x[:2] != "--"]
    lines[-1] += f" as {name}" if name else ""
    return "\n".join(" " * blanks + line for line in lines)


def _check(check: tuple[str, str, str | None]) -> str:
    condition, reason, column = check
    if condition.startswith("{{ "):
        # A macro inside the list is called without braces of its own.
        condition = condition[3:-3]
    else:
        condition = f'"{condition}"' if "'" in condition else f"'{condition}'"
    blamed = f"'{column}'" if column else "none"
    return f"({condition}, '{reason}', {blamed})"


def folded(text: str, is_sentence: bool = True) -> str:
    """A text that YAML writes in lines, as the project's other descriptions.

    Parameters:
        text: one line.
        is_sentence: a line break behind it is welcome.
    """
    if len(text) < LINE:
        return text
    made = FoldedScalarString(text + ("\n" if is_sentence else ""))
    made.fold_pos, start = [], 0  # type: ignore[attr-defined]
    for found in re.finditer(r"(?<=\S) (?=\S)", text):
        following = text.find(" ", found.end())
        if (following if following > 0 else len(text)) - start > LINE:
            made.fold_pos.append(found.start())  # type: ignore[attr-defined]
            start = found.start()
    return made


def in_one_line(values: Mapping[str, Any]) -> CommentedMap:
    """A mapping that YAML writes in braces, as the project's other files do for short ones."""
    made = CommentedMap(
        {k: in_one_line(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    )
    if len(str(values)) < 120:
        made.fa.set_flow_style()
    return made
