"""The dbt project as Dagster assets, run in process: one operation per layer, one parse per run."""
