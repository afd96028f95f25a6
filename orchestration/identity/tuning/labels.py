"""Labelled pairs: a CSV file of answers to "are these two records one person's?".

The file is read and checked, and grows by an answer at a time while somebody labels a sample.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.errors import UserError
from orchestration.policy.seeds import Row

COLUMNS = ("record_a", "record_b", "is_match")
SAMPLED = ("stratum", "stratum_pairs")
"""Columns of a drawn sample besides: where a pair was drawn, and from how many."""
ANSWERS = {
    "true": True, "yes": True, "y": True, "1": True,
    "false": False, "no": False, "n": False, "0": False,
}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """What somebody says about two records.

    Attributes:
        row: the row of the file.
        records: their keys, the smaller first.
        is_match: whether they are one person's.
        stratum: where the pair was drawn; None for a pair that somebody chose.
        stratum_pairs: from how many it was drawn.
    """

    row: Row
    records: tuple[str, str]
    is_match: bool
    stratum: str | None = None
    stratum_pairs: int | None = None


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, each pair once.

    Raises:
        UserError: the file can't be read or a row can't be followed, with line and remedy.
    """
    seen: dict[tuple[str, str], Label] = {}
    sizes: dict[str | None, Label] = {}
    for row in _rows(path):
        label = _label(row)
        before = seen.setdefault(label.records, label)
        if before.is_match != label.is_match:
            raise row.refuse(
                f"is_match is '{row['is_match']}', and line {before.row.line} says otherwise "
                "about the same pair",
                "Keep one of them.",
            )
        first = next(iter(seen.values()))
        if (first.stratum is None) != (label.stratum is None):
            raise row.refuse(
                "the pair was drawn from a stratum and others were not, or the other way round, "
                "so they can't be weighed together",
                "Keep chosen pairs and a drawn sample in two files.",
            )
        if sizes.setdefault(label.stratum, label).stratum_pairs != label.stratum_pairs:
            raise row.refuse(
                f"the stratum {label.stratum} has {label.stratum_pairs} pairs, and in line "
                f"{sizes[label.stratum].row.line} it has another number",
                "Keep samples that were drawn at different times in two files.",
            )
    return list(seen.values())


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, [])
            for column in COLUMNS:
                if column not in header:
                    raise UserError(
                        f"{path}, line 1: the column {column} is missing. The header is "
                        f"{','.join(COLUMNS)}; records are written "
                        "source_system:source_record_id.",
                        2,
                    )
            for cells in reader:
                if cells and len(cells) != len(header):
                    raise UserError(
                        f"{path}, line {reader.line_num}: {len(cells)} values for {len(header)} "
                        "columns. Put a text with commas into double quotes.",
                        2,
                    )
                if cells:
                    values = dict(zip(header, cells, strict=True))
                    yield Row(str(path), reader.line_num, values)
    except FileNotFoundError:
        raise UserError(
            f"There is no file {path}. Write one with the header {','.join(COLUMNS)}, or draw "
            "pairs and answer them at a terminal: `c360 identity tune FILE --sample 100`.",
            2,
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{path} can't be read ({type(error).__name__}). It must be a CSV file in UTF-8 with "
            f"the header {','.join(COLUMNS)}.",
            2,
        ) from None


def _label(row: Row) -> Label:
    for column in COLUMNS[:2]:
        if not all(row[column].partition(":")):
            raise row.refuse(
                f"{column} is '{row[column]}', which names no record",
                "Write source_system:source_record_id, as in web_shop:C0000123.",
            )
    a, b = sorted((row["record_a"], row["record_b"]))
    if a == b:
        raise row.refuse("both records are the same one", "Name two records or remove the row.")
    answer = ANSWERS.get(row["is_match"].lower())
    if answer is None:
        raise row.refuse(f"is_match is '{row['is_match']}'", "Write true or false.")
    stratum = row.values.get("stratum", "").strip()
    if not stratum:
        return Label(row, (a, b), answer)
    size = row.values.get("stratum_pairs", "").strip()
    if not size.isdecimal() or int(size) < 1:
        raise row.refuse(
            f"stratum_pairs is '{size}', and a drawn pair needs the number of pairs it was drawn "
            "from",
            "Leave both columns as the sample wrote them, or empty in all rows.",
        )
    return Label(row, (a, b), answer, stratum, int(size))


def check_known(con: duckdb.DuckDBPyConnection, labels: Sequence[Label]) -> None:
    """Refuse the first label about a record that the last run does not know.

    Raises:
        UserError: with line and remedy.
    """
    known = con.execute(
        "select distinct record_key from identity.identity_map "
        "where record_key in (select unnest(?::varchar[]))",
        [sorted({record for label in labels for record in label.records})],
    ).fetchall()
    names = {record for (record,) in known}
    for label in labels:
        for record in label.records:
            if record not in names:
                raise label.row.refuse(
                    f"no record is named {record}",
                    "Its key is written as its system writes it; remove the row if the record is "
                    "gone.",
                )


def append_label(path: Path, values: Sequence[Any]) -> None:
    """Add an answer about a drawn pair; the file is made where there is none.

    Parameters:
        path: the file of labels.
        values: of the columns `COLUMNS` and `SAMPLED`.
    """
    is_new = not path.exists() or not path.stat().st_size
    lacks_end = not is_new and not path.read_bytes().endswith(b"\n")
    with path.open("a", newline="", encoding="utf-8") as handle:
        if lacks_end:
            handle.write("\n")
        writer = csv.writer(handle, lineterminator="\n")
        if is_new:
            writer.writerow([*COLUMNS, *SAMPLED])
        writer.writerow(values)
