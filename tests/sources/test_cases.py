"""Inputs that people of this trade have met: each comes in right, or is asked about.

The files and their right values are those of shared/data/cases and small_sources.
"""

from __future__ import annotations

import os
import shutil
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT, Settings
from tests.conftest import require_shared
from tests.sources.added import Added, add


def case(root: Path, name: str, source: str, **options: Any) -> Added:
    """A source of a case, added."""
    return add(root, source, require_shared("cases") / name / "input" / source, **options)


def asked(root: Path, name: str, source: str, **options: Any) -> str:
    """What is asked about a case's source, instead of writing it."""
    with pytest.raises(UserError) as refused:
        case(root, name, source, **options)
    assert not (root / "dbt_project" / "models" / "staging" / source).exists()
    return str(refused.value)


def total(added: Added, model: str) -> tuple[int, Decimal]:
    """Accepted lines of a model and their amount."""
    [(count, amount)] = added.rows(model, "count(*), sum(line_amount)")
    return count, amount


def test_01_thousands_marks_in_quantities(tmp_path: Path):
    added = case(tmp_path, "01_quantity_thousands", "wholesale")
    assert total(added, "orders_order_lines") == (6, Decimal("2150.00"))


def test_02_rounded_card_numbers_are_no_identity(tmp_path: Path):
    said = asked(tmp_path, "02_card_number_scientific", "club")
    assert "can't be read as loyalty_id" in said and "9.99999X+99" in said
    added = case(tmp_path, "02_card_number_scientific", "club", types={"loyalty_card": "text"})
    assert added.rows("members", "count(*), count(loyalty_id)") == [(7, 0)]


def test_03_ids_that_became_floats(tmp_path: Path):
    added = case(tmp_path, "03_ids_as_floats", "webstore")
    assert added.reasons("orders_orders") == {None: 4, "missing_reference": 1}
    spent = added.rows("orders_orders", "source_record_id, gross_amount")
    assert sorted(spent) == [
        ("1001", Decimal(10)), ("1001", Decimal(20)), ("1002", Decimal(30)), ("1003", Decimal(40)),
    ]  # fmt: skip


def test_04_card_numbers_that_became_floats(tmp_path: Path):
    for source, cards in (("desk", ["12345", "12346"]), ("portal", ["12345", "123450", "123460"])):
        added = case(tmp_path, "04_card_number_as_float", source)
        model = next(iter(added.feeds()))
        assert [c for (c,) in added.rows(model, "loyalty_id") if c] == cards


@pytest.mark.parametrize(
    "name", ["05_guest_customer_zero", "05a_minus_one", "05c_null_text", "05d_zero_uuid"]
)
def test_05_placeholders_are_nobody(tmp_path: Path, name: str):
    added = case(tmp_path, name, "cart")
    spent = added.rows(
        "orders_orders",
        "ltrim(source_record_id, 'C'), sum(gross_amount)",
        "reject_reason is null group by 1",
    )
    assert spent == [
        ("11", Decimal(22)), ("12", Decimal(30)), ("13", Decimal(20)), (None, Decimal(205)),
    ]  # fmt: skip
    assert total(added, "orders_order_lines") == (9, Decimal(277))


@pytest.mark.parametrize(
    ("name", "source", "amount"),
    [
        ("06_negative_in_brackets", "books", "310.00"),
        ("06b_indian_grouping", "ledger", "1371873.28"),
        ("06c_amount_with_cr", "books", "230.00"),
    ],
)
def test_06_signs_and_groups_of_numbers(tmp_path: Path, name: str, source: str, amount: str):
    added = case(tmp_path, name, source)
    assert total(added, "transactions_order_lines") == (6, Decimal(amount))


@pytest.mark.parametrize(
    ("name", "net"),
    [("07_refund_positive_amount", {"11": "42.00"}),
     ("07b_refund_positive_amount_silent", {"11": "42.00", "12": "6.00"})],
)  # fmt: skip
def test_07_refunds_with_a_positive_amount(tmp_path: Path, name: str, net: dict[str, str]):
    added = case(tmp_path, name, "pos")
    con = added.staged("order_lines_order_lines")
    added.staged("order_lines_orders")
    found = dict(
        con.execute(
            "select source_record_id, sum(line_amount) from staged.order_lines_order_lines "
            "join (select distinct order_id, source_record_id from staged.order_lines_orders) "
            "using (order_id) group by 1"
        ).fetchall()
    )
    assert {k: found[k] for k in net} == {k: Decimal(v) for k, v in net.items()}


def test_08_order_fields_on_the_first_line_only(tmp_path: Path):
    added = case(tmp_path, "08_order_fields_on_first_line_only", "shopfront")
    assert total(added, "orders_export_order_lines") == (5, Decimal("134.00"))
    assert added.reasons("orders_export_orders") == {None: 3, "folded_row": 2}
    assert added.reasons("orders_export_customer_records")[None] == 2


def test_09_suffixes_of_names(tmp_path: Path):
    added = case(tmp_path, "09_full_name_suffix", "crm")
    named = added.rows("contacts", "source_record_id, given_name, family_name")
    assert named == [
        ("C1", "Walter", "Ames"), ("C2", "Ruth", "Ortega"), ("C3", "Pablo", "Ortega"),
        ("C4", "Elin", "Lund"), ("C5", "Dario", "Conti"),
    ]  # fmt: skip


def test_10_one_instant_in_another_unit_costs_its_row(tmp_path: Path):
    place = require_shared("cases") / "10_epoch_one_bad_value"
    shutil.copytree(place / "input" / "app", tmp_path / "app")
    added = add(tmp_path, "app", tmp_path / "app")
    for path in (place / "next").iterdir():
        shutil.copy(path, tmp_path / "app")
    [model] = added.feeds()
    assert added.reasons(model) == {None: 1200, "invalid_timestamp": 1}


def test_12_offsets_and_milliseconds(tmp_path: Path):
    added = case(tmp_path, "12_offset_after_a_blank", "store")
    at = [t for (t,) in added.rows("orders_orders", "ordered_at")]
    assert at[0] == datetime(2026, 3, 2, 8, 50, 26) and len(at) == 4
    (tmp_path / "other").mkdir()
    added = case(tmp_path / "other", "12b_milliseconds_after_a_comma", "store")
    at = [t for (t,) in added.rows("orders_orders", "ordered_at")]
    assert at[0] == datetime(2026, 3, 2, 9, 50, 26, 123000) and len(at) == 4


def test_14_addresses_with_trimmings(tmp_path: Path):
    added = case(tmp_path, "14_email_with_trimmings", "club", types={"email": "text"})
    found = dict(added.rows("customers", "source_record_id, email"))
    assert found["C-dot"] == "ines.vogt@post.test"
    assert found["C-mailto"] == "karl.rau@post.test"
    assert found["C-quotes"] == "nils.boe@post.test"
    assert found["C-brackets"] == "ole.pax@post.test"
    # Identity observes each of the two.
    assert found["C-two"] == "lena.tamm@post.test; l.tamm@work.test"


@pytest.mark.parametrize("name", ["15_composed_and_decomposed", "15a_full_width_login"])
def test_15_one_spelling_of_a_letter(tmp_path: Path, name: str):
    spelled = []
    for source in ("club", "shop"):
        added = case(tmp_path, name, source)
        spelled.append(added.rows("customers", "email, login"))
    assert spelled[0] == spelled[1]


def test_17_header_in_the_middle_and_a_total(tmp_path: Path):
    added = case(tmp_path, "17_header_again_in_the_middle", "shop")
    assert added.reasons("customers") == {None: 3, "no_record": 2}


def test_18_a_path_may_hold_what_an_address_ends_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = tmp_path / "C# projects, 100%"
    (place / "build").mkdir(parents=True)
    monkeypatch.setenv("C360_DATA_DIR", str(place))
    assert Settings.from_env().data_dir == place
    written = (PROJECT_ROOT / "profiles.yml").read_text()
    environment = jinja2.Environment(autoescape=False)
    environment.filters["as_number"] = int
    profile = yaml.safe_load(environment.from_string(written).render(env_var=os.environ.get))
    said = profile["customer_360"]["outputs"]["duckdb"]
    credentials = DuckDBCredentials.from_dict(DuckDBCredentials.__pre_deserialize__(said))
    with duckdb.connect(credentials.path) as con:
        for attached in credentials.attach:
            con.execute(attached.to_sql())
        con.execute("create table warehouse.main.a as select 1; create table insights.b as from a")
    assert {path.name for path in (*place.iterdir(), *(place / "build").iterdir())} == {
        "build", "warehouse.duckdb", "insights_build.duckdb",
    }  # fmt: skip
    monkeypatch.setenv("C360_DATA_DIR", str(tmp_path / "what?"))
    with pytest.raises(UserError, match=r"names a folder with \? in its path.*Take another folder"):
        Settings.from_env()


def test_19_invisible_signs_at_ids(tmp_path: Path):
    added = case(tmp_path, "19_tab_behind_an_id", "shop")
    buyers = added.rows("orders_orders", "source_record_id")
    assert buyers == [("C1",), ("C2",), ("C3",), ("C4",), ("C4",)]


def test_a_sale_whose_dates_cannot_be_read_is_asked_about(tmp_path: Path):
    path = tmp_path / "sales.csv"
    rows = "".join(f"{i},K{i % 3},{i}.50,day {i} of spring\n" for i in range(1, 9))
    path.write_text(f"order_id,customer_id,amount,order_date\n{rows}")
    with pytest.raises(UserError, match="column order_date: it is called ordered_at"):
        add(tmp_path, "shop", path)
    added = add(tmp_path, "shop", path, renames={"order_date": "ignore"})
    assert "orders" not in added.feeds().values()
    path.write_text("order_id,customer_id,amount,order_date\n" + "".join(
        f"{i},K{i % 3},{i}.50,2026-05-0{i} 0{i}:30 PM\n" for i in range(1, 9)))  # fmt: skip
    (tmp_path / "other").mkdir()
    added = add(tmp_path / "other", "shop", path)
    at = added.rows("sales_orders", "ordered_at", "order_id = '3'")
    assert at == [(datetime(2026, 5, 3, 15, 30),)]


def small(root: Path, name: str, **options: Any) -> Added:
    """A file of small_sources, added."""
    return add(root, "small", require_shared("small_sources") / name, **options)


def test_a_date_in_three_columns(tmp_path: Path):
    added = small(tmp_path, "a_split_date.csv")
    born = added.rows(next(iter(added.feeds())), "birth_date")
    assert born == [(date(1970, 5, 7),), (date(1981, 12, 30),), (date(1990, 1, 9),)]


def test_b_month_first_without_signs(tmp_path: Path):
    with pytest.raises(UserError, match="first_name: it is called given_name"):
        small(tmp_path, "b_mmddyyyy.csv")
    names = {"first_name": "given_name", "last_name": "ignore"}
    added = small(tmp_path, "b_mmddyyyy.csv", renames=names)
    model = next(iter(added.feeds()))
    assert added.rows(model, "birth_date", "source_record_id = '0'") == [(date(1948, 3, 19),)]
    assert added.rows(model, "count(*) = count(birth_date)") == [(True,)]


def test_c_account_names_are_names(tmp_path: Path):
    added = small(tmp_path, "c_accounts.csv")
    model = next(iter(added.feeds()))
    assert added.rows(model, "count(*), count(login), count(distinct email)") == [(200, 0, 200)]
    assert added.rows(model, "family_name", "source_record_id = 'A0'") == [("Fox",)]


def test_d_cents_and_open_invoices(tmp_path: Path):
    with pytest.raises(UserError, match="VALUE:CODE"):
        small(tmp_path, "d_invoices.csv")
    added = small(tmp_path, "d_invoices.csv", formats=[("status", "open:completed")])
    orders = next(m for m, e in added.feeds().items() if e == "orders")
    first = added.rows(orders, "gross_amount, currency, status", "order_id = 'I0'")
    assert first == [(Decimal("290.29"), "EUR", "completed")]


def test_e_a_ticket_is_opened_when_it_is_created(tmp_path: Path):
    added = small(tmp_path, "e_tickets.csv")
    assert added.feeds() == {"e_tickets": "support_contacts"}
    times = added.rows("e_tickets", "opened_at, closed_at", "support_contact_id in ('T0', 'T1')")
    assert times == [
        (datetime(2024, 1, 15), datetime(2024, 9, 11)), (datetime(2024, 5, 12), None),
    ]  # fmt: skip


def test_f_words_of_sql_are_names_like_others(tmp_path: Path):
    names = {"forename": "given_name", "surname": "family_name"}
    added = small(tmp_path, "f_reserved.csv", renames=names)
    assert added.reasons(next(iter(added.feeds()))) == {None: len(added.rows(
        next(iter(added.feeds())), "source_record_id"))}  # fmt: skip
