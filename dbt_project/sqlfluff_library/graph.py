"""dbt's `graph` while a model is only being linted: a source that declares an attribute."""

from typing import Any

nodes: dict[str, Any] = {}
sources: dict[str, Any] = {
    "source": {
        "unique_id": "source",
        "relation_name": "landing.source",
        "columns": {"size": {"name": "size", "config": {"meta": {"attribute": "decimal"}}}},
    }
}
