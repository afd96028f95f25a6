"""Pairs of records that may be one person's."""


def model(dbt, session):
    """Pairs of records that may be one person's; see orchestration/identity/match_tables.py.

    In a refresh, the pairs of the records that are described otherwise than before.
    """
    dbt.config(materialized="incremental", unique_key=["record_key_a", "record_key_b"])
    from orchestration.identity.match_tables import scored_pairs

    dbt.ref("match_parameters"), dbt.ref("match_records"), dbt.ref("match_settings")
    dbt.ref("match_comparisons"), dbt.ref("match_degrees"), dbt.ref("blocking_rules")
    records = f"{dbt.this.database}.{dbt.this.schema}.match_records"
    rescored = None
    if dbt.is_incremental:
        rescored = "reached_records"
        session.execute(
            f"create or replace temp table {rescored} as "
            "select record_key from operations.delta_match_records "
            f"union select record_key from {records} "
            "where exists (select 1 from operations.delta_match_parameters)"
        )
    pairs = scored_pairs(
        session,
        records,
        # A preview of another policy has schemas with a suffix, the same for both.
        f"policy{dbt.this.schema.removeprefix('identity')}",
        rescored,
    )
    if rescored:
        # What macros/refresh.sql replaces: the pairs of these records, of before and of now.
        session.execute(
            f"create or replace temp table reached_{dbt.this.identifier} as "
            f"select record_key_a, record_key_b from {dbt.this} "
            f"where record_key_a in (select record_key from {rescored}) "
            f"or record_key_b in (select record_key from {rescored}) "
            "union select record_key_a, record_key_b from match_output"
        )
    return pairs
