"""The state of an installation: what is published, what runs, how the last runs ended."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
from rich.text import Text

from orchestration import run_records as records
from orchestration.errors import UserError
from orchestration.freshness import read_freshness, stale
from orchestration.locking import holder_of
from orchestration.proof import read_proof
from orchestration.publish.doors import DOOR_NAMES, read_doors
from orchestration.publish.versions import AS_OF, current_version, kept_versions, name_of
from orchestration.run_records import RunRecord
from orchestration.runs.lifecycle import killed_text, was_published
from orchestration.settings import Settings
from orchestration.terminal import Console
from orchestration.warehouse import connect_published

NOT_SEEN = "not to be seen by you; the runs below say what is known"
SHOWN_RUNS = 5
IN_PROGRESS = (records.WAITING, records.RUNNING)
HEADINGS = ("started (UTC)", "by", "state", "seconds", "passed", "not", "published")


def read_status(settings: Settings) -> dict[str, Any]:
    """The state of an installation. Reads only, and needs no right to write.

    Returns:
        data_dir, running (who writes now, or None), published (path, bytes, published_at, as_of,
        run_id, proved, version, rolled_back_from, doors; or None), last_run (the newest that has
        ended, or None), last_syncs (the same of those that follow refreshes), stale_sources
        (sources without new rows for longer than they declare, a sentence each) and runs (the
        newest first).
    """
    runs = [_with_end(settings, r) for r in records.read_records(settings, SHOWN_RUNS + 1)]
    ended = [r for r in runs if not r.in_progress]
    run = next((r for r in ended if r.job != records.ACTIVATION_JOB), None)
    syncs = next((r for r in ended if r.job == records.ACTIVATION_JOB), None)
    return {
        "data_dir": str(settings.data_dir),
        "running": _running(settings),
        "published": _published(settings),
        "last_run": as_dict(run) if run else None,
        "last_syncs": as_dict(syncs) if syncs else None,
        "stale_sources": _stale(settings),
        "runs": [as_dict(r) for r in runs],
    }


def _running(settings: Settings) -> str | None:
    try:
        return holder_of(settings.data_dir)
    except PermissionError:
        return NOT_SEEN


def _stale(settings: Settings) -> list[str]:
    moment = datetime.now(UTC)
    return [entry.sentence(moment) for entry in stale(read_freshness(settings), moment)]


def as_dict(record: RunRecord) -> dict[str, Any]:
    """A record for scripts; the fingerprints of its sources are nobody's business."""
    values = asdict(record)
    del values["sources"]
    return {**values, "success": record.success}


def _with_end(settings: Settings, record: RunRecord) -> RunRecord:
    """What the next start will write down of a run that was killed is said already."""
    if record.state != records.KILLED or record.finished_at:
        return record
    record = replace(record, published=was_published(settings, record.run_id))
    return replace(record, failure=killed_text(record))


def _published(settings: Settings) -> dict[str, Any] | None:
    if not settings.published_path.exists():
        return None
    stat = settings.published_path.stat()
    proof = read_proof(settings.published_proof_path)
    state: dict[str, Any] = {
        "path": str(settings.published_path),
        "bytes": stat.st_size,
        "published_at": datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="seconds"),
        "as_of": None,
        "run_id": proof.run_id if proof else None,
        "proved": proof is not None and proof.file_bytes == stat.st_size,
        "fault": "",
        "version": name_of(proof) if proof else None,
        "rolled_back_from": None,
        "doors": [asdict(door) for door in read_doors(settings)],
    }
    versions = kept_versions(settings)
    current = current_version(settings, versions)
    if current and current != versions[0]:
        state["rolled_back_from"] = versions[0].name
    try:
        with connect_published(settings) as con:
            row = con.execute(AS_OF).fetchone()
        state["as_of"] = str(row[0]) if row and row[0] else None
    except UserError as error:
        state["fault"] = str(error)
    except duckdb.Error as error:
        state["fault"] = (
            f"it holds no reporting model ({str(error).splitlines()[0]}); `c360 publish` writes it "
            "again"
        )
    return state


def show_status(console: Console, state: dict[str, Any]) -> None:
    """Print the state of an installation."""
    published = state["published"]
    _line(console, "Data folder", state["data_dir"])
    _line(console, "Running", state["running"] or "nothing")
    if published:
        text = f"{published['published_at']}, data as of {published['as_of']}"
        if published["fault"]:
            text = f"{published['path']}: {published['fault']}"
        elif not published["proved"]:
            text += "; without the proof of a run, so published by an older version or changed"
        _line(console, "Published", text)
        _show_doors(console, published)
    else:
        _line(console, "Published", "nothing yet; `c360 run` publishes")
    for sentence in state["stale_sources"]:
        _line(console, "Stale", sentence)
    if not state["runs"]:
        return
    cells = [HEADINGS, *(_cells(run) for run in state["runs"][:SHOWN_RUNS])]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    for row in cells:
        # Lines and not a table: a narrow terminal wraps them, and nothing is cut off.
        _line(console, "", "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
    for name, last in (("Last run", state["last_run"]), ("Last syncs", state["last_syncs"])):
        if last and last["failure"]:
            _line(console, name, last["failure"])


def _show_doors(console: Console, published: dict[str, Any]) -> None:
    if newest := published["rolled_back_from"]:
        text = f"from {newest} to {published['version']}; the next run publishes the newest again"
        _line(console, "Rolled back", text)
    for door in published["doors"]:
        text = "the same version" if door["version"] == published["version"] else door["version"]
        if door["fault"]:
            text = f"{door['version'] or 'nothing'} since {door['since']}: {door['fault']}"
        _line(console, DOOR_NAMES.get(door["name"], door["name"]), text)


def _cells(run: dict[str, Any]) -> tuple[str, ...]:
    shown = run["state"]
    if run["state"] != records.SUCCEEDED and run["step"]:
        shown += f" in {run['step']}"
    ended = run["finished_at"] is not None
    of_syncs = run["job"] == records.ACTIVATION_JOB
    says_nothing = of_syncs or run["state"] in IN_PROGRESS
    published = "yes" if run["published"] else "" if says_nothing else "no"
    return (
        run["started_at"][:16].replace("T", " "),
        f"{run['door']}, syncs" if of_syncs else run["door"],
        shown,
        f"{run['seconds']:.0f}" if ended else "",
        str(run["checks_passed"]) if ended else "",
        str(run["checks_failed"]) if ended else "",
        published,
    )


def _line(console: Console, name: str, text: str) -> None:
    console.print(Text(f"{name:<13}{text}" if name else text), soft_wrap=True)
