"""The gates' promises as data: one YAML file per layer, read into typed records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import UserError

SUITES_DIR = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Promise:
    """One expectation about the result of one query.

    Attributes:
        name: the promise in words, unique in its suite.
        why: what would go wrong downstream if it did not hold, and what to do.
        query: what is looked at. It must not select personal data: what it selects may be shown.
        expectation: the class of great_expectations.expectations.
        arguments: the expectation's arguments.
        severity: `critical` stops the run, `warning` is shown.
        subject: the source's table, or its column, that it is about; empty for a layer.
        rule: what must hold of a source, in words and without values.
    """

    name: str
    why: str
    query: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: str
    subject: str = ""
    rule: str = ""


def load_suite(layer: str, folder: Path = SUITES_DIR) -> list[Promise]:
    """The promises of a layer's gate, in the order of the file.

    Parameters:
        layer: a name of `settings.LAYERS`.
        folder: where the suites are.

    Raises:
        UserError: the file is missing, repeats a name or lacks a field.
    """
    path = folder / f"{layer}.yml"
    if not path.exists():
        raise UserError(f"Layer {layer} has no suite: {path} is missing. Every layer needs a gate.")
    promises = [
        promise
        for file in (folder / "every_layer.yml", path)
        for promise in read_promises(file, yaml.safe_load(file.read_text()), layer)
    ]
    refuse_repeated(path, promises)
    return promises


def read_promises(path: Path, content: Mapping[str, Any], layer: str = "") -> list[Promise]:
    """The promises in a file, in its order.

    Parameters:
        path: the file, for messages.
        content: what it holds: promises, and queries that promises about a table share.
        layer: what `{layer}` in a query stands for.

    Raises:
        UserError: a promise lacks a field.
    """
    promises = []
    for number, entry in enumerate(content.get("promises") or (), start=1):
        try:
            query = entry.get("query") or content["queries"][entry["table"]]
            subject = [entry[k] for k in ("table", "column") if entry.get(k)]
            promises.append(
                Promise(
                    name=entry["name"],
                    why=entry["why"],
                    query=query.replace("{layer}", layer) if layer else query,
                    expectation=entry["expectation"],
                    arguments=entry.get("arguments") or {},
                    severity=entry.get("severity", "critical"),
                    subject=".".join(subject),
                    rule=entry.get("rule") or (entry["name"].replace("_", " ") if subject else ""),
                )
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path}, promise {number}, lacks {error}. A promise needs name, why, expectation "
                "and a query, or a table with an entry under queries."
            ) from None
    return promises


def refuse_repeated(path: Path, promises: Sequence[Promise]) -> None:
    """Names must be unique within a suite.

    Raises:
        UserError: a name is there twice.
    """
    names = [promise.name for promise in promises]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"{path} names the promise {repeated[0]} twice. Rename or remove one.")
