"""Every kind of mess occurs, about as often as its knob says."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from tests.demo.demo_files import Company, Row


@pytest.fixture(scope="module")
def customers(company: Company) -> list[Row]:
    rows: list[Row] = company.rows("web_shop/customers")
    return rows


def share(rows: list[Row], column: str, pattern: str) -> float:
    return sum(bool(re.fullmatch(pattern, row[column] or "")) for row in rows) / len(rows)


@pytest.mark.parametrize(
    ("column", "pattern", "knob", "factor"),
    [
        ("first_name", "", "missing_name_rate", 1),
        ("first_name", "unknown|Unknown|n/a|test", "placeholder_name_rate", 1),
        ("email", "", "missing_email_rate", 1),
        ("email", "noreply@example.com|NoReply@example.com|test@test.com|unknown|n/a",
         "placeholder_email_rate", 1),
        ("email", "[^a-z]+", "email_case_rate", 0.5),
        ("email", " .*  ", "email_blank_rate", 1),
        ("phone", "", "missing_phone_rate", 1),
        ("phone", r"\+49 000 0000000", "placeholder_phone_rate", 1),
        ("phone", r"0049\d+|0031\d+|0033\d+|0044\d+", "missing_phone_rate", 0.59),
        ("phone", r"0\d+-\d+", "missing_phone_rate", 0.59),
        ("street", "", "missing_street_rate", 1),
        ("birth_date", "", "missing_birth_date_rate", 1),
        ("birth_date", "1900-01-01", "placeholder_birth_date_rate", 1),
        ("birth_date", "31/02/1980|0000-00-00|1985-13-01", "invalid_birth_date_rate", 1),
    ],
)  # fmt: skip
def test_values(
    company: Company, customers: list[Row], column: str, pattern: str, knob: str, factor: float
) -> None:
    wanted = company.parameters["mess"][knob] * factor
    assert share(customers, column, pattern) == pytest.approx(wanted, rel=0.35)


def test_made_up_values_are_each_shared_by_many(customers: list[Row]) -> None:
    for column, value in (
        ("email", "noreply@example.com"), ("email", "test@test.com"), ("phone", "+49 000 0000000"),
        ("first_name", "unknown"), ("first_name", "n/a"), ("birth_date", "1900-01-01"),
    ):  # fmt: skip
        assert sum(row[column] == value for row in customers) > 15, value


def test_one_person_is_told_in_several_ways(company: Company, customers: list[Row]) -> None:
    """Nicknames, typos, moves and new phones: the records of a person differ."""
    accounts, members = company.owners("web_shop"), company.owners("loyalty")
    told: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in [*customers, *company.rows("loyalty/members")]:
        person = accounts[row["customer_id"]] if "customer_id" in row else members[row["member_no"]]
        for column in ("first_name", "last_name", "street", "postal_code", "phone", "email"):
            if row[column]:
                told[person][column].add(row[column])
    in_both = [told[person] for person in {*accounts.values()} & {*members.values()}]
    for column, at_least in (
        ("first_name", 0.2), ("last_name", 0.08), ("street", 0.15), ("postal_code", 0.02),
        ("phone", 0.3), ("email", 0.2),
    ):  # fmt: skip
        differing = sum(len(columns[column]) > 1 for columns in in_both) / len(in_both)
        assert differing > at_least, column


def test_second_accounts_versions_and_late_rows(company: Company, customers: list[Row]) -> None:
    accounts = Counter(company.owners("web_shop").values())
    second = sum(count == 2 for count in accounts.values()) / len(accounts)
    assert second == pytest.approx(company.parameters["mess"]["second_account_rate"], rel=0.2)
    versions: dict[str, set[str]] = defaultdict(set)
    for row in customers:
        versions[row["customer_id"]].add(row["updated_at"])
    changed = sum(len(times) == 2 for times in versions.values()) / len(versions)
    assert changed == pytest.approx(company.parameters["mess"]["account_version_rate"], rel=0.2)
    orders = company.tables["web_shop/orders"]
    assert orders.late / len(orders.rows) == pytest.approx(
        company.parameters["mess"]["late_order_rate"], rel=0.2
    )


def test_values_shared_by_different_people(company: Company, customers: list[Row]) -> None:
    people = company.owners("web_shop")
    for column, digits, low, high in (("email", False, 0.01, 0.03), ("phone", True, 0.01, 0.03)):
        sharers: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in customers:
            value = (row[column] or "").strip().lower()
            value = re.sub(r"\D", "", value)[-8:] if digits else value
            is_real = value[-7:] != "0000000" if digits else "@" in value
            if value and is_real and value not in ("noreply@example.com", "test@test.com"):
                sharers[value][people[row["customer_id"]]] = row
        shared = [list(rows.values()) for rows in sharers.values() if len(rows) > 1]
        assert low < sum(map(len, shared)) / len(customers) < high, column
        differing = [
            rows for rows in shared
            if len({row["first_name"] for row in rows}) > 1
        ]  # fmt: skip
        assert len(differing) > 0.9 * len(shared)


def test_devices_shared_by_two_people(company: Company, customers: list[Row]) -> None:
    people = company.owners("web_shop")
    person_of_login = {row["login"]: people[row["customer_id"]] for row in customers}
    cookies: dict[str, set[str]] = defaultdict(set)
    for row in company.rows("web_tracking/events"):
        cookies[row["cookie_id"]].update([person_of_login[row["login"]]] if row["login"] else [])
    shared = sum(len(persons) == 2 for persons in cookies.values()) / len(cookies)
    anonymous = sum(not persons for persons in cookies.values()) / len(cookies)
    assert 0.005 < shared < 0.02
    assert anonymous > 0.2
    per_person = Counter(company.owners("web_tracking").values())
    assert {count for person, count in per_person.items() if person} == {1, 2, 3}


def test_unusable_rows_of_every_kind(company: Company) -> None:
    dated = {"missing_key", "unreadable_date", "future_date"}
    for name, reasons in {
        "web_shop/customers": dated,
        "web_shop/orders": dated | {"unreadable_amount", "broken_line"},
        "web_shop/order_lines": dated | {"unreadable_amount", "orphan", "broken_line"},
        "web_tracking/events": dated | {"broken_line"},
        "email_marketing/contacts": dated,
        "email_marketing/message_events": dated | {"broken_line"},
        "email_marketing/consents": dated,
        "loyalty/members": {"missing_key"},
        "loyalty/points_ledger": {
            "missing_member", "unreadable_date", "unreadable_points", "future_date"
        },
    }.items():  # fmt: skip
        assert reasons <= company.tables[name].bad.keys() <= reasons | {"broken_line"}, name
        if not name.startswith("loyalty"):
            table = company.tables[name]
            assert table.duplicates / len(table.rows) == pytest.approx(
                company.parameters["mess"]["duplicate_rate"], rel=0.4
            ), name
