"""What agreement between two records is worth."""


def model(dbt, session):
    """What agreement is worth, level by level; see orchestration/identity/match_tables.py."""
    dbt.config(materialized="incremental", unique_key=["comparison", "level_number"])
    from orchestration.identity.match_tables import parameters

    dbt.ref("match_records"), dbt.ref("match_settings")
    dbt.ref("match_comparisons"), dbt.ref("match_degrees"), dbt.ref("blocking_rules")
    return parameters(
        session,
        f"{dbt.this.database}.{dbt.this.schema}.match_records",
        # A preview of another policy has schemas with a suffix, the same for both.
        f"policy{dbt.this.schema.removeprefix('identity')}",
        is_first=not dbt.is_incremental,
    )
