"""Pairs of records that may be one person's."""


def model(dbt, session):
    """Pairs of records that may be one person's; see orchestration/identity/match_tables.py."""
    dbt.config(materialized="table")
    from orchestration.identity.match_tables import scored_pairs

    dbt.ref("match_parameters"), dbt.ref("match_records"), dbt.ref("match_rules")
    return scored_pairs(
        session,
        f"{dbt.this.database}.{dbt.this.schema}.match_records",
        # A preview of another policy has schemas with a suffix, the same for both.
        f"policy{dbt.this.schema.removeprefix('identity')}.match_rules",
    )
