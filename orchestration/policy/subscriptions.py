"""Who receives which declared attribute: said with the attribute, so both go together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestration.errors import UserError

LOOKUP = "lookup"
CONSUMERS = ("value", "segments", "insights", "activation", LOOKUP)
"""The layers after profile, and `c360 query --layers`; as in macros/declared_columns.sql."""
COMMENTS = re.compile(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", re.S)


def consumers_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    """The consumers that an attribute's declaration names, in order; all where it names none.

    Parameters:
        said: `config.meta.attribute` as a mapping.
    """
    named = said.get("consumers", CONSUMERS)
    listed = [named] if isinstance(named, str) else list(named or ())
    return tuple(sorted(map(str, listed)))


def check_consumers(said: Mapping[str, Any], where: str) -> None:
    """Refuse consumers that are not known.

    Parameters:
        said: `config.meta.attribute` as a mapping.
        where: the column and its file, for messages.

    Raises:
        UserError: names the word and what can be said.
    """
    for name in consumers_of(said):
        if name not in CONSUMERS:
            raise UserError(
                f"{where} declares an attribute for the consumer {name[:60]}. Use a list of "
                f"{', '.join(CONSUMERS)}; [] is for nobody but the profile."
            )


def check_subscriptions(
    manifest: Mapping[str, Any],
    attributes: Mapping[str, tuple[str, Collection[str]]],
    with_attributes: str,
) -> None:
    """Refuse models of a layer that read an attribute which is not for that layer.

    A model reads it when it takes rows of a model with declared attributes and has the attribute's
    name in its text.

    Parameters:
        manifest: dbt's manifest.json.
        attributes: by name, where it is declared and for whom.
        with_attributes: the macro through which a model takes declared attributes as columns.

    Raises:
        UserError: names the model, the attribute and both remedies.
    """
    kept = {name: said for name, said in attributes.items() if {*said[1]} < {*CONSUMERS}}
    if not kept:
        return
    for node, text in _readers(manifest, with_attributes):
        layer = node["fqn"][1]
        for name, (where, consumers) in kept.items():
            if layer not in consumers and re.search(rf"\b{name}\b", text):
                raise UserError(
                    f"The model {node['name']} ({node['original_file_path']}) reads the attribute "
                    f"{name}, which is for {', '.join(consumers) or 'nobody'} and not for {layer}. "
                    f"Take it out, or add {layer} to its consumers: {where} declares it."
                )


def _readers(
    manifest: Mapping[str, Any], with_attributes: str
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The models of consuming layers that read models with declared attributes, and their text."""
    models = {i: n for i, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    having = {
        unique_id
        for unique_id, node in models.items()
        if any(macro.endswith(f".{with_attributes}") for macro in node["depends_on"]["macros"])
    }
    for node in models.values():
        if node.get("fqn", ("", ""))[1] in CONSUMERS and having & {*node["depends_on"]["nodes"]}:
            yield node, COMMENTS.sub(" ", node["raw_code"])
