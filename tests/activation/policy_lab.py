"""Policies over a real warehouse: files that change, and labels that are said to be there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.activation import checking, definitions, sealing
from orchestration.settings import Settings
from orchestration.transform.parsing import load_manifest

SYNC = """
title: Letters
owner: team:marketing
destination: agency_files
segment: win_back
mode: snapshot
purpose: commercial
channel: email
columns:
  email: {from: profile.profiles.email, as: plain.email}
  margin: value.customer_attributes.margin_amount
"""
EXCEPTION = """
exceptions:
  - policy: not_to_third_parties
    author: ana@example.com
    reason: The agency works out the bonus, contract of May
    until: UNTIL
"""


def write(settings: Settings, text: str, name: str = "letters", kind: str = "syncs") -> None:
    """A file of activation."""
    (settings.dbt_project_dir / definitions.FOLDER / kind / f"{name}.yml").write_text(text)


def today(days: int = 0) -> str:
    """A day of UTC as files write it."""
    return (datetime.now(UTC).date() + timedelta(days)).isoformat()


class labels_in:  # noqa: N801
    """Other labels in the YAML than those that stand there.

    Parameters:
        settings: paths.
        labels: by table and column; those that stand there stay.
        unsettled: models of which nobody says labels any more.
    """

    def __init__(
        self,
        settings: Settings,
        labels: Mapping[tuple[str, str], list[str]],
        unsettled: tuple[str, ...] = (),
    ) -> None:
        manifest = load_manifest(settings)
        self.manifest = {**manifest}
        for kind in ("nodes", "sources"):
            self.manifest[kind] = {
                name: _with_labels(node, labels, unsettled) for name, node in manifest[kind].items()
            }
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> Mapping[str, Any]:
        for module in (sealing, checking):
            self.patch.setattr(module, "load_manifest", lambda _: self.manifest)
        return self.manifest

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def _with_labels(
    node: Mapping[str, Any],
    labels: Mapping[tuple[str, str], list[str]],
    unsettled: tuple[str, ...],
) -> Mapping[str, Any]:
    table = f"{node.get('schema')}.{node.get('identifier') or node['name']}"
    columns = dict(node.get("columns", {}))
    for name in columns:
        if more := labels.get((table, name)):
            told: dict[str, Any] = {"label": "I1"} if more == ["I1"] else {"labels": more}
            columns[name] = {**columns[name], "meta": {**columns[name].get("meta", {}), **told}}
    changed = {**node, "columns": columns}
    if table in unsettled:
        said = {word: what for word, what in node["config"]["meta"].items() if word != "labels"}
        changed |= {"meta": {}, "config": {**node["config"], "meta": said}}
    return changed
