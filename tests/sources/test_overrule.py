"""What the user says wins, what nobody knows is refused, and a source can be taken back."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.settings import PROJECT_ROOT
from orchestration.sources.add import add_source
from orchestration.sources.entities import ENTITIES
from orchestration.sources.names import known_meanings
from orchestration.sources.overrules import MARKS, TYPES, UNITS
from orchestration.sources.remove import remove_source
from orchestration.terminal import Console
from tests.sources.added import add

ORDERS = "order_id,customer_id,order_date,amount\n" + "".join(
    f"{i},C{i % 3},2026-03-{i:02},{1234 + 17 * i}\n" for i in range(1, 20)
)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("said", "first"), [("cents", "12.51"), ("units", "1251.00")])
def test_cents_or_euros_are_asked_and_said(tmp_path: Path, said: str, first: str):
    path = write(tmp_path / "orders.csv", ORDERS)
    with pytest.raises(UserError, match=r"amount: its whole numbers may be cents.*amount=units"):
        add(tmp_path, "shop", path)
    added = add(tmp_path, "shop", path, formats=[("amount", said)])
    amounts = added.rows("orders_orders", "gross_amount", "order_id = '1'")
    assert amounts == [(Decimal(first),)]


def test_what_was_given_back_beside_an_order_is_asked_and_said(tmp_path: Path):
    text = "order_id,customer_id,order_date,total,refund amount\n1,C1,2026-03-01,20.50,5.25\n"
    path = write(tmp_path / "orders.csv", text + "2,C2,2026-03-02,10.25,0.00\n")
    with pytest.raises(UserError, match="refund amount: it says what was given back, and the ord"):
        add(tmp_path, "shop", path)
    added = add(tmp_path, "shop", path, renames={"refund amount": "refunded_amount"})
    lines = added.rows("orders_refunds", "order_id, line_number, line_amount, is_return")
    assert lines == [("1", 10001, Decimal("-5.25"), True)]
    assert added.reasons("orders_refunds") == {None: 1, "says_nothing": 1}
    without = add(tmp_path, "till", path, renames={"refund amount": "ignore"})
    assert "orders_refunds" not in without.feeds()


@pytest.mark.parametrize(("said", "amount"), [("decimal_point", 1234), ("decimal_comma", "1.23")])
def test_thousands_or_decimals_are_asked_and_said(tmp_path: Path, said: str, amount: str | int):
    text = "order_id,customer_id,order_date,total\n" + "".join(
        f'{i},C{i % 3},2026-03-0{i},"1,23{i}"\n' for i in range(4, 9)
    )
    path = write(tmp_path / "orders.csv", text)
    with pytest.raises(UserError, match="may be thousands or decimals"):
        add(tmp_path, "shop", path)
    formats = [("total", said), ("total", "units")]
    added = add(tmp_path, "shop", path, formats=formats)
    assert added.rows("orders_orders", "gross_amount", "order_id = '4'") == [(Decimal(amount),)]


def test_a_pattern_and_a_zone_that_are_said(tmp_path: Path):
    text = "id,email,created_at,date_of_birth\n1,a@x.org,01/02/2026 10:00,03/04/1990\n"
    path = write(tmp_path / "customers.csv", text + "2,b@x.org,03/04/2026 11:00,05/06/1991\n")
    formats = [("created_at", "%m/%d/%Y %H:%M"), ("created_at", "+02:00")]
    added = add(tmp_path, "crm", path, formats=[*formats, ("date_of_birth", "%d/%m/%Y")])
    assert added.rows("customers", "created_at, birth_date", "source_record_id = '1'") == [
        (datetime(2026, 1, 2, 8), date(1990, 4, 3))
    ]


def test_what_nobody_knows_is_refused_with_the_nearest(tmp_path: Path):
    path = write(tmp_path / "orders.csv", ORDERS)
    with pytest.raises(UserError, match=r"no meaning custmer_id. Nearest: customer_id"):
        add(tmp_path, "shop", path, renames={"customer_id": "custmer_id"})
    with pytest.raises(UserError, match=r"no format cent. Nearest: cents"):
        add(tmp_path, "shop", path, formats=[("amount", "cent")])
    with pytest.raises(UserError, match=r"no type dat. Nearest: date"):
        add(tmp_path, "shop", path, types={"order_date": "dat"})
    with pytest.raises(UserError, match="--format names the column nothing"):
        add(tmp_path, "shop", path, formats=[("nothing", "cents")])


def test_a_rename_wins_over_what_was_recognised(tmp_path: Path):
    text = "account_id,account_name,email\nA1,ann_lee,a@x.org\nA2,bob_ray,b@x.org\n"
    path = write(tmp_path / "accounts.csv", text)
    added = add(tmp_path, "crm", path, renames={"account_name": "login", "email": "ignore"})
    model = next(iter(added.feeds()))
    assert added.rows(model, "login, email") == [("ann_lee", None), ("bob_ray", None)]


def test_contacts_that_said_no_are_statements_of_consent(tmp_path: Path):
    head = "customer_id,first_name,last_name,email,updated_at,newsletter,unsubscribed\n"
    rows = [("yes", ""), ("no", ""), ("", "true"), ("yes", "true"), ("", "false"), ("", "")]
    text = head + "".join(
        f"C{i},Ann,Lee,a{i}@x.org,2026-01-0{i + 1},{said},{out}\n"
        for i, (said, out) in enumerate(rows)
    )
    added = add(tmp_path, "crm", write(tmp_path / "customers.csv", text))
    assert added.reasons("customers_customer_records") == {None: 6}
    assert added.rows("customers_consents", "source_record_id, status, channel") == [
        ("C0", "granted", "email"), ("C1", "denied", "email"), ("C2", "denied", "email"),
        ("C3", "denied", "email"),
    ]  # fmt: skip
    assert added.reasons("customers_consents") == {None: 4, "says_nothing": 2}
    unclear = write(tmp_path / "people.csv", text.replace("yes", "A7").replace(",no,", ",B2,"))
    with pytest.raises(UserError, match="neither a yes nor a no"):
        add(tmp_path, "unclear", unclear)
    undated = write(tmp_path / "contacts.csv", text.replace("updated_at", "remark_x"))
    with pytest.raises(UserError, match="since when"):
        add(tmp_path, "undated", undated, renames={"remark_x": "ignore"})


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path):
    path = write(tmp_path / "orders.csv", ORDERS)
    added = add(tmp_path, "earlier", path, formats=[("amount", "cents")])
    console = Console(file=io.StringIO(), width=200)
    made = add_source(
        added.settings, "second", str(path), formats=[("amount", "cents")], dry_run=True,
        console=console,
    )  # fmt: skip
    assert made == []
    assert "as_amount('amount', minor_digits=2)" in console.file.getvalue()  # type: ignore[attr-defined]
    assert not (added.settings.dbt_project_dir / "models/staging/second").exists()


def test_a_proposal_is_kept_and_applied_again(tmp_path: Path):
    path = write(tmp_path / "orders.csv", ORDERS)
    kept = tmp_path / "kept.yml"
    first = add(tmp_path, "shop_a", path, formats=[("amount", "cents")], save=kept)
    assert "as_amount('amount', minor_digits=2)" in kept.read_text().replace("''", "'")
    second = add(tmp_path, "shop_b", path, kept=kept)
    assert second.sql("orders_orders") == first.sql("orders_orders").replace("shop_a", "shop_b")
    write(path, ORDERS.replace("2026-03-", "12.03.20"))
    with pytest.raises(UserError, match=r"otherwise than the kept.*orders_orders\.ordered_at"):
        add(tmp_path, "shop_c", path, kept=kept)
    with pytest.raises(UserError, match=r"missing/kept.yml can't be written"):
        formats = [("amount", "cents"), ("order_date", "%d.%m.%Y")]
        add(tmp_path, "shop_c", path, formats=formats, save=tmp_path / "missing" / "kept.yml")


@pytest.mark.parametrize(
    "text",
    [
        "", "- amount", "said: {cents: amount}", "said: 3", "said: {formats: [5]}", "feeds: {a: b}",
        "said: {formats: {amount: cents}}", "said: {maps: {orders: orders}}",
        "said: {renames: [a]}", "said: {currency: 5}", "said: {set_aside: some}",
        "said: {tables: orders}",
    ],
)  # fmt: skip
def test_a_file_that_is_no_kept_proposal_is_refused(tmp_path: Path, text: str):
    path = write(tmp_path / "orders.csv", ORDERS)
    with pytest.raises(UserError, match="no kept proposal"):
        add(tmp_path, "shop", path, kept=write(tmp_path / "other.yml", text))


def test_a_source_is_taken_back(tmp_path: Path):
    path = write(tmp_path / "orders.csv", ORDERS)
    project = tmp_path / "dbt_project"
    add(tmp_path, "kept", path, formats=[("amount", "cents")])
    before = {p: p.read_text() for p in project.rglob("*.yml")}
    added = add(tmp_path, "gone", path, formats=[("amount", "cents")])
    assert remove_source(added.settings, "gone")
    assert {p: p.read_text() for p in project.rglob("*.yml")} == before
    with pytest.raises(UserError, match="There is no source gone"):
        remove_source(added.settings, "gone")
    for name in ("../staging", "..", ""):
        with pytest.raises(UserError, match="There is no source"):
            remove_source(added.settings, name)
    # Without any source of an entity the models over it would be no SQL.
    with pytest.raises(UserError, match=r"email_marketing is the only source of .*consents"):
        remove_source(added.settings, "email_marketing")
    assert {p: p.read_text() for p in project.rglob("*.yml")} == before


def test_the_page_lists_what_the_code_knows():
    page = (PROJECT_ROOT / "docs" / "sources.md").read_text()
    for word in (*known_meanings(), *ENTITIES, *UNITS, *MARKS, *TYPES, "epoch_seconds", "iso"):
        assert f"`{word}`" in page, word
