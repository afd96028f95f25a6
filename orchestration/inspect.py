"""Looking at what an installation holds without touching it."""

from __future__ import annotations

from pathlib import Path

from orchestration.locking import WriterLock
from orchestration.settings import PROJECT_ROOT, Settings


def write_dbt_docs(settings: Settings) -> Path:
    """Generate dbt's documentation from the project and the warehouse's catalog, and the contracts.

    First the exposures are written, by which the documentation says what reads a table.

    Returns:
        The page, below the data folder.

    Raises:
        UserError: dbt could not read the warehouse, or a question file is none.
    """
    from orchestration.private_files import project_files
    from orchestration.quality.contracts_docs import write_contracts
    from orchestration.questions.exposures import write_exposures
    from orchestration.transform.dbt import close_connections, run_dbt
    from orchestration.transform.parsing import load_manifest

    with WriterLock(settings.data_dir):
        with project_files():
            write_exposures(settings.dbt_project_dir)
        try:
            for _ in run_dbt(settings, ["docs", "generate", "--static"]):
                pass
        finally:
            close_connections()
    write_contracts(load_manifest(settings), PROJECT_ROOT / "docs" / "contracts")
    return settings.dbt_target_dir / "static_index.html"
