"""Packed files: opened whole or refused with a sentence, never more of them than the disk holds."""

from __future__ import annotations

import fnmatch
import gzip
import lzma
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestration.errors import UserError

BLOCK_BYTES = 1 << 20
RESERVED_BYTES = 1024**3
GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
EMPTY_ZIP, SPANNED_ZIP = b"PK\x05\x06", b"PK\x07\x08"
UNREAD = {
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
}
"""Archives that are not read, by their first bytes."""
BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P)")
TAR_AT, TAR_MAGIC = 257, b"ustar"
HEAD_BYTES = TAR_AT + len(TAR_MAGIC)


def kind_of(head: bytes) -> str | None:
    """What kind of archive begins like this: gzip, zip, one that is not read, or None.

    Parameters:
        head: the first `HEAD_BYTES` bytes of a file.
    """
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    if head.startswith((ZIP_MAGIC, EMPTY_ZIP, SPANNED_ZIP)):
        return "zip"
    if head[TAR_AT:].startswith(TAR_MAGIC) and b"\0" in head:
        return "tar"
    if BZIP2.match(head):
        return "bzip2"
    return next((name for magic, name in UNREAD.items() if head.startswith(magic)), None)


@contextmanager
def open_unpacked(
    path: Path,
    member: str | None = None,
    source: str | None = None,
    target_dir: Path | None = None,
) -> Iterator[IO[bytes]]:
    """A file's bytes, unpacked from gzip or zip where it is packed.

    Parameters:
        path: the file. What it is, its first bytes say, not its name.
        member: name or pattern of the file in an archive of several.
        source: label of the source table, for the message.
        target_dir: the folder it is to be unpacked into, which must have room for what a zip says.

    Raises:
        UserError: it is an archive of another kind, encrypted, damaged, cut short, or holds none or
            several files to choose from, or another archive. Also while it is being read.
        OSError: the file itself can't be read.
    """
    with path.open("rb") as plain:
        kind = kind_of(plain.read(HEAD_BYTES))
        plain.seek(0)
        if kind is None:
            yield plain
            return
        if kind not in ("gzip", "zip"):
            raise UserError(
                f"{path} is packed as {kind}, which is not read. Deliver it unpacked, or packed "
                "with gzip, or with zip with one file in it."
            )
        try:
            if kind == "gzip":
                with gzip.GzipFile(fileobj=plain) as unpacked:
                    _refuse_nested(path, unpacked)
                    yield unpacked  # type: ignore[misc]
            else:
                with zipfile.ZipFile(plain) as archive:
                    info = _member(path, archive, member or "*", source)
                    if target_dir and info.file_size > _room(target_dir):
                        raise UserError(_too_large(path))
                    with archive.open(info) as inner:
                        _refuse_nested(path, inner)
                    with archive.open(info) as inner:
                        yield inner
        except NotImplementedError:
            raise UserError(
                f"{path} is packed in a way that is not read. Pack it again with an ordinary zip."
            ) from None
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile, lzma.LZMAError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                f"{path} is damaged or was cut short while it was copied: the archive can't be "
                "unpacked to its end. Deliver it again."
            ) from None


def copy_unpacked(source: IO[bytes], target: Path, path: Path) -> None:
    """Write what an archive holds to a file, unless the disk would be full of it.

    Parameters:
        source: what `open_unpacked` gave.
        target: the file to write.
        path: the archive, for the message.

    Raises:
        UserError: less than a gigabyte would be left.
    """
    with target.open("wb") as out:
        while block := source.read(BLOCK_BYTES):
            # A small archive may hold more than the disk does.
            if _room(target.parent) < 0:
                raise UserError(_too_large(path))
            out.write(block)


def _room(folder: Path) -> int:
    return shutil.disk_usage(folder).free - RESERVED_BYTES


def _too_large(path: Path) -> str:
    return (
        f"{path} can't be unpacked: less than a gigabyte would be left on the disk. Free some "
        "space or move the data folder with C360_DATA_DIR."
    )


def members_of(path: Path) -> list[str]:
    """The names of the files in a zip archive, in order; none of a file that is no archive.

    Parameters:
        path: any file.
    """
    if not zipfile.is_zipfile(path) or path.suffix.lower() != ".zip":
        return []
    with zipfile.ZipFile(path) as archive:
        return sorted(info.filename for info in archive.infolist() if _is_file(info))


def _is_file(info: zipfile.ZipInfo) -> bool:
    return not info.is_dir() and not info.filename.startswith("__MACOSX/")


def _member(
    path: Path, archive: zipfile.ZipFile, pattern: str, source: str | None
) -> zipfile.ZipInfo:
    members = [
        info
        for info in archive.infolist()
        if _is_file(info) and fnmatch.fnmatch(info.filename, pattern)
    ]
    if len(members) != 1:
        found = "no file" if not members else f"{len(members)} files"
        where = f" of source {source}" if source else ""
        raise UserError(
            f"{path} holds {found} that match '{pattern}'. Pack one file per archive, or name it "
            f"in meta.options.member{where}."
        )
    if members[0].flag_bits & 0x1:
        raise UserError(f"{path} is encrypted. Deliver it without a password.")
    return members[0]


def _refuse_nested(path: Path, unpacked: IO[bytes] | gzip.GzipFile) -> None:
    head = unpacked.peek(HEAD_BYTES) if hasattr(unpacked, "peek") else unpacked.read(HEAD_BYTES)
    kind = kind_of(head[:HEAD_BYTES])
    if kind:
        raise UserError(
            f"{path} holds another archive ({kind}). Deliver the file itself, packed once with "
            "gzip or zip."
        )
