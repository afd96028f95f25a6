"""What agreement is worth, level by level; orchestration/identity/match_tables.py does the work."""


def model(dbt, session):
    """The parameters in use; the first run trains them here."""
    dbt.config(materialized="table")
    from orchestration.identity.match_tables import parameters

    dbt.ref("match_records"), dbt.ref("match_rules")
    records = f"{dbt.this.database}.identity.match_records"
    return parameters(session, records, "policy.match_rules")
