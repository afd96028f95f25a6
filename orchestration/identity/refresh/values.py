"""The first step of a refresh: the values that changed records show or showed."""

from __future__ import annotations

from orchestration.identity.refresh.reach import (
    CHANGED,
    OF_REACHED_VALUE,
    OF_SHOWN_VALUE,
    SHOWN_OR_CHANGED,
    among,
)
from orchestration.identity.refresh.workshop import Workshop

TOLD = (
    "record_key, namespace, identity_value, value_id, last_observed_at, observation_count, "
    "refusal_reason"
)
"""What the later steps are told of values: what links, what records are compared by, verdicts.

The number of the comparison value stands for it and for the normalised value within it."""


def refresh_values(work: Workshop) -> None:
    """Values of changed records, and the verdict on each value that one of them shows or showed.

    Leaves reached_values, reached_rows, and their verdicts in comparison_before and comparison_now.
    """
    observations = work.relations["identity_observations"]
    values = work.relations["normalised_values"]
    before = work.keep(
        "values_before",
        "select record_key, namespace, kind, identity_value, normalised_value "
        f"from {values} where {CHANGED}",
    )
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

    now = work.part("normalised_values", CHANGED)
    work.keep(
        "reached_values",
        f"select namespace, normalised_value from {before} where normalised_value is not null "
        f"union select namespace, normalised_value from {now} as shown "
        "where normalised_value is not null",
    )
    _hold_shown_values(work)
    work.refresh("value_sizes", {"normalised_values": SHOWN_OR_CHANGED}, OF_SHOWN_VALUE)
    _reach_values_of_new_limits(work)
    shown = work.part("normalised_values", SHOWN_OR_CHANGED)
    work.keep(
        "reached_rows",
        f"select record_key, namespace, identity_value from {before} union "
        f"select record_key, namespace, identity_value from {shown}",
    )
    work.refresh("refused_as_outdated", {"normalised_values": SHOWN_OR_CHANGED}, OF_REACHED_VALUE)
    work.keep(
        "comparison_before",
        f"select rowid as place, {TOLD} from {work.relations['comparison_values']} "
        f"where {OF_REACHED_VALUE}",
    )
    judged = work.refresh(
        "comparison_values",
        {
            "normalised_values": SHOWN_OR_CHANGED,
            "refused_on_sight": OF_REACHED_VALUE,
            "refused_as_outdated": OF_REACHED_VALUE,
        },
        OF_REACHED_VALUE,
        places="comparison_before",
    )
    work.keep("comparison_now", f"select {TOLD} from {judged}")
    work.keep(
        "device_records",
        f"select distinct record_key from {shown} where kind in ('cookie', 'device')",
    )
    work.refresh(
        "device_people",
        {"normalised_values": among("record_key", "device_records")},
        OF_SHOWN_VALUE,
    )


def _reach_values_of_new_limits(work: Workshop) -> None:
    """Add the values that a limit, learned from all values, judges differently than before."""
    limits = work.relations["value_limits"]
    work.keep("limits_before", f"select * from {limits}")
    work.rebuild("value_limits")
    work.keep(
        "values_judged_anew",
        f"""
        select namespace, normalised_value
        from {work.relations["value_sizes"]}
        inner join {limits} as now using (namespace)
        inner join limits_before as before using (namespace)
        where
            (before.record_limit <> now.record_limit or before.fixed_limit <> now.fixed_limit)
            and record_count > least(before.record_limit, now.record_limit)
        """,
    )
    if work.count("values_judged_anew"):
        work.con.execute("insert into reached_values from values_judged_anew")
        _hold_shown_values(work)


def _hold_shown_values(work: Workshop) -> None:
    # Changed records show reached values but for those that are no values: two conditions that the
    # engine can look at while reading, which it can't do with one or the other.
    values = work.relations["normalised_values"]
    work.hold(
        "normalised_values",
        SHOWN_OR_CHANGED,
        sql=f"select * from {values} where {OF_SHOWN_VALUE} union all "
        f"select * from {work.part('normalised_values', CHANGED)} where normalised_value is null",
    )
