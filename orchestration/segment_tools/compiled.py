"""The compiled SQL of one segment, or of a text that may become one.

Most segments hold refs and no other Jinja. Those are named from what the last parse has left, in
milliseconds; only the others are given to dbt, whose import and parse take seconds.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.failures import of_the_machine
from orchestration.settings import Settings
from orchestration.transform.parsing import base_arguments, load_manifest, parse

REF = re.compile(r"\{\{ *ref\( *(['\"])(\w+)\1 *\) *\}\}")
LEADING_COMMENTS = re.compile(r"\A(\s*\{#.*?#\})+", re.S)
JINJA = re.compile(r"\{\{|\{%|\{#")
LONGEST = 1_000_000
"""Characters of a file of SQL."""


def compiled(settings: Settings, text: str, where: str) -> str:
    """The SQL that dbt makes of a model's text.

    Parameters:
        settings: paths.
        text: of the model.
        where: the file, for messages.

    Raises:
        UserError: dbt can't compile it.
    """
    written = LEADING_COMMENTS.sub("", text)
    without_refs = REF.sub("", written)
    if JINJA.search(without_refs):
        return _by_dbt(settings, text, where)
    names = {name for _, name in REF.findall(written)}
    tables = _tables(left_by_parse(settings))
    if not names <= set(tables):
        tables = _tables(load_manifest(settings))
    if unknown := sorted(names - set(tables)):
        raise UserError(
            f"{where} refers to {', '.join(unknown)}, and the project has no such model that a "
            "segment can read. Correct the ref.",
            2,
        )
    return REF.sub(lambda found: tables[found[2]], written)


def file_text(path: Path) -> str:
    """The text of a file of SQL that somebody names.

    Raises:
        UserError: it can't be read, is not in UTF-8 or far too long.
    """
    try:
        with path.open("rb") as handle:
            content = handle.read(4 * LONGEST)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror}). Name a .sql file.", 2) from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not in UTF-8 (byte {error.start + 1}). Save it as UTF-8.", 2
        ) from None
    if len(text) > LONGEST:
        raise UserError(f"{path} has more than {LONGEST:,} characters, which is no segment.", 2)
    return text


def left_by_parse(settings: Settings) -> Mapping[str, Any]:
    """The manifest as the last parse has left it; what has been added since is asked for anew."""
    try:
        found: dict[str, Any] = json.loads(
            (settings.dbt_target_dir / "manifest.json").read_text("utf-8")
        )
    except (OSError, ValueError):
        return load_manifest(settings)
    return found


def _tables(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The tables of models and seeds by name; an ephemeral model has none."""
    return {
        node["name"]: f"{node['schema']}.{node.get('alias') or node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        and node["config"].get("materialized") != "ephemeral"
    }


def _by_dbt(settings: Settings, text: str, where: str) -> str:
    """Have dbt compile a text; it opens no database for that."""
    from dbt.cli.main import dbtRunner

    manifest = parse(settings)
    told: list[str] = []

    def on_event(event: Any) -> None:
        if event.info.level == "error":
            told.append(event.info.msg)

    lean = ["--no-write-json", "--no-populate-cache", "--no-introspect", "--quiet"]
    with tempfile.TemporaryDirectory() as place:
        # What dbt has left of the last run stays as it is.
        own = ["--target-path", place]
        result = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(
            ["compile", "--inline", text, *base_arguments(settings), *lean, *own]
        )
    if not result.success or not result.result.results:
        cause = told[0] if told else str(result.exception or "")
        if machine := of_the_machine(cause):
            raise UserError(machine)
        why = " ".join(cause.split()).removeprefix("Encountered an error: ")[:500].rstrip(".")
        raise UserError(f"{where} can't be compiled: {why}. Correct the Jinja in it.", 2)
    return str(result.result.results[0].node.compiled_code)
