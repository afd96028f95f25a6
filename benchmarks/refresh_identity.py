"""Building or refreshing the identity layer once, in a process of its own.

Run as `python -m benchmarks.refresh_identity build|refresh|arrive` by the benchmark `refresh`, with
the data folder in C360_DATA_DIR.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import orchestration.identity.refresh.refresh as identity
from orchestration.settings import Settings
from orchestration.transform.dbt import close_connections, run_dbt
from orchestration.transform.parsing import load_manifest
from orchestration.warehouse import connect_writer

RULES = "benchmark"
ARRIVING = """
    create or replace temp table arriving as
    select record_key, hash(record_key || 'stranger') % 2 = 0 as is_stranger
    from conformed.customer_records
    where hash(record_key || 'arriving') % 100 = 0
"""
NEW_KEY = (
    "'new' || source_record_id as source_record_id, "
    "source_system || ':new' || source_record_id as record_key"
)


def build(settings: Settings) -> dict[str, Any]:
    """Every model of the layer by dbt, without tests, as a run does that can't refresh it."""
    command = ["build", "--select", "customer_360.identity", "--exclude-resource-type", "unit_test"]
    results = list(run_dbt(settings, [*command, "--exclude-resource-type", "test"]))
    close_connections()
    assert not any(r.is_failure for r in results)
    return {"slowest": _slowest({r.unique_id.split(".")[2]: r.seconds for r in results})}


def arrive(settings: Settings) -> dict[str, Any]:
    """One customer record in a hundred comes once more under a new key.

    Half of them are the same people again; the other half have values nobody has shown before.
    """
    identity.remember(settings, load_manifest(settings), RULES, None)
    close_connections()
    with connect_writer(settings) as con:
        con.execute(ARRIVING)
        con.execute(
            "insert into conformed.customer_records by name "
            f"select records.* replace ({NEW_KEY}, "
            "case when is_stranger then 'x' || email else email end as email, "
            "case when is_stranger then family_name || 'x' else family_name end as family_name, "
            "case when is_stranger then birth_date + 1000 else birth_date end as birth_date) "
            "from conformed.customer_records as records inner join arriving using (record_key)"
        )
        con.execute(
            "insert into conformed.identity_observations by name "
            f"select observed.* replace ({NEW_KEY}, "
            "case when is_stranger then 'x' || identity_value else identity_value end "
            "as identity_value) "
            "from conformed.identity_observations as observed "
            "inner join arriving using (record_key)"
        )
        [(count,)] = con.execute("select count(*) from arriving").fetchall()
    return {"arriving": count}


def refresh(settings: Settings) -> dict[str, Any]:
    """The layer for what has arrived."""
    manifest = load_manifest(settings)
    refreshed = identity.refresh(settings, manifest, RULES)
    close_connections()
    assert refreshed
    return {
        "what": str(refreshed),
        "slowest": _slowest({r.unique_id.split(".")[2]: r.seconds for r in refreshed.results}),
    }


def _slowest(seconds: dict[str, float]) -> dict[str, float]:
    return dict(sorted(((m, round(s, 1)) for m, s in seconds.items()), key=lambda x: -x[1])[:8])


WAYS = {"build": build, "arrive": arrive, "refresh": refresh}


def main() -> None:
    """Do what the command line says and print what came of it as JSON."""
    print(json.dumps(WAYS[sys.argv[1]](Settings.from_env())))


if __name__ == "__main__":
    main()
