"""What is known to go wrong, and the words for it.

A rule looks at class name, message and number of the system's error, because of an error in a
Dagster step nothing else is left. The first rule that knows an error explains it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.failures.damage import damaged_state
from orchestration.failures.seen import Seen
from orchestration.failures.system import system_error
from orchestration.memory import shortage
from orchestration.settings import Settings
from orchestration.terminal import STANDARD_STREAM


@dataclass(frozen=True)
class Words:
    """A paragraph, and the exit code that goes with it."""

    text: str
    exit_code: int = 1


def explain(seen: Seen, settings: Settings | None) -> Words | None:
    """The words for an error, None when it is none of those known.

    Parameters:
        seen: the error.
        settings: of the installation, None where the environment describes none.
    """
    for rule in RULES:
        if found := rule(seen, settings):
            return found
    return None


def _stopped_database(seen: Seen, settings: Settings | None) -> Words | None:
    if "has been invalidated" not in seen.text and not seen.is_a("FatalException"):
        return None
    cause = seen.text.rpartition("Original error:")[2].strip() or seen.text
    inner = Seen.of_text("IOException", cause.strip(' "'))
    known = _system(inner, settings) or _memory(inner, settings)
    reason = known.text if known else f"DuckDB gave up: {inner.first_line}"
    return Words(
        f"{reason} The warehouse keeps what was committed before; start the command again. If "
        f"{_warehouse(settings)} can't be opened any more, restore it from a backup, or move it "
        "away and start `c360 run`."
    )


def _memory(seen: Seen, settings: Settings | None) -> Words | None:
    lacks_memory = seen.is_a("MemoryError") or seen.number == errno.ENOMEM
    text = shortage("MemoryError") if lacks_memory else shortage(" ".join([*seen.names, seen.text]))
    if text:
        return Words(text[0].upper() + text[1:])
    if seen.is_a("RecursionError"):
        return Words(
            "Something is nested too deeply to be read: a JSON or YAML file, or an SQL statement. "
            "Write it flatter, or in several steps.",
            2,
        )
    return None


def _locked(seen: Seen, settings: Settings | None) -> Words | None:
    if "Could not set lock on file" in seen.text or "Conflicting lock" in seen.text:
        return Words(
            f"{seen.path or _warehouse(settings)} is open in another program, which DuckDB does "
            "not allow while something is written. Close that program, or wait for the run that "
            "`c360 status` names; `c360 query` asks the published file meanwhile."
        )
    if "database is locked" in seen.text:
        return Words(
            f"Dagster's history in {_dagster(settings)} is locked by another program. Wait for the "
            "run that `c360 status` names, or close what has it open, and start again."
        )
    return None


def _system(seen: Seen, settings: Settings | None) -> Words | None:
    if seen.path == STANDARD_STREAM:
        return Words(
            f"What was printed could not be written to the standard output ({seen.first_line}). "
            "Send it to a file or program that takes it."
        )
    text = system_error(seen.number, seen.path, settings)
    if not text and seen.is_a("OSError"):
        place = f"{seen.path}: " if seen.path else ""
        text = (
            f"The system refused what was asked of it: {place}{seen.first_line}. Check the disk, "
            "the folder and its rights, and start the command again."
        )
    return Words(text) if text else None


def _damaged(seen: Seen, settings: Settings | None) -> Words | None:
    damaged = (
        "not a valid DuckDB database" in seen.text
        or "Corrupt database file" in seen.text
        or "Could not read enough bytes" in seen.text
        or seen.is_a("SerializationException")
    )
    if damaged:
        path = Path(seen.path or _warehouse(settings))
        return Words(f"{path} is damaged, or is no DuckDB file. {_mended(path)}", 3)
    if "version number" in seen.text and seen.is_a("IOException", "Error"):
        return Words(
            f"{seen.path or _warehouse(settings)} was written by a newer DuckDB than this one. "
            "Install the versions of the project that wrote it (`make setup` there), or move the "
            "file away and start `c360 run`.",
            3,
        )
    if "disk image is malformed" in seen.text or "file is not a database" in seen.text:
        return Words(
            f"Dagster's history in {_dagster(settings)} is damaged ({seen.first_line[:80]}). Move "
            "that folder away: the next start makes a new one, and only the list of past runs is "
            "gone."
        )
    if seen.is_a("JSONDecodeError", "UnpackException", "ExtraData"):
        files = damaged_state(settings) if settings else []
        names = ", ".join(map(str, files)) or f"a JSON file ({seen.first_line[:80]})"
        return Words(
            f"{names} can't be read: it is cut or was changed by hand. The product writes its own "
            "state files again: move it away and start the command again."
        )
    return None


def _database(seen: Seen, settings: Settings | None) -> Words | None:
    if seen.is_a("IOException") or seen.text.startswith("IO Error"):
        return Words(
            f"DuckDB could not read or write a file: {seen.first_line}. Check that file, its disk "
            "and its rights, and start the command again."
        )
    return None


def _text_files(seen: Seen, settings: Settings | None) -> Words | None:
    if seen.is_a("YAMLError", "ScannerError", "ParserError", "ComposerError", "MarkedYAMLError"):
        where = f"{seen.path}, line {seen.line}" if seen.path else "A YAML file"
        problem = " ".join(seen.text.split())[:200]
        return Words(f"{where}, is no YAML: {problem}. Correct it and start again.", 2)
    if seen.is_a("UnicodeDecodeError"):
        return Words(
            f"{seen.path or 'A file'} is not in UTF-8 ({seen.first_line[:120]}). Save it as UTF-8 "
            "and start again.",
            2,
        )
    if seen.is_a("UnicodeEncodeError"):
        return Words(
            "A name or a value holds bytes that are not UTF-8, so it can't be written. Rename the "
            "file or folder with letters of UTF-8 and start again.",
            2,
        )
    if seen.is_a("BadZipFile", "BadGzipFile", "LZMAError", "ZstdError") or (
        seen.is_a("EOFError", "error") and re.search("end-of-stream|decompress", seen.text)
    ):
        return Words(
            f"{seen.path or 'A compressed file'} is cut or damaged ({seen.first_line[:120]}). Have "
            "it delivered again, or move it out of the landing folder."
        )
    if seen.is_a("EOFError"):
        return Words("The input ended before the question was answered. Nothing was written.", 2)
    return None


def _installation(seen: Seen, settings: Settings | None) -> Words | None:
    if seen.is_a("ModuleNotFoundError", "ImportError"):
        return Words(
            f"The installation is not whole ({seen.first_line[:160]}). In the project, `make setup`"
            " installs what requirements.lock names.",
            3,
        )
    if "No usable temporary directory" in seen.text:
        return Words(
            "There is no folder for temporary files that can be written. Make the one that TMPDIR "
            "names, or set TMPDIR to a folder that is yours."
        )
    return None


def _mended(path: Path) -> str:
    """How a file comes back; the warehouse holds what no source can bring back."""
    if path.name == "insights.duckdb":
        return (
            "Move it away; `c360 publish` writes it again from the last build that passed its "
            "gates, and `c360 run` builds one."
        )
    return (
        "Restore it from a backup, or move it away and start `c360 run`: that builds it again from "
        "the sources, but ids of people and histories then begin anew."
    )


def _variable(name: str, default: str) -> str:
    return os.environ.get(name) or default


def _warehouse(settings: Settings | None) -> str:
    return str(settings.warehouse_path if settings else Path("warehouse.duckdb"))


def _dagster(settings: Settings | None) -> str:
    return str(settings.dagster_home) if settings else "the data folder's dagster/"


RULES: tuple[Callable[[Seen, Settings | None], Words | None], ...] = (
    _stopped_database,
    _memory,
    _locked,
    _damaged,
    _installation,
    _system,
    _database,
    _text_files,
)
