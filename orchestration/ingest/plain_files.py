"""Archives unpacked and foreign encodings turned into UTF-8, so that DuckDB reads plain files.

Unpacking first also finds a truncated archive before a single row of it is loaded.
"""

from __future__ import annotations

import codecs
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.errors import UserError
from orchestration.ingest.archives import HEAD_BYTES, copy_unpacked, kind_of, open_unpacked
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.discovery import BLOCK_BYTES
from orchestration.ingest.sqlite_files import whole_database

TEXT_FORMATS = ("csv", "ndjson", "json")
UTF8_NAMES = ("utf-8", "utf-8-sig", "ascii")
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    # Becomes a byte that is no UTF-8, so that the reader sets aside this very line and no other.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error("c360_mark_undecodable", _mark_undecodable)


@contextmanager
def plain_file(
    table: SourceTable, path: Path, workspace: Path, must_copy: bool = False
) -> Iterator[Path]:
    """The file itself, or a temporary copy: unpacked, in UTF-8, a database with its log.

    Parameters:
        table: whose options name the encoding and the archive's member.
        path: the file as delivered.
        workspace: folder for the copy, which is gone afterwards.
        must_copy: copy a database also when it has no log, because it is being written.

    Raises:
        UserError: the archive is damaged, has several members to choose from, or would fill the
            disk; the encoding is unknown.
    """
    if table.format == "sqlite":
        with whole_database(path, workspace, must_copy) as database:
            yield database
        return
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
    is_text = table.format in TEXT_FORMATS
    packed = is_text and kind_of(head) is not None
    encoding = _encoding(table, path, head) if is_text and not packed else None
    if not packed and encoding is None:
        yield path
        return
    workspace.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=workspace))
    try:
        copy = folder / f"plain.{table.format}"
        if packed:
            _unpack(table, path, copy)
            with copy.open("rb") as handle:
                encoding = _encoding(table, path, handle.read(4))
        if encoding:
            recoded = folder / f"utf8.{table.format}"
            _recode(copy if packed else path, encoding, recoded, path)
            copy = recoded
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _encoding(table: SourceTable, path: Path, head: bytes) -> str | None:
    for mark, name in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return name
    declared = table.options.get("encoding")
    if not declared:
        return None
    try:
        name = codecs.lookup(str(declared)).name
    except LookupError:
        raise UserError(
            f"{path}: the encoding '{declared}' that source {table.label} declares is not known. "
            "Use a name such as utf-8, cp1252 or iso-8859-15 in meta.options.encoding."
        ) from None
    return None if name in UTF8_NAMES else name


def _unpack(table: SourceTable, path: Path, target: Path) -> None:
    member = table.options.get("member")
    with open_unpacked(path, member, table.label, target.parent) as source:
        copy_unpacked(source, target, path)


def _recode(source: Path, encoding: str, target: Path, path: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="c360_mark_undecodable")
    with source.open("rb") as handle, target.open("wb") as out:
        while True:
            block = handle.read(BLOCK_BYTES)
            text = decoder.decode(block, final=not block)
            out.write(text.encode("utf-8", errors="surrogateescape"))
            if not block:
                return
