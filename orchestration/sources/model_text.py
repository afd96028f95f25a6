"""The text of a staging model and of the YAML beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import FoldedScalarString

from orchestration.sources.entities import DECLARED
from orchestration.sources.proposals import Proposal
from orchestration.sources.reach import birth_dates, reach_key

LINE = 88
INDENT = " " * 8


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
    key = ", ".join(f"'{c}'" for c in proposal.entity.key)
    newest = f"newest_by='{proposal.newest_by}'"
    fold = ", fold=true" if proposal.is_folded else ""
    lines = [
        *_configuration(proposal),
        checked_sql(source, proposal) + ",",
        "",
        "judged as (",
        f"    {{{{ judge_versions('checked', key=[{key}], {newest}{fold}) }}}}",
        ")",
        "",
        "select",
    ]
    for column in proposal.columns:
        feed = proposal.feeds.get(column.name)
        if feed is not None and feed.is_final:
            lines += _aliased(feed.expression, column.name, "    ")
        else:
            lines.append(f"    {column.name},")
    lines += ["    source_row,", "    reject_reason,", "    reject_column", "from judged", ""]
    return "\n".join(lines)


def checked_sql(source: str, proposal: Proposal) -> str:
    """The first two steps, which say of each row what is wrong with it."""
    reach = reach_key(proposal)
    lines = [
        f"{{% set {name} %}}{_in_one_line(proposal.feeds[name].expression)}{{% endset %}}"
        for name in reach
    ]
    read = _landed(source, proposal, reach)
    lines += [*[""][: len(reach)], "with", ""]
    if proposal.steps:
        lines += ["stepped as (", "    select", f"{INDENT}*,"]
        for name, step in proposal.steps.items():
            lines += _aliased(step.expression, name, INDENT)
        lines[-1] = lines[-1].removesuffix(",")
        lines += [f"    from {read}", "),", ""]
        read = "stepped"
    lines += ["typed as (", "    select"]
    for column in proposal.columns:
        feed = proposal.feeds.get(column.name)
        if column.name == "source_system":
            lines.append(f"{INDENT}'{source}' as source_system,")
        elif column.name == "source_file" or (feed is not None and feed.is_final):
            continue
        elif feed is None and proposal.reads(column.name):
            table = f"source('{source}', '{proposal.table.name}')"
            lines.append(f"{INDENT}{{{{ {DECLARED[column.name]}({table}) }}}} as {column.name},")
        elif feed is None:
            kind = column.data_type.replace(",", ", ").replace("  ", " ")
            lines.append(f"{INDENT}cast(null as {kind}) as {column.name},")
        else:
            lines += _aliased(feed.expression, column.name, INDENT)
    for name, helper in proposal.helpers.items():
        lines += _aliased(helper.expression, name, INDENT)
    lines += [
        f"{INDENT}source_file,",
        f"{INDENT}source_row,",
        f"{INDENT}is_deleted",
        f"    from {read}",
        "),",
        "",
        "checked as (",
        "    select",
        f"{INDENT}*,",
    ]
    if proposal.checks:
        lines.append(f"{INDENT}{{{{ first_fault([")
        lines += [f"{INDENT}    {_check(*check)}," for check in proposal.checks]
        lines.append(f"{INDENT}]) }}}}")
    else:
        lines.append(f"{INDENT}cast(null as string) as fault,")
        lines.append(f"{INDENT}cast(null as string) as fault_column")
    return "\n".join([*lines, "    from typed", ")"])


def _configuration(proposal: Proposal) -> list[str]:
    reach, births = reach_key(proposal), birth_dates(proposal)
    key = ", ".join(f"'{name}'" for name in reach or proposal.entity.key)
    meta = ""
    if not reach:
        # Worked out whole, and compared: what has changed of it is all that the next models redo.
        meta = ", meta={'always_reached': true}"
    elif births:
        meta = f", meta={{'births': [{', '.join(births)}]}}"
    return [f"{{{{ config(materialized='incremental', unique_key=[{key}]{meta}) }}}}", ""]


def _landed(source: str, proposal: Proposal, reach: Sequence[str]) -> str:
    table = f"source('{source}', '{proposal.table.name}')"
    if not reach:
        return f"{{{{ {table} }}}}"
    key = ", ".join(f"'{name}': {name}" for name in reach)
    return f"{{{{ landed({table}, {{{key}}}) }}}}"


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


def _aliased(expression: str, name: str, indent: str) -> list[str]:
    comments: list[str] = []
    body: list[str] = []
    for line in expression.splitlines():
        (comments if line.startswith("--") else body).append(line)
    body[-1] += f" as {name},"
    return [*(indent + line for line in comments), *(indent + line for line in body)]


def _check(condition: str, reason: str, column: str | None) -> str:
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
