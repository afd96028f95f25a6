"""One's own data: two systems with real purchases through the chain, counted again by hand.

The oracle reads the CSV files with Python's own reader and decimals; it shares nothing with the
chain but the files.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.value.beta_geometric import BG_NBD
from orchestration.value.fitting import fit_histories
from orchestration.value.histories import Histories
from tests.conftest import Company, require_shared, settings_in
from tests.end_to_end.own_files import FILES, LOYALTY, SHOP, STAGED_ORDERS, Purchase, rows_of
from tests.own_data import add_example, connect_sources, project_copy
from tests.parsed import parsed


@pytest.fixture(scope="module")
def source_dir() -> Path:
    return require_shared("composite_cdnow_febrl")


@pytest.fixture(scope="module")
def company(source_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The two systems after a run of the chain, in a project of their own."""
    root = tmp_path_factory.mktemp("own")
    project = project_copy(root / "dbt_project")
    add_example(project)
    connect_sources(project)
    landing = root / "landing"
    for system, names in FILES.items():
        (landing / system).mkdir(parents=True)
        for name in names:
            shutil.copyfile(source_dir / name, landing / system / name)
    made = Company(parsed(settings_in(root / "data", project)))
    ran = made.c360("run", "--landing", str(landing))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return made


@pytest.fixture(scope="module")
def purchases(source_dir: Path) -> list[Purchase]:
    keys = {SHOP: ("order_id", "shop_id"), LOYALTY: ("receipt_id", "card_no")}
    return [
        Purchase(
            system, row[key], row[customer], date.fromisoformat(row["date"]), Decimal(row["amount"])
        )
        for system, (_, file) in FILES.items()
        for key, customer in [keys[system]]
        for row in rows_of(source_dir / file)
    ]


@pytest.fixture(scope="module")
def person_of(source_dir: Path) -> dict[tuple[str, str], str]:
    """The true person behind each account."""
    return {
        (system, row[column]): row["febrl_entity"]
        for row in rows_of(source_dir / "truth.csv")
        for system, column in ((SHOP, "shop_id"), (LOYALTY, "card_no"))
        if row[column]
    }


def warehouse_rows(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with company.warehouse() as con:
        return con.execute(sql).fetchall()


def published_rows(company: Company, sql: str) -> list[tuple[Any, ...]]:
    with company.published() as con:
        return con.execute(sql).fetchall()


def total(purchases: list[Purchase]) -> Decimal:
    return sum((p.amount for p in purchases), Decimal(0))


def is_a_day(text: str) -> bool:
    try:
        return bool(date(int(text[:4]), int(text[4:6]), int(text[6:])))
    except ValueError:
        return False


def test_every_row_of_every_file_is_accounted_for(company: Company, source_dir: Path) -> None:
    in_files = {
        f"{system}/{name}": len(rows_of(source_dir / name))
        for system, names in FILES.items()
        for name in names
    }
    logged = warehouse_rows(
        company,
        "select distinct source_file, rows_loaded + rows_rejected from operations.source_files",
    )
    assert dict(logged) == in_files
    kept = warehouse_rows(
        company,
        "select source_system, entity, rows_read, rows_accepted, rows_set_aside, difference "
        "from conformed.row_conservation",
    )
    read = {SHOP: (3657, 4158), LOYALTY: (3700, 2761)}
    expected = {
        (system, entity, count, count, 0, 0)
        for system, (customers, orders) in read.items()
        for entity, count in [
            ("customer_records", customers),
            ("orders", orders),
            ("order_lines", orders),
        ]
    }
    assert set(kept) == expected
    shown = published_rows(
        company,
        "select source_system, entity, rows_read, rows_accepted, rows_set_aside, 0 "
        "from fact_row_conservation",
    )
    assert set(shown) == expected
    assert published_rows(company, "select * from fact_set_aside") == []


def test_impossible_birth_dates_become_null_and_nothing_else(
    company: Company, source_dir: Path
) -> None:
    possible = {
        system: sum(is_a_day(row["date_of_birth"]) for row in rows_of(source_dir / names[0]))
        for system, names in FILES.items()
    }
    assert possible == {SHOP: 3593, LOYALTY: 3503}
    counted = warehouse_rows(
        company,
        "select source_system, count(birth_date) from conformed.customer_records group by all",
    )
    assert dict(counted) == possible


def test_orders_and_revenue_are_those_of_the_files_at_every_layer(
    company: Company, purchases: list[Purchase]
) -> None:
    for system, count in ((SHOP, 4158), (LOYALTY, 2761)):
        own = [p for p in purchases if p.system == system]
        expected = (count, total(own))
        assert len(own) == count
        orders, lines = STAGED_ORDERS[system]
        layers = {
            f"staging.{orders}": "gross_amount",
            f"staging.{lines}": "line_amount",
            "conformed.orders": "gross_amount",
            "conformed.order_lines": "line_amount",
            "profile.purchases": "line_amount",
            "profile.recorded_activities": "amount",
            "value.order_amounts": "net_amount",
        }
        for table, amount in layers.items():
            found = warehouse_rows(
                company,
                f"select count(*), sum({amount})::decimal(18, 2) from {table} "
                f"where source_system = '{system}'",
            )
            assert found == [expected], table
    everything = (6919, total(purchases))
    value = "sum(order_count)::bigint, sum(net_amount)::decimal(18, 2)"
    for table in ("value.customer_attributes", "value.monthly_revenue"):
        assert warehouse_rows(company, f"select {value} from {table}") == [everything], table
    assert published_rows(company, f"select {value} from fact_revenue") == [everything]
    lifetime = "select sum(metric_amount)::decimal(18, 2) from fact_clv_decile"
    assert published_rows(company, lifetime + " where look_back = 'lifetime'") == [everything[1:]]
    by_segment = "select sum(net_amount)::decimal(18, 2) from fact_rfm"
    assert published_rows(company, by_segment) == [everything[1:]]


def test_published_months_are_those_of_the_files(
    company: Company, purchases: list[Purchase]
) -> None:
    months: dict[date, list[Purchase]] = defaultdict(list)
    for purchase in purchases:
        months[purchase.on.replace(day=1)].append(purchase)
    expected = {(month, len(own), total(own)) for month, own in months.items()}
    sql = "select month_start_on, order_count, net_amount from {}"
    assert set(published_rows(company, sql.format("fact_revenue"))) == expected
    assert set(warehouse_rows(company, sql.format("value.monthly_revenue"))) == expected


def test_records_become_people_as_precisely_as_the_truth_allows(
    company: Company, purchases: list[Purchase], person_of: dict[tuple[str, str], str]
) -> None:
    """Exact identifiers link nobody here: likeness does, with the policy as it is delivered."""
    mapped = warehouse_rows(
        company, "select source_system, source_record_id, profile_id from identity.identity_map"
    )
    profile_of = {(system, record): profile for system, record, profile in mapped}
    assert set(profile_of) == set(person_of) and len(mapped) == len(profile_of)

    def pairs(sizes: Counter[Any]) -> int:
        return sum(n * (n - 1) // 2 for n in sizes.values())

    found = pairs(Counter(profile_of.values()))
    right = pairs(Counter((profile_of[a], person_of[a]) for a in profile_of))
    true = pairs(Counter(person_of.values()))
    assert right >= 0.999 * found
    assert 2 * right >= 0.99 * (found + true)

    accounts = {(p.system, p.customer) for p in purchases}
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for purchase in purchases:
        spent[profile_of[purchase.system, purchase.customer]] += purchase.amount
    buyers = warehouse_rows(company, "select profile_id, net_amount from value.customer_attributes")
    assert dict(buyers) == spent
    assert len(accounts) == 3233
    assert abs(len(buyers) - len({person_of[account] for account in accounts})) <= 2
    # Each of the two policies stitches alike.
    described = published_rows(
        company, "select distinct profile_count, record_count from fact_profile"
    )
    assert described == [(len(set(profile_of.values())), 7357)]


def test_profiles_refit_the_published_parameters(company: Company, source_dir: Path) -> None:
    """CDNOW's BG/NBD, fitted to profiles that two systems had to be put together for."""
    expected = json.loads((source_dir / "expected.json").read_text())
    histories = warehouse_rows(
        company,
        f"""
        with days as (
            select distinct profile_id, cast(ordered_at as date) as bought_on
            from value.order_amounts
            where cast(ordered_at as date) <= date '{expected["calibration_end"]}'
        ),
        histories as (
            select
                count(*) - 1 as frequency,
                max(bought_on) - min(bought_on) as recency,
                date '{expected["calibration_end"]}' - min(bought_on) as age
            from days
            group by profile_id
        )
        select frequency, recency, age, count(*) from histories group by all order by all
        """,
    )
    fit = fit_histories(BG_NBD, Histories.of_days(*zip(*histories, strict=True)))
    published = expected["after_perfect_unification"]["BG/NBD"]
    assert dict(zip(("r", "alpha", "a", "b"), fit.values, strict=True)) == pytest.approx(
        {name: published[name] for name in ("r", "alpha", "a", "b")}, rel=0.035
    )
    assert [fit.values[0], fit.values[1]] == pytest.approx(
        [published["r"], published["alpha"]], rel=0.01
    )
    assert fit.log_likelihood == pytest.approx(published["LL"], abs=10)


def test_purchase_process_survives_to_the_cent_and_day(
    company: Company, source_dir: Path, person_of: dict[tuple[str, str], str]
) -> None:
    """Repeat purchases from the warehouse, with and without the true people behind the accounts.

    One purchase is what a customer buys on one day; the first is no repeat. These counts are what
    lifetime models are fitted on.
    """
    expected = json.loads((source_dir / "expected.json").read_text())
    calibration_end = date.fromisoformat(expected["calibration_end"])
    bought = warehouse_rows(
        company,
        "select source_system, source_record_id, cast(ordered_at as date), profile_id "
        "from profile.purchases join conformed.orders using (source_system, order_id, ordered_at)",
    )
    account_days = {((system, record), day) for system, record, day, _ in bought}
    person_days = {(person_of[account], day) for account, day in account_days}

    def counts(days: set[tuple[Any, date]]) -> tuple[int, int, int]:
        """Customers of the calibration period, their repeats within it and after it."""
        within = [who for who, day in days if day <= calibration_end]
        cohort = set(within)
        after = sum(day > calibration_end for who, day in days if who in cohort)
        return len(cohort), len(within) - len(cohort), after

    unified = expected["after_perfect_unification"]
    assert counts(person_days) == (
        unified["customers_with_purchases"],
        unified["repeat_calibration"],
        unified["repeat_holdout"],
    )
    customers, _, holdout = counts(account_days)
    assert (customers, holdout) == (3028, 1625)
