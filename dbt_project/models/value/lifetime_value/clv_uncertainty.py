"""How sure the backtest is of its measures."""


def model(dbt, session):
    """Draw customers again and again; see orchestration/value."""
    dbt.config(materialized="table")
    from orchestration.value.uncertainty import uncertainty

    dbt.ref("clv_judged")
    return uncertainty(session, f"{dbt.this.database}.{dbt.this.schema}.clv_judged")
