"""What is noted of an accounting names its declaration and does not repeat it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import duckdb

from orchestration.quality.quarantine_assets import accounted_from
from orchestration.transform.node_states import MadeFrom, NodeState, keep_states

NODES = {
    "model.shop.stg_orders": {"name": "stg_orders", "resource_type": "model"},
    "seed.shop.reject_reasons": {"name": "reject_reasons", "resource_type": "seed"},
}


def test_a_password_in_a_declaration_is_not_kept() -> None:
    source = SimpleNamespace(source="shop", table="orders", url="postgresql://me:secret@host/db")
    table = cast(Any, SimpleNamespace(model="stg_orders", source=source))
    with duckdb.connect() as con:
        assert accounted_from(con, {"nodes": NODES}, [table]) == {"stg_orders": ""}
        made = MadeFrom({}, {})
        keep_states(con, [NodeState(u, "success", made, build=u) for u in NODES])
        noted = accounted_from(con, {"nodes": NODES}, [table])["stg_orders"]
        assert noted and "secret" not in noted
        source.url = "postgresql://me:other@host/db"
        assert accounted_from(con, {"nodes": NODES}, [table])["stg_orders"] != noted
