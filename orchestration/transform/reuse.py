"""Layers that need not be built again: same project, same code, same rows, same day.

A layer's tables follow from the SQL, the layer before it, the rows in landing and today's date
(staging sets aside what lies in the future), or the day that is replayed. While all of them are
what they were when the layer was last built and tested, building and testing again could only say
the same. The gates look at every layer in every run all the same, and the reporting model is always
built: its file is new.

So a run that was killed goes on where it stood, and a refresh without news takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import duckdb

from orchestration.clock import replayed_day
from orchestration.identity.refresh.inputs import forget_inputs
from orchestration.ingest.state import distrust_files
from orchestration.settings import LAYERS, PROJECT_ROOT, Settings
from orchestration.transform.dbt import NodeResult
from orchestration.transform.parsing import files_fingerprint

CHAIN = ("policy", *LAYERS)
NEVER_REUSED = ("insights",)
LIBRARIES = ("dbt-core", "dbt-duckdb", "duckdb")


@dataclass(frozen=True)
class Build:
    """A layer as it was last built without a failure.

    Attributes:
        made_from: what its tables follow from, as a hash.
        build_id: names this build for the layer after it.
        built_at: when, UTC.
        results: what dbt reported of each model and test.
        measured: row counts and domain numbers of each model.
    """

    made_from: str
    build_id: str
    built_at: datetime
    results: tuple[NodeResult, ...]
    measured: dict[str, dict[str, Any]]

    @property
    def since(self) -> str:
        """When it was built, for people."""
        return f"{self.built_at:%Y-%m-%d %H:%M} UTC"


def find_reusable(
    con: duckdb.DuckDBPyConnection, settings: Settings, manifest: Mapping[str, Any], layer: str
) -> Build | None:
    """The last build of a layer when nothing it follows from has changed, otherwise None.

    A layer that has to be built is forgotten here with all that follow it, so that a run that is
    killed in between leaves nothing behind that looks finished.

    Parameters:
        con: a connection that may write the warehouse.
        settings: paths.
        manifest: dbt's manifest.json, for the tables' names.
        layer: a name of `CHAIN`.
    """
    _prepare(con)
    last = _last_build(con, layer)
    if last and last.made_from == _made_from(con, settings, layer):
        tables = {manifest["nodes"][n]["relation_name"]: m for n, m in last.measured.items()}
        if all(_is_there(con, table, measured) for table, measured in tables.items()):
            return last
    _forget(con, CHAIN[CHAIN.index(layer) :])
    return None


def remember(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    layer: str,
    results: Sequence[NodeResult],
    measured: dict[str, dict[str, Any]],
) -> None:
    """Note that all of a layer was built and tested without a failure."""
    if layer in NEVER_REUSED:
        return
    con.execute(
        "insert into operations.layer_builds values (?, ?, ?, ?, ?, ?)",
        [
            layer,
            _made_from(con, settings, layer),
            uuid.uuid4().hex,
            datetime.now(UTC).replace(tzinfo=None),
            json.dumps([asdict(result) for result in results]),
            json.dumps(measured),
        ],
    )


def forget(con: duckdb.DuckDBPyConnection, layer: str = CHAIN[0]) -> None:
    """Have the next run build a layer and all that follow it, each of them whole."""
    _prepare(con)
    _forget(con, CHAIN[CHAIN.index(layer) :])
    forget_inputs(con)
    if layer == CHAIN[0]:
        distrust_files(con)


def rules_fingerprint(settings: Settings) -> str:
    """A hash over everything besides rows that tables follow from: models, policy, code."""
    parts = [files_fingerprint(settings), _code_fingerprint(), *map(version, LIBRARIES)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists operations")
    con.execute(
        "create table if not exists operations.layer_builds (layer varchar, made_from varchar, "
        "build_id varchar, built_at timestamp, results varchar, measured varchar)"
    )


def _forget(con: duckdb.DuckDBPyConnection, layers: Sequence[str]) -> None:
    con.execute("delete from operations.layer_builds where layer in (select unnest(?))", [layers])


def _last_build(con: duckdb.DuckDBPyConnection, layer: str) -> Build | None:
    row = con.execute(
        "select made_from, build_id, built_at, results, measured from operations.layer_builds "
        "where layer = ? order by built_at desc limit 1",
        [layer],
    ).fetchone()
    if row is None:
        return None
    results = tuple(NodeResult(**result) for result in json.loads(row[3]))
    return Build(row[0], row[1], row[2], results, json.loads(row[4]))


def _made_from(con: duckdb.DuckDBPyConnection, settings: Settings, layer: str) -> str:
    parts = [rules_fingerprint(settings), str(settings.data_dir)]
    if layer != CHAIN[0]:
        before = _last_build(con, CHAIN[CHAIN.index(layer) - 1])
        # Without a build before it there is nothing to rely on: never equal to anything.
        replayed = replayed_day()
        day = f"as of {replayed}" if replayed else str(datetime.now(UTC).date())
        parts += [before.build_id if before else uuid.uuid4().hex, day]
        parts.append(_landing_fingerprint(con))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _landing_fingerprint(con: duckdb.DuckDBPyConnection) -> str:
    # Each load writes its instant there, so rows of servers count as changed by every load.
    row = con.execute(
        "select md5(string_agg(files::varchar, '\n' order by files::varchar)) "
        "from operations.source_files as files"
    ).fetchone()
    assert row is not None
    return str(row[0])


def _code_fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted((PROJECT_ROOT / "orchestration").rglob("*.py")):
        stat = path.stat()
        digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _is_there(con: duckdb.DuckDBPyConnection, table: str, measured: Mapping[str, Any]) -> bool:
    try:
        row = con.execute(f"select count(*) from {table}").fetchone()
    except duckdb.Error:
        return False
    return row == (measured["dagster/row_count"],)
