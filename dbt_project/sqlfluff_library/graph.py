"""dbt's `graph` while a model is only being linted: no nodes."""

from typing import Any

nodes: dict[str, Any] = {}
