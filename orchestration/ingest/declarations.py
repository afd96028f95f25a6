"""The source tables that the dbt project declares: what to read, from where, which columns."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.ingest.keyed import POLICY, Keyed, keyed_of


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_delimiter(value: Any) -> bool:
    return _is_text(value) and (value in ("tab", "whitespace") or 1 <= len(value) <= 4)


FILE_FORMATS = ("csv", "ndjson", "json", "parquet", "excel", "sqlite")
FORMATS = (*FILE_FORMATS, "postgresql")
CHANGES = ("new", "missing", "retyped")
POLICIES = ("stop", "ignore", "evolve")
DEFAULT_POLICY = {"new": "ignore", "missing": "stop", "retyped": "stop"}
"""A new column stays in its file and is reported; a lost or changed one stops the source."""
DEFAULT_THRESHOLD = 0.005
PARTIES = ("zero", "first", "second", "third")
"""Whose data a source holds: told by the person, own, a partner's, bought."""
LEGAL_BASES = (
    "consent", "contract", "legal_obligation", "vital_interests", "public_task",
    "legitimate_interests",
)  # fmt: skip
"""Article 6(1) of the GDPR, a to f."""
OPTIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "delimiter": ("one to four characters, tab or whitespace", _is_delimiter),
    "quote": ("one character, or an empty text for none", lambda v: _is_text(v) and len(v) <= 1),
    "encoding": ("the name of an encoding, such as latin-1", _is_text),
    "header": ("true or false", lambda v: isinstance(v, bool)),
    "skip_lines": ("a whole number from 0", lambda v: type(v) is int and v >= 0),
    "sheet": ("a sheet's name, or its number from 0", lambda v: isinstance(v, str | int)),
    "member": ("the name of a file in the archive, or a pattern", _is_text),
}
"""How files may be written: what each option takes, in words and as a check."""


@dataclass(frozen=True)
class Column:
    """A column that is loaded.

    Attributes:
        name: its name in landing.
        source_name: its name in the file or database.
        data_type: its type in landing; text unless the declaration says otherwise.
    """

    name: str
    source_name: str = ""
    data_type: str = "varchar"

    def __post_init__(self) -> None:
        object.__setattr__(self, "source_name", self.source_name or self.name)

    @property
    def is_text(self) -> bool:
        """Whether every value is taken as it is written."""
        return self.data_type == "varchar"


@dataclass(frozen=True)
class SourceTable:
    """One declared table of one source system.

    Attributes:
        source: the source system, a folder under models/staging.
        table: the table's name within the source.
        identifier: its view in the schema `landing`.
        format: one of `FORMATS`.
        path: glob below the landing folder, or an absolute one; `**` allowed.
        columns: the columns that are loaded.
        database_table: the table to read inside a database.
        description: what the YAML says about it.
        url: address of a database server, without a password.
        password_env: the environment variable that holds its password; PGPASSWORD without.
        watermark: column of a database table that grows with every change.
        completeness_marker: suffix of the empty file that says that a file is complete.
        options: how the files are written, see `OPTIONS`.
        on_schema_change: policy for each of `CHANGES`.
        on_missing_file: `drop` the rows of a file that is gone, or `keep` them.
        quarantine_threshold: share of a file's rows that may be faulty.
        party: whose data it is, one of PARTIES; empty where the YAML is silent.
        legal_basis: one of LEGAL_BASES, or empty.
        use_until: the last day, ISO 8601, on which it may be used, or empty.
        landing_only: whether it is meant that no staging model reads it.
        declared_in: the YAML file, for messages.
        keyed: what it holds as a keyed attribute file; None where it is none.
    """

    source: str
    table: str
    identifier: str
    format: str
    path: str
    columns: tuple[Column, ...]
    database_table: str | None = None
    description: str = ""
    url: str | None = None
    password_env: str | None = None
    watermark: str | None = None
    completeness_marker: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    on_schema_change: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_POLICY))
    on_missing_file: str = "drop"
    quarantine_threshold: float = DEFAULT_THRESHOLD
    party: str = ""
    legal_basis: str = ""
    use_until: str = ""
    landing_only: bool = False
    declared_in: str = ""
    keyed: Keyed | None = None

    @property
    def label(self) -> str:
        """`source.table`, for messages."""
        return f"{self.source}.{self.table}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names in landing."""
        return tuple(column.name for column in self.columns)

    @property
    def is_database(self) -> bool:
        """Whether a server is read and not files."""
        return self.format == "postgresql"

    def fingerprint(self) -> str:
        """A hash of all that decides how the bytes of a file become rows."""
        parts = asdict(self)
        for of_no_effect in (
            "description",
            "quarantine_threshold",
            "landing_only",
            "party",
            "legal_basis",
            "use_until",
            "password_env",
            "on_missing_file",
            "declared_in",
        ):
            del parts[of_no_effect]
        if self.keyed is None:
            del parts["keyed"]
        parts["on_schema_change"] = dict(sorted(self.on_schema_change.items()))
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def declared_source_tables(manifest: Mapping[str, Any]) -> list[SourceTable]:
    """The source tables of a dbt manifest that have a file format, ordered by name.

    Parameters:
        manifest: dbt's manifest.json as a mapping.

    Raises:
        UserError: a declaration lacks its path or columns, or holds a word that is not known.
    """
    tables = []
    for node in manifest["sources"].values():
        meta = {
            **node.get("source_meta", {}),
            **node.get("meta", {}),
            **node.get("config", {}).get("meta", {}),
        }
        if "format" in meta:
            tables.append(_source_table(node, meta))
    return sorted(tables, key=lambda table: (table.source, table.table))


def _source_table(node: Mapping[str, Any], meta: Mapping[str, Any]) -> SourceTable:
    where = f"source {node['source_name']}.{node['name']} in {node['original_file_path']}"
    if meta["format"] not in FORMATS:
        raise UserError(
            f"The {where} has format '{meta['format']}'. Use one of {', '.join(FORMATS)}."
        )
    is_database = meta["format"] == "postgresql"
    if not meta.get("url" if is_database else "path") or not node["columns"]:
        needed = "meta.url" if is_database else "meta.path"
        raise UserError(f"The {where} needs {needed} and a list of columns.")
    path = str(meta.get("path", ""))
    if ".." in Path(path).parts:
        raise UserError(
            f"The {where} must give a path below the landing folder or an absolute one, not "
            f"'{path}'."
        )
    options = dict(meta.get("options") or {})
    for option, value in options.items():
        if option not in OPTIONS:
            raise UserError(f"The {where} has the option '{option}'. Use {', '.join(OPTIONS)}.")
        allowed, is_allowed = OPTIONS[option]
        if not is_allowed(value):
            raise UserError(f"The {where} has the option {option}: {value!r}. Give {allowed}.")
    url = meta.get("url")
    if url and url != without_password(url):
        raise UserError(
            f"The {where} holds a password in its url. Take it out, and change it where it was "
            "seen: PGPASSWORD, ~/.pgpass or the variable that meta.password_env names gives it to "
            "each run."
        )
    threshold = meta.get("quarantine_threshold", DEFAULT_THRESHOLD)
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise UserError(
            f"The {where} has quarantine_threshold '{threshold}'. Give a share from 0 to 1, such "
            "as 0.005."
        )
    on_missing_file = meta.get("on_missing_file", "drop")
    if on_missing_file not in ("drop", "keep"):
        raise UserError(f"The {where} has on_missing_file '{on_missing_file}'. Use drop or keep.")
    keyed = keyed_of(node, meta, where)
    return SourceTable(
        source=node["source_name"],
        table=node["name"],
        identifier=node["identifier"],
        format=meta["format"],
        path=path,
        columns=tuple(_column(column) for column in node["columns"].values()),
        database_table=meta.get("database_table"),
        description=node.get("description", ""),
        url=url,
        password_env=_variable(meta.get("password_env"), where),
        watermark=meta.get("watermark"),
        completeness_marker=meta.get("completeness_marker"),
        options=options,
        on_schema_change=POLICY if keyed else _schema_policy(meta.get("on_schema_change"), where),
        on_missing_file=on_missing_file,
        quarantine_threshold=float(threshold),
        party=_one_of(meta, "party", PARTIES, where),
        legal_basis=_one_of(meta, "legal_basis", LEGAL_BASES, where),
        use_until=_day(meta.get("use_until"), where),
        landing_only=bool(meta.get("landing_only", False)),
        declared_in=node["original_file_path"],
        keyed=keyed,
    )


def _one_of(meta: Mapping[str, Any], word: str, known: Sequence[str], where: str) -> str:
    said = meta.get(word)
    if said is not None and said not in known:
        raise UserError(f"The {where} has {word} '{said}'. Use {', '.join(known)}.")
    return str(said or "")


def _day(said: Any, where: str) -> str:
    try:
        return date.fromisoformat(str(said)).isoformat() if said else ""
    except ValueError:
        raise UserError(
            f"The {where} has use_until '{said}'. Give the last day of use, such as 2027-06-30."
        ) from None


def _variable(name: Any, where: str) -> str | None:
    if name is not None and not (_is_text(name) and re.fullmatch(r"[A-Za-z_]\w*", name)):
        # It may be the password itself, so it is not repeated.
        raise UserError(
            f"The {where} has a password_env that is no name of an environment variable. Give a "
            "name such as CRM_PASSWORD, never the password."
        )
    return str(name) if name else None


def _column(column: Mapping[str, Any]) -> Column:
    meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
    declared = (column.get("data_type") or "varchar").lower()
    data_type = "varchar" if declared in ("string", "text") else declared
    return Column(column["name"], meta.get("source_name") or column["name"], data_type)


def _schema_policy(declared: Any, where: str) -> dict[str, str]:
    if declared is None:
        return dict(DEFAULT_POLICY)
    chosen = dict.fromkeys(CHANGES, declared) if isinstance(declared, str) else dict(declared)
    for change, policy in chosen.items():
        if change not in CHANGES or policy not in POLICIES:
            raise UserError(
                f"The {where} has on_schema_change {change}: {policy}. Use {', '.join(POLICIES)}, "
                f"or one of them for each of {', '.join(CHANGES)}."
            )
    return {**DEFAULT_POLICY, **chosen}
