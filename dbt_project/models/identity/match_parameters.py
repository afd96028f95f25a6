def model(dbt, session):
    """What agreement is worth, level by level; see orchestration/identity/match_tables.py."""
    dbt.config(materialized="table")
    from orchestration.identity.match_tables import parameters

    records, rules = dbt.ref("match_records"), dbt.ref("match_rules")
    del records, rules
    return parameters(session, f"{dbt.this.database}.identity.match_records", "policy.match_rules")
