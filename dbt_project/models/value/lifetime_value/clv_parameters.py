"""Parameters of the purchase models, with what tells whether they may be used."""


def model(dbt, session):
    """Fit every candidate, now and before the held-out months; see orchestration/value."""
    dbt.config(materialized="table")
    from orchestration.value.clv_tables import parameters

    dbt.ref("clv_inputs"), dbt.ref("clv_settings"), dbt.ref("refresh_period")
    return parameters(
        session,
        f"{dbt.this.database}.{dbt.this.schema}.clv_inputs",
        f"{dbt.this.database}.policy.clv_settings",
        f"{dbt.this.database}.conformed.refresh_period",
    )
