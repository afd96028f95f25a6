"""Training on request, over the records of the last run."""

from __future__ import annotations

from orchestration.errors import UserError
from orchestration.identity.match_models import MatchModel, policy_in, rules_in, train_model
from orchestration.identity.training import Trained
from orchestration.locking import WriterLock
from orchestration.logs import log
from orchestration.settings import Settings
from orchestration.warehouse import connect_writer


def train_again(settings: Settings) -> tuple[MatchModel | None, Trained]:
    """Train over `identity.match_records` as the last run left it.

    Parameters:
        settings: paths.

    Raises:
        UserError: no run has made the records yet, or another program holds the warehouse.
    """
    with WriterLock(settings.data_dir, on_wait=log().info):
        model, trained = _train(settings)
    log().info("match training: %s", trained.reason or "a new version is in use")
    return model, trained


def _train(settings: Settings) -> tuple[MatchModel | None, Trained]:
    with connect_writer(settings) as con:
        [(made,)] = con.execute(
            "select count(*) from duckdb_tables() where schema_name = 'identity' "
            "and table_name = 'match_records'"
        ).fetchall()
        if not made:
            raise UserError(
                f"There are no records to learn from in {settings.warehouse_path}. "
                "Run `c360 run` first; the first run trains by itself.",
                exit_code=3,
            )
        [(catalog,)] = con.execute("select current_database()").fetchall()
        rules = rules_in(con, "policy.match_settings")
        policy = policy_in(con, "policy")
        return train_model(con, f"{catalog}.identity.match_records", rules, policy)
