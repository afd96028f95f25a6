"""State files of the product that are cut or were changed by hand, found by reading them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestration.settings import Settings


def damaged_state(settings: Settings) -> list[Path]:
    """Those of an installation's JSON files that are none."""
    return [path for path in _state_files(settings) if _is_damaged(path)]


def _state_files(settings: Settings) -> Iterator[Path]:
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
