"""What to do with each file: nothing, load, go on where it ended, replace, or take out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.errors import UserError
from orchestration.ingest.declarations import SourceTable
from orchestration.ingest.discovery import Contents, SourceFile, read_contents
from orchestration.ingest.state import LoadedFile

GROWING_FORMATS = ("csv", "ndjson")


@dataclass(frozen=True)
class Step:
    """What a load does with one file.

    Attributes:
        action: loaded, extended, replaced, removed, repeated (it equals another file), touched
            (its bytes are the same) or failed (it can't be read, see `message`).
        source_file: the file's name in results.
        file: the file; None when it is gone.
        contents: its hash and lines.
        before: the parts of it that are in landing.
        repeats: the file that it equals.
        message: why it failed.
    """

    action: str
    source_file: str
    file: SourceFile | None = None
    contents: Contents | None = None
    before: tuple[LoadedFile, ...] = ()
    repeats: str | None = None
    message: str = ""

    @property
    def bytes_to_read(self) -> int:
        """How much of the file a reader will see, for the progress bar."""
        if self.file is None or self.action not in ("loaded", "replaced", "extended"):
            return 0
        start = self.before[-1].file_bytes if self.action == "extended" else 0
        return self.file.size - start


def plan_files(
    table: SourceTable,
    files: Sequence[SourceFile],
    known: Mapping[str, Sequence[LoadedFile]],
    still_there: set[str],
) -> list[Step]:
    """Compare what is there with what is in landing.

    What landing holds in the end depends on the files alone, not on when they came: of files with
    the same bytes the one with the smallest name is loaded.

    Parameters:
        table: the source table.
        files: its complete files.
        known: what is in landing, by file.
        still_there: names of what is there and not loaded now; what landing has of them stays.
    """
    steps: list[Step] = []
    hashes: dict[str, str] = {}
    for file in files:
        before = tuple(known.get(file.source_file, ()))
        try:
            step = _compare(table, file, before)
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = error.strerror or type(error).__name__
            steps.append(
                Step(
                    "failed",
                    file.source_file,
                    file,
                    before=before,
                    message=f"{file.source_file} can't be read: {reason}. Check its rights and "
                    "that its disk is there.",
                )
            )
            continue
        content = step.contents.content_hash if step.contents else before[-1].content_hash
        # A keyed file says it as of the day in its name: who says the same again may take back what
        # was said between.
        same = f"{file.is_deletes}:{content}:{file.source_file if table.keyed else ''}"
        original = hashes.get(same)
        if original is not None and file.size > 0:
            if not (before and before[-1].part == 0 and step.action == "unchanged"):
                contents = step.contents or _contents_of(before[-1])
                steps.append(Step("repeated", file.source_file, file, contents, before, original))
            continue
        hashes[same] = file.source_file
        if before and before[-1].part == 0:
            # It was loaded under another file's name, which is gone or changed.
            steps.append(
                Step("loaded", file.source_file, file, step.contents or read_contents(file), before)
            )
        elif step.action != "unchanged":
            steps.append(step)
    there = {file.source_file for file in files} | still_there
    if table.on_missing_file == "drop":
        steps += [
            Step("removed", name, before=tuple(parts))
            for name, parts in known.items()
            if name not in there
        ]
    # A repeated file counts the rows of the one it repeats, which must be there by then.
    order = {"removed": 0, "repeated": 2}
    return sorted(steps, key=lambda step: (order.get(step.action, 1), step.source_file))


def _compare(table: SourceTable, file: SourceFile, before: tuple[LoadedFile, ...]) -> Step:
    if not before:
        return Step("loaded", file.source_file, file, read_contents(file))
    last = before[-1]
    if last.file_stamp and last.file_stamp == file.state.stamp:
        return Step("unchanged", file.source_file, file, before=before)
    may_have_grown = (
        table.format in GROWING_FORMATS
        # A key of the new part may stand in the old one, so it is read and checked as a whole.
        and table.keyed is None
        and file.size > last.file_bytes
        and last.part > 0
        and last.ends_with_newline
        and last.rows_loaded > 0
        # A quote that was never closed may be closed by what was added.
        and (table.format != "csv" or not any(part.rows_rejected for part in before))
        and not table.options.get("encoding")
        and table.options.get("delimiter") != "whitespace"
        and not file.source_file.endswith((".gz", ".zip"))
    )
    contents = read_contents(file, last.file_bytes if may_have_grown else None)
    if contents.content_hash == last.content_hash:
        return Step("touched", file.source_file, file, contents, before)
    grown = may_have_grown and contents.prefix_hash == last.content_hash
    return Step("extended" if grown else "replaced", file.source_file, file, contents, before)


def _contents_of(part: LoadedFile) -> Contents:
    return Contents(part.content_hash, part.line_count, part.ends_with_newline)


def check_failed(step: Step) -> None:
    """Raise what made a step impossible.

    Raises:
        UserError: the file can't be read.
    """
    if step.action == "failed":
        raise UserError(step.message)
