"""Which tables a place holds: a file, a folder, a pattern, or a database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.ingest.archives import members_of
from orchestration.ingest.discovery import told
from orchestration.ingest.file_states import FOLDER, is_utf8, shown_name, why_not_a_file
from orchestration.ingest.patterns import LINKED_FOLDER, Matches, find_matches
from orchestration.sources import databases
from orchestration.sources.dialect import dialect_of, head_text, header_of
from orchestration.sources.drafts import Table
from orchestration.sources.names import snake_case, unique_names

FORMATS = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "dat": "csv", "psv": "csv", "tab": "csv",
    "ndjson": "ndjson", "jsonl": "ndjson", "json": "json",
    "parquet": "parquet", "pq": "parquet",
    "xlsx": "excel", "xls": "excel", "xlsm": "excel", "xlsb": "excel", "ods": "excel",
    "sqlite": "sqlite", "sqlite3": "sqlite", "db": "sqlite",
}  # fmt: skip
PACKED = (".gz", ".zip")
# Folders that say how a file came, not what is in it.
DELIVERY = re.compile(
    r"upserts|deletes|fulldata|incrementaldata|\d+|(year|month|day|hour)=\d+", re.I
)
NUMBERS = re.compile(r"[-_. ]*(\d[\dTZ:_.-]*)$")
CHANGING = re.compile(r"[-_](?=[0-9a-f]*\d)[0-9a-f]{6,}$", re.I)
NO_DATA = re.compile(r"(readme|license|licence|copying|changelog|notice)\b.*", re.I)


def find_tables(
    location: str, landing_dir: Path, left_out: dict[str, str] | None = None
) -> list[Table]:
    """The tables at a place, not yet read.

    Parameters:
        location: a file, a folder, a pattern such as `exports/orders*.csv`, `sqlite:///path` or
            `postgresql://user@host/database`.
        landing_dir: a path below it is told relative to it.
        left_out: gets the names of what could not be looked at, with the reason.

    Raises:
        UserError: nothing is there, or nothing that can be read.
    """
    left_out = {} if left_out is None else left_out
    if location.startswith(("postgresql://", "postgres://")):
        return databases.postgresql_tables(location)
    if location.startswith("sqlite:"):
        location = re.sub(r"^sqlite:/{0,3}(?=/)|^sqlite:/*", "", location)
    place = Path(location).expanduser()
    if any(c in location for c in "*?[") and not place.exists():
        parts = place.parts
        first = next(i for i, part in enumerate(parts) if any(c in part for c in "*?["))
        root = Path(*parts[:first]) if first else Path()
        files = _files(find_matches(root, "/".join(parts[first:])), left_out)
        if not files:
            raise UserError(f"No file fits {location}. {_said(left_out)}Check the pattern.", 2)
        return _tables_of(_readable(files), root.resolve(), landing_dir, pattern=place)
    if place.is_dir():
        files = _files(find_matches(place, "**/*"), left_out)
        found = _readable(files)
        if not found:
            raise UserError(
                f"{place} holds no file that can be read. {_said(left_out)}Known endings: "
                f"{', '.join(FORMATS)}, packed with gz or zip or not.",
                2,
            )
        return _tables_of(found, place.resolve(), landing_dir)
    if reason := why_not_a_file(place):
        raise UserError(f"{shown_name(place)} can't be read: {reason}. Give a file or a folder.", 2)
    if not is_utf8(place):
        raise UserError(f"{shown_name(place)} has a name that is not UTF-8. Rename it.", 2)
    if not place.exists():
        raise UserError(
            f"{without_password(location)} does not exist. Give a file, folder, pattern, "
            "sqlite:///path or postgresql://user@host/database.",
            2,
        )
    kind = format_of(place) or "csv"
    if kind == "json" and _is_lines_of_json(place):
        kind = "ndjson"
    name = _without_number(_stem(place)) or _stem(place)
    return _with_details(Table(name, kind), (place.resolve(),), place, landing_dir)


def _files(matches: Matches, left_out: dict[str, str]) -> list[Path]:
    """The files among what was found; what looks like data and is none is told."""
    files = []
    for path in sorted(matches.paths):
        reason = why_not_a_file(path)
        if reason is None and is_utf8(path):
            files.append(path)
        elif reason != FOLDER and format_of(path):
            left_out[shown_name(path)] = reason or "its name is not UTF-8; rename it"
    left_out |= {shown_name(path): LINKED_FOLDER for path in sorted(matches.not_followed)}
    for path, reason in sorted(matches.unreadable.items()):
        left_out[shown_name(path)] = f"it can't be listed ({reason})"
    return files


def _said(left_out: Mapping[str, str]) -> str:
    return "".join(f"{name} is left out: {reason}. " for name, reason in list(left_out.items())[:3])


def format_of(path: Path) -> str | None:
    """The format that a file's ending says, packed or not; None when it is no data."""
    if path.name.startswith((".", "~")) or NO_DATA.fullmatch(path.name):
        return None
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        inner = FORMATS.get(suffixes[-2][1:]) if len(suffixes) > 1 else None
        return inner or ("csv" if suffixes[-1] == ".zip" else None)
    return FORMATS.get(suffixes[-1][1:]) if suffixes else None


def _readable(files: Sequence[Path]) -> list[tuple[Path, str]]:
    known = []
    for path in files:
        kind = format_of(path)
        if kind == "json" and _is_lines_of_json(path):
            kind = "ndjson"
        if kind and path.stat().st_size:
            known.append((path, kind))
    return known


def _is_lines_of_json(path: Path) -> bool:
    lines = [x.strip() for x in head_text(path, "utf-8").splitlines()[:3] if x.strip()]
    return len(lines) > 1 and all(x.startswith("{") and x.endswith("}") for x in lines)


def _stem(path: Path) -> str:
    name = path.name
    for suffix in reversed(path.suffixes):
        if suffix[1:].lower() in FORMATS or suffix.lower() in PACKED:
            name = name[: -len(suffix)]
        else:
            break
    return name


def _without_number(stem: str) -> str:
    """Without a date or a year at its end: `orders_2026-01-05` is orders, `dataset3` stays."""
    found = NUMBERS.search(stem)
    return stem[: found.start()] if found and len(re.sub(r"\D", "", found[1])) >= 4 else stem


def _tables_of(
    files: Sequence[tuple[Path, str]], root: Path, landing_dir: Path, pattern: Path | None = None
) -> list[Table]:
    groups: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path, kind in files:
        path = path.resolve()
        folders = [p for p in path.parent.relative_to(root).parts if not DELIVERY.fullmatch(p)]
        stem = NUMBERS.sub("", _stem(path))
        header: tuple[str, ...] = ()
        if kind == "csv" and len(members_of(path)) < 2:
            header = tuple(header_of(path, dialect_of(path)))
        groups[(kind, *folders, "", stem, *header)].append(path)
    tables: list[Table] = []
    everything = [path.resolve() for path, _ in files]
    for key, members in groups.items():
        cut = key.index("", 1)
        kind, stem, inner = key[0], key[cut + 1], key[1:cut]
        name = stem or (inner[-1] if inner else root.name)
        single = len(members) == 1
        if single:
            name = _without_number(_stem(members[0])) or name
        glob = _pattern(root.joinpath(*inner), members, stem, everything)
        if pattern is not None and len(groups) == 1:
            glob = str(pattern.resolve())
        if kind == "sqlite":
            glob = str(members[0])
        if glob is None:
            for path in members:
                tables += _with_details(Table(_stem(path), kind), (path,), path, landing_dir)
            continue
        tables += _with_details(Table(name, kind), tuple(members), Path(glob), landing_dir)
    for table, name in zip(tables, unique_names([t.name for t in tables], "table"), strict=True):
        table.name = name
    return sorted(tables, key=lambda table: table.name)


def _pattern(
    folder: Path, members: Sequence[Path], stem: str, everything: Sequence[Path]
) -> str | None:
    """A pattern that fits these files and no others of the place."""
    ending = "".join(members[0].suffixes[-2:]) if members[0].suffix in PACKED else members[0].suffix
    deep = any(path.parent != folder for path in members)
    base = str(folder / "**") if deep else str(folder)
    if len(members) == 1 and not deep and _without_number(_stem(members[0])) == _stem(members[0]):
        return str(members[0])
    tails = ("*", "_[0-9]*", "-[0-9]*", "[0-9]*", ".[0-9]*")
    for tail in tails:
        name = f"{stem}{tail}{ending}"
        fitting = {
            p for p in everything
            if p.match(name) and p.is_relative_to(folder) and (deep or p.parent == folder)
        }  # fmt: skip
        if fitting == set(members):
            return f"{base}/{name}"
    return None


def _with_details(
    table: Table, files: tuple[Path, ...], path: Path, landing_dir: Path
) -> list[Table]:
    """A table with its files and how to read them; several for a workbook or a database."""
    table.name, table.files = snake_case(table.name, "table"), files
    table.path = told(path.resolve(), landing_dir.resolve())
    if table.format == "csv":
        if len(members := members_of(files[0])) > 1:
            return _members(table, members)
        table.options = dialect_of(files[0])
    if table.format == "excel":
        return databases.sheets(table)
    if table.format == "sqlite":
        return databases.sqlite_tables(table)
    return [table]


def _members(table: Table, members: Sequence[str]) -> list[Table]:
    """A table per file of an archive; what changes in its name with each export is a pattern."""
    made = []
    for member in members:
        path = Path(member)
        if format_of(path) != "csv":
            continue
        stem = CHANGING.sub("", _stem(path))
        pattern = member if stem == _stem(path) else member.replace(_stem(path), f"{stem}_*")
        fitting = [m for m in members if fnmatchcase(m, pattern)]
        options = dialect_of(table.files[0], pattern if fitting == [member] else member)
        made.append(replace(table, name=snake_case(stem, "table"), options=options))
    return made
