"""Which of the links that are tried again are refused, and by which rule."""

from typing import Any

from orchestration.identity.replay import replay


def model(dbt: Any, session: Any) -> Any:
    """One row per refused item of replay_items: component_id, place, rule, scope."""
    dbt.config(materialized="incremental", unique_key=["component_id", "place"])
    items = dbt.ref("replay_items")
    exclusive = dbt.ref("exclusive_records")
    rules = dbt.ref("match_settings")
    return replay(session, items, exclusive, rules)
