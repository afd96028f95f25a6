"""What the fitted models expect of each distinct history."""


def model(dbt, session):
    """Evaluate the models once per distinct history; see orchestration/value."""
    dbt.config(materialized="table")
    from orchestration.value.clv_tables import scores

    dbt.ref("clv_inputs"), dbt.ref("clv_parameters"), dbt.ref("clv_settings")
    return scores(
        session,
        f"{dbt.this.database}.{dbt.this.schema}.clv_inputs",
        f"{dbt.this.database}.{dbt.this.schema}.clv_parameters",
        f"{dbt.this.database}.policy.clv_settings",
    )
