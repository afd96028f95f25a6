"""The two files of a new segment, which build and pass as they are."""

from __future__ import annotations

from orchestration.project_files import project_yaml, yaml_text

SQL = """\
with

customer_attributes as (
    select
        profile_id,
        order_count
    from {{ ref('customer_attributes') }}
),

members as (
    select
        profile_id,
        order_count
    from customer_attributes
    where order_count >= 2
)

select
    profile_id,
    cast(order_count as string) || ' orders' as reason
from members
"""
DESCRIPTION = "People with two orders or more; say here who is in it. One row per member."


def yaml_of(name: str, title: str, purpose: str, owner: str) -> str:
    """The YAML of a new segment: what it declares, its tests, a row on each side of the boundary.

    Parameters:
        name: of the segment.
        title: what reports call it.
        purpose: what it is for; may be empty.
        owner: the team that answers for the rule.
    """
    segment = {"title": title, "purpose": purpose, "state": "draft"}
    model = {
        "name": name,
        "description": DESCRIPTION,
        "config": {"meta": {"owner": owner, "segment": {k: v for k, v in segment.items() if v}}},
        "columns": [
            {
                "name": "profile_id",
                "description": "The person; see `profile.profiles`.",
                "data_tests": ["unique", "not_null"],
            },
            {
                "name": "reason",
                "description": "Why this person is a member, in words; never an identity.",
            },
        ],
    }
    unit_test = {
        "name": f"{name}_has_who_is_just_inside",
        "model": name,
        "given": [
            {
                "input": "ref('customer_attributes')",
                "rows": [
                    {"profile_id": "p1", "order_count": 2},
                    {"profile_id": "p2", "order_count": 1},
                ],
            }
        ],
        "expect": {"rows": [{"profile_id": "p1", "reason": "2 orders"}]},
    }
    content = {"version": 2, "models": [model], "unit_tests": [unit_test]}
    return yaml_text(project_yaml(), content)
