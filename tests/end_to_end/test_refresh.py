"""The whole chain: it finds the truth, conserves, is repeatable, and survives what may happen."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys

import pytest

from orchestration.settings import PROJECT_ROOT
from tests.conftest import Company
from tests.end_to_end.contents import contents

IDENTITY_MAP = "select source_system, source_record_id, profile_id from identity.identity_map"


def test_precision_against_the_truth(finished_company: Company) -> None:
    """Pairs of records in one person that truly are one person; anonymous visitors included."""
    truth = finished_company.settings.truth_dir / "records.csv"
    with finished_company.warehouse() as con:
        row = con.execute(
            f"""
            with judged as (
                select m.profile_id,
                    coalesce(t.person_id, 'bot ' || t.source_record_id) as person_id
                from identity.identity_map as m
                join read_csv('{truth}', all_varchar=true) as t
                    using (source_system, source_record_id)
            ),
            sizes as (select profile_id, person_id, count(*) as n from judged group by all),
            found as (select sum(n * (n - 1) / 2) as pairs
                from (select sum(n) as n from sizes group by profile_id)),
            right_pairs as (select sum(n * (n - 1) / 2) as pairs from sizes)
            select right_pairs.pairs / found.pairs, found.pairs from right_pairs, found
            """
        ).fetchone()
    assert row and row[1] > 100
    assert row[0] >= 0.99


def test_money_points_and_orders_are_what_the_truth_says_at_every_layer(
    finished_company: Company,
) -> None:
    totals = json.loads((finished_company.settings.truth_dir / "totals.json").read_text())
    lines = "cast(sum(line_amount) as decimal(18, 2))"
    net = "cast(sum(net_amount) as decimal(18, 2))"
    balance = "cast(sum(points_balance) as bigint)"
    completed = "conformed.orders where status = 'completed'"
    questions = {
        "net_revenue": {
            "conformed": f"select {lines} from conformed.order_lines "
            f"semi join (from {completed}) using (source_system, order_id)",
            "profile": f"select {lines} from profile.purchases",
            "value": f"select {net} from value.customer_attributes",
            "months": f"select {net} from value.monthly_revenue",
            "published": f"select {net} from published.fact_revenue",
        },
        "completed_orders": {
            "staging": "select count(*) from staging.stg_web_shop__orders "
            "where reject_reason is null and status = 'completed'",
            "conformed": f"select count(*) from {completed}",
            "profile": "select count(*) from profile.activities "
            "where activity_type = 'order_completed'",
            "value": "select cast(sum(order_count) as bigint) from value.customer_attributes",
            "published": "select cast(sum(order_count) as bigint) from published.fact_revenue",
        },
        "points_total": {
            "staging": "select cast(sum(points) as bigint) from staging.stg_loyalty__points_ledger "
            "where reject_reason is null",
            "conformed": "select cast(sum(points) as bigint) from conformed.events",
            "profile": "select cast(sum(points) as bigint) from profile.activities",
            "value": f"select {balance} from value.loyalty_points",
        },
    }
    with finished_company.warehouse() as con:
        published = finished_company.settings.published_path
        con.execute(f"attach '{published}' as published (read_only)")
        for total, by_layer in questions.items():
            for layer, sql in by_layer.items():
                [(found,)] = con.execute(sql).fetchall()
                assert float(found) == totals[total], (total, layer)


def test_rows_read_are_rows_in_the_files(finished_company: Company) -> None:
    """An independent count of the CSV files by Python's reader, blank lines left out."""
    with finished_company.warehouse() as con:
        logged = dict(
            con.execute(
                "select source_file, rows_loaded + rows_rejected from operations.source_files"
            ).fetchall()
        )
    landing = finished_company.settings.landing_dir
    for path in sorted(landing.rglob("*.ndjson")):
        lines = sum(1 for line in path.open() if line.strip())
        assert logged[str(path.relative_to(landing))] == lines
    for path in sorted(landing.glob("loyalty/*.sqlite")):
        assert logged[str(path.relative_to(landing))] > 0
    for path in sorted(landing.rglob("products*.csv")):
        with path.open(newline="") as handle:
            assert logged[str(path.relative_to(landing))] == sum(1 for _ in csv.reader(handle)) - 1


def newcomers(company: Company) -> None:
    """A file with two customers: somebody known under a second number, and nobody known."""
    folder = company.settings.landing_dir / "web_shop" / "customers"
    with next(folder.rglob("*.csv")).open(newline="") as handle:
        lines = csv.DictReader(handle)
        known = next(r for r in lines if r["email"] and r["birth_date"] and r["loyalty_number"])
    unknown = {**dict.fromkeys(known, ""), "created_at": known["created_at"]}
    unknown["updated_at"] = known["updated_at"]
    unknown |= {"customer_id": "N2", "email": "nobody@new.example.com", "first_name": "Nobody"}
    with (folder / "part-9999.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(known))
        writer.writeheader()
        writer.writerows([{**known, "customer_id": "N1", "login": "new_login"}, unknown])


@pytest.mark.slow
def test_a_refresh_and_a_rebuild_over_shuffled_files_with_one_thread_give_the_same(
    company: Company,
) -> None:
    newcomers(company)
    refreshed = company.c360("run")
    assert refreshed.returncode == 0, refreshed.stderr
    with company.warehouse() as con:
        # What came after the records was refreshed for them, too.
        [(count,)] = con.execute(
            "select count(distinct record_key) from operations.delta_identity_map where is_after"
        ).fetchall()
    assert count >= 2
    before = contents(company)
    folder = company.settings.landing_dir / "web_shop" / "orders"
    for number, path in enumerate(sorted(folder.rglob("*.csv"), reverse=True)):
        rows = path.read_text().splitlines(keepends=True)
        body = rows[1:]
        if '"' not in "".join(body):
            random.Random(number).shuffle(body)
        path.write_text(rows[0] + "".join(body))
    environment = {**company.environment, "C360_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "run", "--rebuild"],
        env=environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # Rejected lines are known by their line number, which shuffling changes.
    skip = '"rejected_lines"'
    after = contents(company)
    assert {k: v for k, v in after.items() if skip not in k and "set_aside" not in k} == {
        k: v for k, v in before.items() if skip not in k and "set_aside" not in k
    }


def test_a_closed_gate_stops_the_run_and_leaves_the_published_model(company: Company) -> None:
    published = company.settings.published_path
    before = (published.stat().st_ino, published.stat().st_mtime_ns)
    for path in (company.settings.landing_dir / "web_shop" / "orders").rglob("*.csv"):
        header = path.read_text().splitlines()[0]
        path.write_text(header + "\n")
    ran = company.c360("run")
    assert ran.returncode == 1
    assert "no_table_collapsed" in ran.stderr and "published model stays" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert (published.stat().st_ino, published.stat().st_mtime_ns) == before
    status = json.loads(company.c360("status", "--json").stdout)
    assert status["last_run"]["success"] is False
    refused = company.c360("publish")
    assert refused.returncode == 1 and "not passed every gate" in refused.stderr
    assert (published.stat().st_ino, published.stat().st_mtime_ns) == before


def test_an_unusable_file_ends_in_a_sentence(company: Company) -> None:
    path = next((company.settings.landing_dir / "web_shop" / "customers").rglob("*.csv"))
    path.write_text(path.read_text().replace("email", "mail", 1))
    ran = company.c360("run")
    assert ran.returncode == 1
    name = path.relative_to(company.settings.landing_dir).as_posix()
    assert name in ran.stderr and "lacks the column email" in ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_logs_hold_no_personal_data(finished_company: Company) -> None:
    with finished_company.warehouse() as con:
        personal = con.execute(
            "select email from profile.profiles where email is not null "
            "union select phone from profile.profiles where phone is not null"
        ).fetchall()
    logs = [p for p in finished_company.settings.log_dir.rglob("*") if p.is_file()]
    logs += list(finished_company.settings.data_docs_dir.rglob("*.html"))
    logs += [p for p in finished_company.settings.dagster_home.rglob("*") if p.is_file()]
    text = "".join(p.read_bytes().decode("utf-8", errors="ignore") for p in logs)
    assert text
    assert [value for (value,) in personal if value in text] == []
