"""Files as they should not be, made in memory: damage at every place, in every format.

Good rows have ids g0, g1, ...; whatever happens to the row beside them, they must arrive.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.sources.workbook import excel

GOOD_ROWS = 9
HEADER = "id,amount,note"


@dataclass(frozen=True)
class Hostile:
    """One hostile input.

    Attributes:
        name: what is wrong, unique.
        format: of the source table that reads it.
        content: the file's bytes; None makes a folder of that name.
        good: ids that must arrive, with the line they stand on where the format has lines.
        may_refuse: whether the whole file may be refused; then nothing of it may arrive.
        rows: how many rows, lines or elements must be loaded or set aside together, where the
            damage leaves no doubt about it.
    """

    name: str
    format: str
    content: bytes | None
    good: dict[str, int | None]
    may_refuse: bool = False
    rows: int | None = None


DAMAGED_LINES: dict[str, bytes] = {
    "quote opens and never closes": b'x1,"open,n',
    "quote inside a value": b'x1,4" tape,n',
    "quote opens late": b'x1,12,say "hi',
    "text after a closing quote": b'x1,"12"3,n',
    "three quotes": b'x1,"""12,n',
    "too many fields": b"x1,12,n,more,more",
    "too few fields": b"x1",
    "one field too few": b"x1,12",
    "NUL byte": b"x1,1\x002,n",
    "no UTF-8": b"x1,12,\xff\xfe\xfa",
    "Latin-1 among UTF-8": "x1,12,M\u00fcller".encode("latin-1"),
    "half a UTF-8 character": "x1,12,\u20ac".encode()[:-1],
    "overlong UTF-8": b"x1,12,\xc0\xaf",
    "UTF-8 surrogate": b"x1,12,\xed\xa0\x80",
    "carriage return inside": b"x1,1\r2,n",
    "form feed and vertical tab": b"x1,1\x0c2,\x0bn",
    "end-of-file character": b"x1,12,\x1a",
    "byte order mark inside": b"\xef\xbb\xbfx1,12,n",
    "formula": b"x1,=cmd|' /C calc'!A0,=1+1",
    "date that is none": b"x1,31/02/2024,30.02.2024",
    "local number": b'x1,"1.234,56",n',
    "currency and blanks": "x1,\u20ac\u00a01\u202f234.56,n".encode(),
    "SQL": b"x1,'); drop table landing.t; --,n",
    "Jinja": b"x1,{{ env_var('HOME') }},{% raw %}",
    "only delimiters": b",,",
    "blank line": b"",
    "blanks": b"   ",
    "header again": b"id,amount,note",
    "other delimiter": b"x1;12;n",
    "tabs": b"x1\t12\tn",
    "right to left and emoji": "x1,12,\u202e\u05d0\U0001f600".encode(),
    "value over several lines": b'x1,12,"a\nb\n\nc"',
    "quoted delimiters": b'x1,"1,2",", ,"',
    "doubled quotes": b'x1,"1""2",""""',
    "long value": b"x1,12," + b"y" * 300_000,
    "backslash escapes": b'x1,12,"a\\"b"',
}


def csv_lines(damaged: bytes, at: int, newline: bytes, ends: bool) -> tuple[bytes, dict[str, int]]:
    """A CSV file with one damaged line at a place, and the line of each good row."""
    lines = [HEADER.encode()]
    good: dict[str, int] = {}
    number = 1
    for k in range(GOOD_ROWS):
        if k == at:
            lines.append(damaged.replace(b"\n", newline))
            number += 1 + damaged.count(b"\n")
        number += 1
        good[f"g{k}"] = number
        lines.append(f"g{k},{k}.50,note {k}".encode())
    if at == GOOD_ROWS:
        lines.append(damaged.replace(b"\n", newline))
    return newline.join(lines) + (newline if ends else b""), good


def damaged_csv() -> Iterator[Hostile]:
    """Every kind of damaged line at the start, in the middle and at the end."""
    for name, damaged in DAMAGED_LINES.items():
        for at in (0, 4, GOOD_ROWS):
            for newline, ends in ((b"\n", True), (b"\n", False), (b"\r\n", True)):
                content, good = csv_lines(damaged, at, newline, ends)
                label = f"csv: {name}, at {at}, {newline!r}, {'' if ends else 'no '}newline at end"
                yield Hostile(label, "csv", content, dict(good))


def odd_csv() -> Iterator[Hostile]:
    """Whole files that are odd."""
    good_lines, good = csv_lines(b"x1,12,n", 4, b"\n", True)
    none: dict[str, int | None] = {}
    lined: dict[str, int | None] = dict(good)
    unlined: dict[str, int | None] = dict.fromkeys(good)
    yield Hostile("csv: empty", "csv", b"", none)
    yield Hostile("csv: only a header", "csv", b"id,amount,note\n", none)
    yield Hostile("csv: only newlines", "csv", b"\n\n\n", none, True)
    yield Hostile("csv: only NUL bytes", "csv", b"\0" * 500, none, True)
    yield Hostile("csv: a picture", "csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, none, True)
    yield Hostile("csv: a web page", "csv", b"<html><body>404</body></html>", none, True)
    yield Hostile("csv: another header", "csv", b"a,b,c\n1,2,3\n", none, True)
    yield Hostile("csv: header names twice", "csv", b"id,id,amount,note\n1,1,2,3\n", none, True)
    yield Hostile("csv: semicolons", "csv", b"id;amount;note\ng0;1;2\n", none, True)
    yield Hostile("csv: quoted header", "csv", b'"id","amount","note"\ng0,1,n\n', {"g0": 2})
    yield Hostile("csv: header with blanks", "csv", b" id, amount ,note\ng0,1,n\n", {"g0": 2})
    yield Hostile("csv: columns turned", "csv", b"note,id,amount\nn,g0,1\n", {"g0": 2})
    yield Hostile("csv: one more column", "csv", b"id,amount,note,z\ng0,1,n,9\n", {"g0": 2})
    yield Hostile("csv: BOM", "csv", b"\xef\xbb\xbf" + good_lines, lined)
    yield Hostile("csv: UTF-16", "csv", good_lines.decode().encode("utf-16"), lined)
    yield Hostile("csv: UTF-32", "csv", good_lines.decode().encode("utf-32"), lined)
    yield Hostile("csv: old Mac", "csv", good_lines.replace(b"\n", b"\r"), unlined)
    several = b'id,amount,note\ng0,1,"a\nb\nc"\nx1\ng1,1,n\nx2\n\ng2,1,"a\nb"\ng3,1,n\n'
    places: dict[str, int | None] = {"g0": 2, "g1": 6, "g2": 9, "g3": 11}
    yield Hostile("csv: several lines and rejects", "csv", several, places)
    yield Hostile("csv: the same behind a BOM", "csv", b"\xef\xbb\xbf" + several, places)
    crlf = several.replace(b"\n", b"\r\n")
    yield Hostile("csv: the same with CRLF", "csv", crlf, places)
    mixed = good_lines.replace(b"g3,3.50,note 3\n", b"g3,3.50,note 3\r\n")
    yield Hostile("csv: two kinds of line end", "csv", mixed, lined)
    wide = b"id,amount,note," + b",".join(b"c%d" % i for i in range(3000)) + b"\n"
    wide += b"g0,1,n," + b",".join(b"1" for _ in range(3000)) + b"\n"
    yield Hostile("csv: three thousand columns", "csv", wide, {"g0": 2})
    big = b"id,amount,note\ng0,1,n\nx1,2," + b"z" * 10_000_000 + b"\ng1,1,n\n"
    yield Hostile("csv: cell of ten megabytes", "csv", big, {"g0": 2, "g1": 4})
    huge = b"id,amount,note\ng0,1,n\nx1,2," + b"z" * 40_000_000 + b"\ng1,1,n\n"
    yield Hostile("csv: cell of forty megabytes", "csv", huge, {"g0": 2, "g1": 4})
    yield Hostile("csv: a folder of that name", "csv", None, none)
    strays = b"".join(b'x%d,"open,n\ng%d,1,n\n' % (i, i) for i in range(200))
    lines: dict[str, int | None] = {f"g{i}": 3 + 2 * i for i in range(200)}
    yield Hostile(
        "csv: a stray quote on every other line", "csv", b"id,amount,note\n" + strays, lines
    )


DAMAGED_OBJECTS: dict[str, bytes] = {
    "torn": b'{"id": "x1", "amo',
    "no object": b"[1, 2]",
    "a number": b"12",
    "a text": b'"x1"',
    "trailing comma": b'{"id": "x1",}',
    "single quotes": b"{'id': 'x1'}",
    "two objects": b'{"id": "x1"} {"id": "x2"}',
    "NaN": b'{"id": "x1", "amount": NaN}',
    "nested": b'{"id": {"a": [1, {"b": 2}]}, "amount": [], "note": {}}',
    "deep": b'{"id": ' + b"[" * 500 + b"]" * 500 + b"}",
    "no UTF-8": b'{"id": "x1", "note": "\xff"}',
    "NUL byte": b'{"id": "x\x001"}',
    "escaped NUL": b'{"id": "x\\u00001"}',
    "lone surrogate": b'{"id": "x\\ud800"}',
    "unknown fields only": b'{"other": 1}',
    "null": b"null",
    "empty object": b"{}",
    "blank line": b"",
    "key twice": b'{"id": "x1", "id": "x2"}',
    "huge number": b'{"id": "x1", "amount": 1e999}',
}


def damaged_json() -> Iterator[Hostile]:
    """Every kind of damaged object among good ones."""
    for name, damaged in DAMAGED_OBJECTS.items():
        for at in (0, 4, GOOD_ROWS):
            lines = [
                json.dumps({"id": f"g{k}", "amount": f"{k}.50", "note": f"note {k}"}).encode()
                for k in range(GOOD_ROWS)
            ]
            good: dict[str, int | None] = {f"g{k}": k + 1 + (k >= at) for k in range(GOOD_ROWS)}
            lines.insert(at, damaged)
            content, count = b"\n".join(lines) + b"\n", GOOD_ROWS + bool(damaged)
            yield Hostile(f"ndjson: {name}, at {at}", "ndjson", content, good, rows=count)
    array = [{"id": f"g{k}", "amount": "1", "note": "n"} for k in range(GOOD_ROWS)]
    whole = json.dumps(array).encode()
    every: dict[str, int | None] = {f"g{k}": None for k in range(GOOD_ROWS)}
    yield Hostile("json: an array", "json", whole, every)
    for name, element in (("unknown fields", {"other": 1}), ("null", None), ("empty", {})):
        odd = json.dumps([*array[:4], element, *array[4:]]).encode()
        yield Hostile(f"json: among others {name}", "json", odd, every, rows=GOOD_ROWS + 1)
    for cut in range(1, len(whole), len(whole) // 8):
        yield Hostile(f"json: cut at {cut}", "json", whole[:cut], {}, True)
    yield Hostile("json: empty", "json", b"", {}, True)
    yield Hostile("ndjson: empty", "ndjson", b"", {})


def packed() -> Iterator[Hostile]:
    """Archives that are whole, cut and garbled."""
    content, good = csv_lines(b"x1,12,n", 4, b"\n", True)
    lined: dict[str, int | None] = dict(good)
    content = content + b"".join(b"p%d,1,%d\n" % (i, i * 7919) for i in range(3000))
    gz = gzip.compress(content, mtime=0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", content)
    zipped = buffer.getvalue()
    count = GOOD_ROWS + 1 + 3000
    yield Hostile("gz: whole", "csv", gz, lined, rows=count)
    yield Hostile("zip: whole", "csv", zipped, lined, rows=count)
    for kind, data in (("gz", gz), ("zip", zipped)):
        for part in range(1, 13):
            cut = len(data) * part // 13
            yield Hostile(f"{kind}: cut at {part}/13", "csv", data[:cut], {}, True, count)
            garbled = bytearray(data)
            garbled[cut] ^= 0xFF
            wrong = f"{kind}: a byte wrong at {part}/13"
            yield Hostile(wrong, "csv", bytes(garbled), {}, True, count)
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.csv", content)
        archive.writestr("../b.csv", content)
    yield Hostile("zip: two files", "csv", two.getvalue(), {}, True)
    none = io.BytesIO()
    with zipfile.ZipFile(none, "w"):
        pass
    yield Hostile("zip: no file", "csv", none.getvalue(), {}, True)
    yield Hostile("gz: packed twice", "csv", gzip.compress(gz), {}, True)


def columnar(folder: Path) -> Iterator[Hostile]:
    """Parquet, Excel and SQLite: whole, cut, garbled and mistaken for each other."""
    ids = [f"g{k}" for k in range(GOOD_ROWS)]
    every: dict[str, int | None] = dict.fromkeys(ids)
    table = pa.table({"id": ids, "amount": [1.5] * GOOD_ROWS, "note": ["n"] * GOOD_ROWS})
    pq.write_table(table, folder / "whole.parquet")
    with sqlite3.connect(folder / "whole.sqlite") as db:
        db.execute("create table t (id, amount, note)")
        db.executemany("insert into t values (?, ?, ?)", [(i, 1.5, b"\x00\xff") for i in ids])
    parquet = (folder / "whole.parquet").read_bytes()
    database = (folder / "whole.sqlite").read_bytes()
    workbook = excel(ids)
    wholes = {"parquet": parquet, "sqlite": database, "excel": workbook}
    for kind, data in wholes.items():
        yield Hostile(f"{kind}: whole", kind, data, every, rows=GOOD_ROWS)
        yield Hostile(f"{kind}: empty", kind, b"", {}, True)
        for part in range(1, 11):
            cut = len(data) * part // 11
            yield Hostile(f"{kind}: cut at {part}/11", kind, data[:cut], {}, True, GOOD_ROWS)
        for other, wrong in wholes.items():
            if other != kind:
                yield Hostile(f"{kind}: is {other}", kind, wrong, {}, True)
                yield Hostile(f"csv: is {other}, for {kind}", "csv", wrong, {}, True)
    for part in range(1, 9):
        garbled = bytearray(parquet)
        garbled[len(parquet) * part // 9] ^= 0xFF
        yield Hostile(f"parquet: a byte wrong at {part}/9", "parquet", bytes(garbled), {}, True)


def all_hostile(folder: Path) -> list[Hostile]:
    """All of them; `folder` is for scratch files."""
    return [*damaged_csv(), *odd_csv(), *damaged_json(), *packed(), *columnar(folder)]
