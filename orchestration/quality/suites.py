"""The gates' promises as data: one YAML file per layer, read into typed records."""

from __future__ import annotations

from collections.abc import Mapping
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
    """

    name: str
    why: str
    query: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: str


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
    promises = _read(folder / "every_layer.yml", layer) + _read(path, layer)
    names = [p.name for p in promises]
    if len(set(names)) < len(names):
        raise UserError(f"{path} names a promise twice. Names must be unique within a suite.")
    return promises


def _read(path: Path, layer: str) -> list[Promise]:
    promises = []
    for number, entry in enumerate(yaml.safe_load(path.read_text())["promises"], start=1):
        try:
            promises.append(
                Promise(
                    name=entry["name"],
                    why=entry["why"],
                    query=entry["query"].replace("{layer}", layer),
                    expectation=entry["expectation"],
                    arguments=entry.get("arguments", {}),
                    severity=entry.get("severity", "critical"),
                )
            )
        except KeyError as error:
            raise UserError(f"{path}, promise {number}, lacks the field {error}.") from None
    return promises
