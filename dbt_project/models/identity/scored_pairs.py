"""Pairs that may be one person's; orchestration/identity/match_tables.py does the work."""


def model(dbt, session):
    """The pairs, scored with the parameters in use."""
    dbt.config(materialized="table")
    from orchestration.identity.match_tables import scored_pairs

    dbt.ref("match_parameters"), dbt.ref("match_records"), dbt.ref("match_rules")
    records = f"{dbt.this.database}.identity.match_records"
    return scored_pairs(session, records, "policy.match_rules")
