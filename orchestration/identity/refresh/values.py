"""The first step of a refresh: the values that changed records show or showed."""

from __future__ import annotations

from orchestration.identity.refresh.reach import (
    CHANGED,
    OF_REACHED_VALUE,
    SHOWN,
    among,
)
from orchestration.identity.refresh.workshop import Workshop


def refresh_values(work: Workshop) -> None:
    """Values of changed records, and the verdict on each value that one of them shows or showed.

    Leaves reached_values, reached_rows and comparison_before (their verdicts until now).
    """
    observations = work.relations["identity_observations"]
    values = work.relations["normalised_values"]
    before = work.keep("values_before", f"select * from {values} where {CHANGED}")
    work.keep(
        "changed_phones",
        f"select identity_value as phone from {before} where kind = 'phone' union "
        f"select identity_value from {observations} where {CHANGED} and namespace in ("
        f"select namespace from {work.relations['identity_namespaces']} where kind = 'phone')",
    )
    phones = among("phone", "changed_phones")
    work.refresh(
        "phone_numbers",
        {"identity_observations": "identity_value in (select phone from changed_phones)"},
        phones,
    )
    work.refresh(
        "normalised_values", {"identity_observations": CHANGED, "phone_numbers": phones}, CHANGED
    )
    work.refresh("refused_on_sight", {"normalised_values": CHANGED}, CHANGED)

    both = f"(select * from {before} union all select * from {values} where {CHANGED})"
    work.keep(
        "reached_values",
        f"select distinct namespace, normalised_value from {both} as shown "
        "where normalised_value is not null "
        f"union {_values_of_new_limits(work)}",
    )
    shown = among(SHOWN, "reached_values")
    work.keep(
        "reached_rows",
        f"select record_key, namespace, identity_value from {before} union "
        f"select record_key, namespace, identity_value from {values} where {shown} or {CHANGED}",
    )
    work.refresh("refused_as_outdated", {"normalised_values": shown}, OF_REACHED_VALUE)
    work.keep(
        "comparison_before",
        f"select * from {work.relations['comparison_values']} where {OF_REACHED_VALUE}",
    )
    work.refresh(
        "comparison_values",
        {
            "normalised_values": f"{shown} or (normalised_value is null and {CHANGED})",
            "refused_on_sight": OF_REACHED_VALUE,
            "refused_as_outdated": OF_REACHED_VALUE,
        },
        OF_REACHED_VALUE,
    )


def _values_of_new_limits(work: Workshop) -> str:
    """SQL for the values that a limit, learned from all values, judges differently than before."""
    limits, values = work.relations["value_limits"], work.relations["normalised_values"]
    work.keep("limits_before", f"select * from {limits}")
    work.rebuild("value_limits")
    return f"""
        select namespace, normalised_value
        from {values}
        anti join {work.relations["refused_on_sight"]} as refused
            using (record_key, namespace, identity_value)
        inner join (
            select namespace, least(before.record_limit, now.record_limit) as lower_limit
            from {limits} as now inner join limits_before as before using (namespace)
            where before.record_limit <> now.record_limit or before.fixed_limit <> now.fixed_limit
        ) as moved using (namespace)
        group by namespace, normalised_value
        having count(*) > max(lower_limit)
    """
