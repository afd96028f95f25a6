"""What every run does before its first step, from whatever door it was started."""

from __future__ import annotations

import duckdb

from orchestration.activation.recorded import prepare as prepare_activation
from orchestration.clock import replayed_day
from orchestration.ingest.declarations import declared_source_tables
from orchestration.ingest.load import require_sources
from orchestration.ingest.loaded import loaded_sizes
from orchestration.ingest.state import accept_gone_files, distrust_files
from orchestration.ingest.watch import source_states
from orchestration.lineage.store import prepare as prepare_lineage
from orchestration.membership.keep import prepare as prepare_reasons
from orchestration.policy import check_policy
from orchestration.project_files import take_back_unfinished
from orchestration.proof import is_as_sealed, withdraw_proof
from orchestration.publish.config import Publication
from orchestration.quality import volumes
from orchestration.settings import Settings
from orchestration.transform.node_states import forget_all_states
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import Connect, discard_database, require_free_space

ROOM_PER_BYTE = 3
"""What a loaded byte may take: in landing, and in tables that are built from it."""


def look_before(settings: Settings, connect: Connect) -> None:
    """Refuse a run that could not end well: wrong policy or doors, no day to replay, a full disk.

    Parameters:
        settings: paths.
        connect: gives connections to the warehouse.

    Raises:
        UserError: what is wrong, where, and what to do.
    """
    take_back_unfinished(settings.dbt_project_dir)
    check_policy(settings.dbt_project_dir)
    replayed_day()
    Publication.from_env()
    require_free_space(settings, 0, "a run")
    with connect() as con:
        # So that plain dbt finds what its views show, too.
        prepare_lineage(con)
        prepare_reasons(con)
        prepare_activation(con)
        loaded = loaded_sizes(con)
    files = {
        str(path.relative_to(settings.landing_dir)): path.stat().st_size
        for path in settings.landing_dir.rglob("*")
        if path.is_file()
    }
    new = sum(size for name, size in files.items() if loaded.get(name) != size)
    require_free_space(settings, ROOM_PER_BYTE * new, "what is to be loaded")


def begin_whole(settings: Settings) -> dict[str, str]:
    """Before a run of the whole chain: there is something to read, and no half-built model.

    A reporting model that has not passed every gate begins empty, so that nothing of it is left.

    Returns:
        What each declared source looks like now, before anything of it is read.

    Raises:
        UserError: no declared source has anything.
    """
    tables = declared_source_tables(load_manifest(settings))
    require_sources(settings, tables)
    if not is_as_sealed(settings):
        withdraw_proof(settings)
        discard_database(settings.insights_build_path)
    return source_states(settings, tables)


def build_all(con: duckdb.DuckDBPyConnection) -> None:
    """Have this run read every file and build every table again."""
    forget_all_states(con)
    distrust_files(con)


def accept_drift(con: duckdb.DuckDBPyConnection) -> None:
    """Take the volumes of this run, and files that are gone, as they are."""
    volumes.forget_good(con)
    accept_gone_files(con)
