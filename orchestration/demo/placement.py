"""Where the files are built and how they get to their place without ever being half there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from orchestration.errors import UserError

MARKER = ".demo.json"
"""In the landing folder: the parameters the files were made with, their names and the totals."""

TRUTH_FILES = {"people.csv", "records.csv", "parameters.json", "totals.json"}


def reusable_totals(
    landing_dir: Path, truth_dir: Path, wanted: dict[str, Any]
) -> dict[str, Any] | None:
    """The stored totals when both folders already hold what is wanted, else nothing.

    Parameters:
        landing_dir: the landing folder.
        truth_dir: the truth folder.
        wanted: `parameters` and `generator_version` as the marker must state them.
    """
    marker = _read_json(landing_dir / MARKER)
    if not marker or any(marker.get(key) != value for key, value in wanted.items()):
        return None
    if any(_read_json(truth_dir / "parameters.json").get(k) != v for k, v in _flat(wanted).items()):
        return None  # A run was killed after placing its truth and before placing its files.
    has_landing = all((landing_dir / name).is_file() for name in marker.get("files", []))
    has_truth = all((truth_dir / name).is_file() for name in TRUTH_FILES)
    return marker["totals"] if has_landing and has_truth else None


class Workspace:
    """Folders beside the final ones, in which all is built; gone when the run ends.

    Attributes:
        landing_build: becomes the landing folder.
        truth_build: becomes the truth folder.
        spill_dir: where DuckDB may spill.
    """

    def __init__(self, landing_dir: Path, truth_dir: Path) -> None:
        self.landing_dir, self.truth_dir = landing_dir.resolve(), truth_dir.resolve()
        self.build_dir = self.landing_dir.parent / f".{self.landing_dir.name}.demo_build"
        self.landing_build = self.build_dir / "landing"
        self.spill_dir = self.build_dir / "spill"
        # Renaming needs the same file system, so the truth is built beside its own place.
        self.truth_build = self.truth_dir.parent / f".{self.truth_dir.name}.demo_truth_build"

    def __enter__(self) -> Workspace:
        """Refuse foreign files, then start empty.

        Raises:
            UserError: one of the folders holds files that are not the demo company's.
        """
        _refuse_foreign_files(self.landing_dir, self.truth_dir)
        self._remove_builds()
        for folder in (self.landing_build, self.spill_dir, self.truth_build):
            folder.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing behind."""
        self._remove_builds()

    def put_in_place(self, marker: dict[str, Any]) -> None:
        """Swap the finished folders in: truth first, so that the marker promises both.

        Parameters:
            marker: what the marker file states beside the file names.
        """
        names = sorted(
            str(path.relative_to(self.landing_build))
            for path in self.landing_build.rglob("*")
            if path.is_file()
        )
        content = json.dumps({**marker, "files": names}, indent=2, sort_keys=True) + "\n"
        (self.landing_build / MARKER).write_text(content, encoding="utf-8")
        for build, place in (
            (self.truth_build, self.truth_dir),
            (self.landing_build, self.landing_dir),
        ):
            _swap(build, place)

    def _remove_builds(self) -> None:
        for folder in (self.build_dir, self.truth_build):
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_foreign_files(landing_dir: Path, truth_dir: Path) -> None:
    ours = set(_read_json(landing_dir / MARKER).get("files", []))
    for folder, known in ((landing_dir, ours), (truth_dir, TRUTH_FILES)):
        if folder.exists() and not folder.is_dir():
            raise UserError(
                f"{folder} is a file, and the demo company needs a folder there. Move it away, or "
                "choose another data folder with C360_DATA_DIR."
            )
        # Hidden files are the marker and what file managers leave.
        foreign = sorted(
            name
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
            for name in [str(path.relative_to(folder))]
            if name not in known
        )
        if foreign:
            raise UserError(
                f"The demo company would overwrite {len(foreign)} file(s) in {folder} that it did "
                f"not write, {foreign[0]} for one. Move them away, or choose another data folder "
                "with C360_DATA_DIR."
            )


def _swap(build: Path, place: Path) -> None:
    """Put a finished folder in the place of the old one by renaming."""
    aside = place.parent / f".{place.name}.demo_old"
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    build.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


def _read_json(path: Path) -> dict[str, Any]:
    """A file's JSON object; empty when it is missing or unreadable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _flat(wanted: dict[str, Any]) -> dict[str, Any]:
    return {**wanted["parameters"], "generator_version": wanted["generator_version"]}
