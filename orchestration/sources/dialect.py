"""How a text file is written: encoding, delimiter, quotes, header. It loads nothing."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from charset_normalizer import from_bytes

from orchestration.errors import UserError
from orchestration.ingest.archives import open_unpacked

HEAD_BYTES = 256 * 1024
LONGEST_HEADER_BYTES = 8 * 1024 * 1024
ENCODING_BYTES = 64 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Western European text holds beyond ASCII; text decoded wrongly holds other things.
WESTERN = set(
    "äöüÄÖÜßéèêëàâáçîïíìôóòõöûùúñÑœæøåãŒÆØÅÉÈÊÀÂÁÇÎÔÓÛÚÍÿýžšŽŠ€£§°²³µ«»„“”‚‘’–—…·´`¨©®™½¼\u00a0"
)
VALUE = re.compile(
    r"[+-]?[\d.,' ]*\d[\d.,]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.\w+|https?://.*"
)


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """A file's bytes, unpacked from gzip or zip.

    Parameters:
        path: the file.
        member: name or pattern of the file in an archive of several.

    Raises:
        UserError: it can't be read or unpacked.
    """
    try:
        with open_unpacked(path, member) as handle:
            yield handle
    except OSError as error:
        raise UserError(
            f"{path} can't be read: {error.strerror or type(error).__name__}. Check the file and "
            "its rights."
        ) from None


def encoding_of(path: Path, member: str | None = None) -> str:
    """The encoding of a text file: UTF-8 when it is that, else the likeliest other one."""
    with opened(path, member) as handle:
        head = handle.read(HEAD_BYTES)
        for mark, name in BOMS:
            if head.startswith(mark):
                return name
        decoder = codecs.getincrementaldecoder("utf-8")()
        data, read = head, 0
        try:
            while data and read < ENCODING_BYTES:
                decoder.decode(data)
                read += len(data)
                rest, data = data, handle.read(1024 * 1024)
            return "utf-8"
        except UnicodeDecodeError:
            # The bytes that are not UTF-8 say most; ASCII around them says nothing.
            suspicious = b"\n".join(
                line for line in (rest + data if read else data).splitlines() if not line.isascii()
            )
    try:
        if set(filter(lambda c: not c.isascii(), suspicious.decode("cp1252"))) <= WESTERN:
            return "cp1252"
    except UnicodeDecodeError:
        pass
    best = from_bytes(suspicious[:HEAD_BYTES]).best()
    return best.encoding.replace("_", "-") if best else "cp1252"


def head_text(path: Path, encoding: str, member: str | None = None) -> str:
    """The first lines of a text file, the last one complete."""
    with opened(path, member) as handle:
        data = handle.read(HEAD_BYTES)
        while b"\n" not in data and b"\r" not in data and (more := handle.read(HEAD_BYTES)):
            # Thousands of columns; or no text at all.
            data += more
            if len(data) > LONGEST_HEADER_BYTES:
                raise UserError(
                    f"{path} has a first line of more than {LONGEST_HEADER_BYTES >> 20} MB. Check "
                    "that it is a text file with a header."
                )
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if len(data) >= HEAD_BYTES and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return text


def dialect_of(path: Path, member: str | None = None) -> dict[str, Any]:
    """Options of a delimited text file, as the sources YAML says them, defaults left out.

    Parameters:
        path: the file; gz and zip are looked into.
        member: the file in an archive of several.

    Returns:
        delimiter, quote, encoding, header, skip_lines, where they differ from a UTF-8 file with
        commas, double quotes and a header.
    """
    encoding = encoding_of(path, member)
    text = head_text(path, encoding, member)
    lines = [line for line in text.splitlines() if line.strip()][:400]
    options: dict[str, Any] = {"member": member} if member else {}
    if encoding != "utf-8":
        options["encoding"] = encoding
    quote = _quote(text)
    delimiter, width = _delimiter(text, lines, quote)
    if delimiter != ",":
        options["delimiter"] = delimiter
    if quote != '"':
        options["quote"] = quote
    records = rows_of(text, delimiter, quote)
    skip = next((i for i, r in enumerate(records[:20]) if len(r) == width), 0)
    if skip:
        options["skip_lines"] = skip
    if records and not _is_header(records[skip]):
        options["header"] = False
    return options


def header_of(path: Path, options: dict[str, Any]) -> list[str]:
    """The names in a delimited file's header; column_1 ... where it has none."""
    text = head_text(path, options.get("encoding", "utf-8"), options.get("member"))
    records = rows_of(text, options.get("delimiter", ","), options.get("quote", '"'))
    records = records[options.get("skip_lines", 0) :]
    if not records:
        return []
    if options.get("header", True):
        return [cell.strip() for cell in records[0]]
    return [f"column_{i + 1}" for i in range(len(records[0]))]


def rows_of(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The records of a short text that are not empty."""
    if delimiter == "whitespace":
        return [line.split() for line in text.splitlines() if line.strip()]
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, quotechar=quote)
    csv.field_size_limit(HEAD_BYTES * 2)
    try:
        return [row for row in reader if row]
    except csv.Error:
        return [line.split(delimiter) for line in text.splitlines() if line.strip()]


def _quote(text: str) -> str:
    single = len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\r\n])", text, flags=re.M))
    double = len(re.findall(r'(?:^|[,;\t|])\s*"', text, flags=re.M))
    return "'" if single > 3 and not double else '"'


def _delimiter(text: str, lines: list[str], quote: str) -> tuple[str, int]:
    best, best_score = (",", 1), 0.0
    for delimiter in DELIMITERS:
        widths = Counter(len(r) for r in rows_of(text, delimiter, quote)[:400])
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        share = count / sum(widths.values())
        # A little more for more columns, so that a comma in "12,50" does not beat a semicolon.
        score = share + min(width, 50) / 100 if width > 1 else 0.0
        if share >= 0.5 and score > best_score:
            best, best_score = (delimiter, width), score
    if best_score:
        return best
    blanks = Counter(len(line.split()) for line in lines)
    if blanks:
        width, count = blanks.most_common(1)[0]
        words = [cell for line in lines[1:] for cell in line.split()]
        values = sum(1 for cell in words if VALUE.fullmatch(cell))
        if width > 1 and count >= 0.95 * len(lines) and values >= 0.5 * len(words):
            return "whitespace", width
    return best


def _is_header(record: list[str]) -> bool:
    cells = [cell.strip() for cell in record]
    filled = [cell for cell in cells if cell]
    # A name may repeat by mistake; in a row without a header, most values would.
    return (
        bool(filled)
        and 2 * len(set(filled)) > len(filled)
        and not any(VALUE.fullmatch(cell) for cell in filled)
    )
