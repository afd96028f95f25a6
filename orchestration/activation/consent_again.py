"""Consent asked again right before rows leave, where it was asked longer ago than the sync allows.

What was decided when the plan was made may be hours old when its last batch goes. The contact
points that leave are kept beside the plan, and the warehouse is asked about these very points. Who
may not be sent any more is kept back; at the other end they are dealt with by the next run, whose
plan knows it. While another process writes the warehouse it is waited for, a few minutes and no
longer: then the run stops, and nothing is sent on a word that is too old.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

import duckdb

from orchestration.activation.definitions import Sync
from orchestration.activation.sealing import MISSING, Sealed
from orchestration.activation.settling import now
from orchestration.activation.targets.protocol import StopSyncError
from orchestration.errors import UserError
from orchestration.ingest.sql import literal
from orchestration.segment_tools.consent import held_back
from orchestration.settings import Settings
from orchestration.warehouse import connect_reader

PAUSES_SECONDS: Sequence[float] = (5, 20, 60, 120)
"""Before each further try while another process writes the warehouse."""
Rows = list[tuple[str, str, str]]


class ConsentAgain:
    """Consent's word on whoever leaves in a run, not older than the sync allows.

    Parameters:
        con: to the ledger, with the plan's view `leaving`.
        settings: paths.
        sync: how old the word may be.
        sealed: what leaves, and the contact points.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, settings: Settings, sync: Sync, sealed: Sealed
    ) -> None:
        self._con, self._settings, self._sealed = con, settings, sealed
        self._max_age = timedelta(minutes=sync.consent_max_age_minutes)
        self._asked_at = sealed.asked_at
        self.kept_back = 0
        con.execute("create or replace temp table withheld (sync_key varchar, cause varchar)")

    def too_old(self) -> str:
        """Why a file may not be written, empty where it may: all of it was asked at once."""
        if now() - self._asked_at <= self._max_age:
            return ""
        return f"{self._age()}, so the file was not written. Run the sync again."

    def let_through(self, run_id: str, rows: Rows) -> Rows:
        """Those of a batch who may still be sent; the others are kept back, and the ledger says so.

        Parameters:
            run_id: of the run.
            rows: key, payload and its hash of who would be added.

        Raises:
            StopSyncError: the word is too old, and the warehouse can't be asked.
        """
        if now() - self._asked_at > self._max_age:
            self._ask()
        causes: dict[str, str] = dict(
            self._con.execute(
                "select sync_key, cause from withheld where sync_key in (select unnest(?))",
                [[key for key, _, _ in rows]],
            ).fetchall()
        )
        if causes:
            self._con.execute(
                "insert into sync_attempt (run_id, batch_id, sync_key, operation, payload_hash, "
                "idempotency_key, outcome, reason, claimed_at, settled_at) select $1, 'withheld', "
                "unnest($2::varchar[]), 'add', unnest($3::varchar[]), 'withheld', 'not_sent', "
                "'consent: ' || unnest($4::varchar[]), $5, $5",
                [run_id, *_columns(rows, causes), now()],
            )
            self.kept_back += len(causes)
        return [row for row in rows if row[0] not in causes]

    def _ask(self) -> None:
        asked_at, found = now(), self._sealed.path.with_name("withheld.parquet")
        for pause in (*PAUSES_SECONDS, None):
            try:
                with connect_reader(self._settings, "profile.effective_consent", MISSING) as con:
                    _write_withheld(con, self._sealed, str(found))
                break
            except (UserError, duckdb.Error) as error:
                if pause is None:
                    raise StopSyncError(
                        f"{self._age()}, and the warehouse could not be asked again "
                        f"({_told(error)}). What was left was not sent. Run the sync again.",
                        [],
                    ) from None
                time.sleep(pause)
        self._con.execute(
            "create or replace temp table withheld as select leaving.sync_key, found.cause "
            f"from leaving inner join read_parquet({literal(str(found))}) as found "
            "on found.profile_id = leaving.profile_id"
        )
        self._asked_at = asked_at

    def _age(self) -> str:
        minutes = (now() - self._asked_at).total_seconds() / 60
        return (
            f"Consent was asked {minutes:.0f} minutes ago, longer than the sync's "
            f"consent_max_age_minutes ({self._max_age.total_seconds() / 60:.0f})"
        )


def _columns(rows: Rows, causes: dict[str, str]) -> tuple[list[str], list[str], list[str]]:
    held = [(key, payload_hash, causes[key]) for key, _, payload_hash in rows if key in causes]
    return [k for k, _, _ in held], [h for _, h, _ in held], [c for _, _, c in held]


def _told(error: Exception) -> str:
    # A message of the database may quote values.
    return str(error).rstrip(".") if isinstance(error, UserError) else type(error).__name__


def _write_withheld(con: duckdb.DuckDBPyConnection, sealed: Sealed, path: str) -> None:
    """Who of those who would leave may not be sent any more, and why."""
    assert sealed.contact is not None
    points = ", ".join(
        f'"_{word}{n}" as {word}{n}'
        for n in range(sealed.point_count)
        for word in ("kind", "point")
    )
    con.execute(
        f"create temp table c360_points as select profile_id, {points} "
        f"from read_parquet({literal(str(sealed.path))}) where blocked is null"
    )
    asked = held_back("c360_points", sealed.contact, sealed.point_count)
    con.execute(
        f"copy (select profile_id, held_back as cause from ({asked}) as asked "
        f"where held_back is not null) to {literal(path)} (format parquet)"
    )
