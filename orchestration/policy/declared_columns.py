"""What the YAML of a source declares of its columns: attributes of the person, and identities."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.policy.merge_policies import MERGE_RULES
from orchestration.policy.namespaces import NAMESPACE_COLUMNS
from orchestration.policy.seeds import FOLDER, read_seed
from orchestration.policy.subscriptions import (
    CONSUMERS,
    check_consumers,
    check_subscriptions,
    consumers_of,
)

TYPES = ("text", "integer", "decimal", "date", "instant", "boolean")
WORDS = ("name", "type", "merge", "display_name", "consumers", "format", "zone", "decimal_mark")
"""What `config.meta.attribute` may say."""
READERS = {"attribute": "attributes_of", "namespace": "identities_of"}
"""The macro through which a staging model takes what is declared."""
KEYED, KEYED_READER = "keyed_by", "statements_of"
"""The word by which a keyed attribute file names its column of ids; the macro of its attributes."""
UNSAID = {"type": "text", "format": "iso", "zone": "UTC", "decimal_mark": "."}
"""How values are read where nothing is said, as in macros/declared_columns.sql."""
COLUMNS_OF_PERSON = "declared_attributes"
"""The macro through which a model takes declared attributes as columns."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
FORMAT = re.compile(r"[\w %:/.,+-]+")


@dataclass(frozen=True)
class Declared:
    """A column that declares something.

    Attributes:
        where: source, column and file, for messages.
        table: the unique id of its source table.
        what: attribute or namespace.
        said: what it declares.
        label: its label of personal data.
        is_keyed: whether it is a column of a keyed attribute file.
    """

    where: str
    table: str
    what: str
    said: Any
    label: str
    is_keyed: bool = False

    @property
    def reader(self) -> str:
        """The macro through which a staging model takes it."""
        is_statement = self.is_keyed and self.what == "attribute"
        return KEYED_READER if is_statement else READERS[self.what]


def namespaces_of(dbt_project_dir: Path) -> list[str]:
    """The names of identity_namespaces, in order.

    Parameters:
        dbt_project_dir: the dbt project.

    Raises:
        UserError: the seed can't be read.
    """
    path = dbt_project_dir / FOLDER / "identity_namespaces.csv"
    return sorted(row["namespace"] for row in read_seed(path, NAMESPACE_COLUMNS))


def check_declared_columns(manifest: Mapping[str, Any], namespaces: Collection[str]) -> None:
    """Refuse declared attributes and identities that can't be followed.

    What they say becomes SQL of staging, so it is asked before anything is made.

    Parameters:
        manifest: dbt's manifest.json.
        namespaces: names of identity_namespaces.

    Raises:
        UserError: the first mistake, with the column, its file and what to do.
    """
    taken = _taken(manifest)
    first: dict[str, tuple[Declared, Any]] = {}
    for column in declared_columns(manifest):
        _require_reader(manifest, column)
        if column.what == "namespace":
            _check_namespace(column, namespaces)
            continue
        said = _attribute(column)
        name = said["name"]
        if name in taken:
            raise UserError(
                f"{column.where} declares the attribute {name}, and a profile has a column of that "
                "name. Give it another name, as in attribute: {name: "
                f"{column.table.split('.')[2]}_{name}}}."
            )
        check_consumers(said, column.where)
        consumers = consumers_of(said)
        whom = f"for {' and '.join(consumers) or 'nobody'}" if {*consumers} != {*CONSUMERS} else ""
        meaning = (said["type"], said.get("merge", ""), column.label, whom)
        other, theirs = first.setdefault(name, (column, meaning))
        if other is not column and other.table == column.table:
            raise UserError(
                f"{column.where} declares the attribute {name}, and so does {other.where}. Give "
                "one of them another name."
            )
        if theirs != meaning:
            raise UserError(
                f"{column.where} declares the attribute {name} as {_listed(meaning)} and "
                f"{other.where} as {_listed(theirs)}. Type, merge rule, label and consumers of "
                "one attribute are the same everywhere."
            )
    check_subscriptions(manifest, subscriptions(manifest), COLUMNS_OF_PERSON)


def declared_columns(manifest: Mapping[str, Any]) -> Iterator[Declared]:
    """The columns of all sources that declare an attribute or a namespace, in order of their ids.

    Parameters:
        manifest: dbt's manifest.json.
    """
    for table, node in sorted(manifest["sources"].items()):
        is_keyed = KEYED in {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
        for name, column in node["columns"].items():
            meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
            where = (
                f"The column {name} of {node['source_name']}.{node['name']} in "
                f"{node['original_file_path']}"
            )
            for what in READERS:
                if meta.get(what):
                    label = str(meta.get("label") or "")
                    yield Declared(where, table, what, meta[what], label, is_keyed)


def attributes_declared(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The declared attributes, each with its label of personal data, which may be empty.

    Parameters:
        manifest: dbt's manifest.json.
    """
    return {
        _attribute(column)["name"]: column.label
        for column in declared_columns(manifest)
        if column.what == "attribute"
    }


def reading_of(said: Any) -> dict[str, str]:
    """How the values of an attribute are read, as its declaration says or leaves unsaid.

    Parameters:
        said: `config.meta.attribute` of a column: a type, or a mapping with WORDS;
            `check_declared_columns` refuses anything else.
    """
    told = said if isinstance(said, Mapping) else {"type": said}
    return {word: str(told.get(word, unsaid)) for word, unsaid in UNSAID.items()}


def subscriptions(manifest: Mapping[str, Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The declared attributes, each with where it is declared and its consumers.

    Parameters:
        manifest: dbt's manifest.json.
    """
    return {
        said["name"]: (column.where, consumers_of(said))
        for column in declared_columns(manifest)
        if column.what == "attribute"
        for said in [_attribute(column)]
    }


def _taken(manifest: Mapping[str, Any]) -> set[str]:
    """The columns of the models that take declared attributes as further ones."""
    suffix = f".{COLUMNS_OF_PERSON}"
    return {
        column
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and any(macro.endswith(suffix) for macro in node["depends_on"]["macros"])
        for column in node["columns"]
    }


def _listed(words: Sequence[str]) -> str:
    return ", ".join(filter(None, words))


def _require_reader(manifest: Mapping[str, Any], column: Declared) -> None:
    macro = column.reader
    readers = [
        node
        for node in manifest["nodes"].values()
        if column.table in node["depends_on"].get("nodes", ())
    ]
    if any(m.endswith(f".{macro}") for node in readers for m in node["depends_on"]["macros"]):
        return
    source, table = column.table.split(".")[2:4]
    raise UserError(
        f"{column.where} declares {'an attribute' if column.what == 'attribute' else 'an identity'}"
        f", and no model of customer records reads it. Write {{{{ {macro}(source('{source}', "
        f"'{table}')) }}}} into the staging model that feeds customer_records from that table."
    )


def _check_namespace(column: Declared, namespaces: Collection[str]) -> None:
    if column.said in namespaces:
        return
    near = get_close_matches(str(column.said), sorted(namespaces), n=3, cutoff=0.5)
    nearest = f"Nearest: {', '.join(near)}. " if near else ""
    raise UserError(
        f"{column.where} has the namespace {str(column.said)[:60]}, which is not known. {nearest}"
        "A new namespace is a row in seeds/policy/identity_namespaces.csv."
    )


def _attribute(column: Declared) -> dict[str, Any]:
    said = {"type": column.said} if isinstance(column.said, str) else column.said
    own = column.where.split()[2]
    if not isinstance(said, Mapping) or set(said) - set(WORDS):
        raise UserError(
            f"{column.where} has an attribute that can't be read. Give its type, one of "
            f"{', '.join(TYPES)}, or a mapping with {', '.join(WORDS)}."
        )
    filled = {"name": own, "type": "text", **said}
    if not NAME.fullmatch(str(filled["name"])):
        raise UserError(
            f"{column.where} declares the attribute {str(filled['name'])[:60]}. Use lower-case "
            "letters, digits and underscores, beginning with a letter."
        )
    for word, known in (("type", TYPES), ("merge", MERGE_RULES), ("decimal_mark", (".", ","))):
        if filled.get(word, known[0]) not in known:
            raise UserError(
                f"{column.where} declares an attribute with {word} {str(filled[word])[:60]}. Use "
                f"{', '.join(known)}."
            )
    for word in ("format", "zone"):
        if not FORMAT.fullmatch(str(filled.get(word, "iso"))):
            raise UserError(
                f"{column.where} declares an attribute with {word} {str(filled[word])[:60]}. Use a "
                "pattern such as %d.%m.%Y, and a zone such as +01:00 or Europe/Berlin."
            )
    return filled
