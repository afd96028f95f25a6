"""The proof that a built reporting model has passed every gate. Without it nothing is published.

The last gate seals the build: every table of the project is in it and no other, the file is closed
and checkpointed, and its hash is written beside it. Whoever is about to change anything that the
model follows from takes the proof away first. So a build that a kill, a click or a failed check has
left half-way has no proof, whatever command comes next.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.errors import UserError
from orchestration.reporting_names import Name, names_fingerprint, write_names
from orchestration.settings import Settings

AGAIN = "`c360 run` builds it again and publishes it when every gate has passed."


@dataclass(frozen=True)
class Proof:
    """What the last gate vouches for.

    Attributes:
        run_id: the run whose last gate passed.
        sha256: hash of the build file.
        file_bytes: its size.
        tables: rows by table.
        gates: when each gate passed, UTC, in the order of the chain.
        sealed_at: when the proof was written, UTC.
        names: the documented views in it, by `names_fingerprint`.
    """

    run_id: str
    sha256: str
    file_bytes: int
    tables: dict[str, int]
    gates: dict[str, str]
    sealed_at: str
    names: str = ""


def withdraw_proof(settings: Settings) -> None:
    """Take the proof away before anything it vouches for changes, also for a power cut."""
    if settings.proof_path.exists():
        settings.proof_path.unlink(missing_ok=True)
        sync(settings.proof_path.parent)


def seal(
    settings: Settings,
    run_id: str,
    expected: Collection[str],
    gates: Mapping[str, str],
    names: Sequence[Name] = (),
) -> Proof:
    """Close the build and write its proof; called when every gate has passed.

    The caller has closed every connection to the warehouse. Tables that no model makes any more
    are dropped, so that they don't stay published; the documented names are written.

    Parameters:
        settings: paths.
        run_id: the run that seals.
        expected: the tables that the project's models make.
        gates: when each gate passed.
        names: the documented views to write beside the tables.

    Raises:
        UserError: a table is missing, a view does not fit the tables, or the file is open
            elsewhere or damaged.
    """
    build = settings.insights_build_path
    tables = _close(build, set(expected), names)
    missing = sorted(set(expected) - set(tables))
    if missing:
        raise UserError(
            f"{build} lacks {', '.join(missing)}, so it is not the whole reporting model and is "
            f"not published. {AGAIN}"
        )
    proof = Proof(
        run_id,
        hash_of(build),
        build.stat().st_size,
        tables,
        dict(gates),
        datetime.now(UTC).isoformat(timespec="seconds"),
        names_fingerprint(names),
    )
    write_proof(settings.proof_path, proof)
    return proof


def write_proof(path: Path, proof: Proof) -> None:
    """Write a proof whole and to the disk."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(asdict(proof), indent=2), encoding="utf-8")
    sync(part)
    part.replace(path)
    sync(path.parent)


def read_proof(path: Path) -> Proof | None:
    """The proof in a file, None when there is none or it can't be read."""
    try:
        return Proof(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_as_sealed(settings: Settings) -> bool:
    """Whether the build is there, closed, and what its proof vouches for."""
    build, proof = settings.insights_build_path, read_proof(settings.proof_path)
    return (
        proof is not None
        and build.is_file()
        and not build.with_name(build.name + ".wal").exists()
        and hash_of(build) == proof.sha256
    )


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def count_tables(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows by table of the database's own schema."""
    names = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'main' order by 1"
    ).fetchall()
    counts = {}
    for (name,) in names:
        row = con.execute(f'select count(*) from main."{name}"').fetchone()
        counts[name] = int(row[0]) if row else 0
    return counts


def sync(path: Path) -> None:
    """Have a file or folder on the disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _close(build: Path, expected: set[str], names: Sequence[Name]) -> dict[str, int]:
    if not build.exists():
        raise UserError(f"There is no reporting model in {build}. {AGAIN}", exit_code=3)
    try:
        with duckdb.connect(str(build)) as con:
            for name in sorted(set(count_tables(con)) - expected):
                con.execute(f'drop table main."{name}"')
            if expected <= set(count_tables(con)):
                write_names(con, names)
            con.execute("force checkpoint")
            counts = count_tables(con)
    except duckdb.Error as error:
        raise UserError(
            f"{build} can't be opened: {str(error).splitlines()[0]}. Close what has it open. "
            f"{AGAIN}"
        ) from None
    if build.with_name(build.name + ".wal").exists():
        raise UserError(f"{build} still has a write-ahead log, so another program has it open.")
    return counts
