"""State files of the product that are cut or were changed by hand, found by reading them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.errors import UserError
from orchestration.settings import Settings


def read_state(path: Path) -> dict[str, Any] | None:
    """A state file of ours.

    Parameters:
        path: of a JSON object.

    Returns:
        The object, None when there is no such file.

    Raises:
        UserError: the file is damaged.
        OSError: it may not be read.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserError(
            f"{path} can't be read: it is cut or was changed by hand. Move it away; the product "
            "writes it again."
        )
    return found


def damaged_state(settings: Settings) -> list[Path]:
    """Those of an installation's JSON files that are none."""
    return [path for path in _state_files(settings) if _is_damaged(path)]


def _state_files(settings: Settings) -> Iterator[Path]:
    yield settings.data_dir / "last_run.json"
    yield from sorted((settings.data_dir / "runs").glob("*.json"))
    yield from sorted((settings.data_dir / "build").glob("*.json"))
    yield from sorted(settings.data_docs_dir.rglob("*.json"))
    yield from sorted(settings.dbt_target_dir.glob("*.json"))
    yield settings.landing_dir / ".demo.json"


def _is_damaged(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except OSError:
        return False
    except (ValueError, RecursionError):
        return True
    return False
