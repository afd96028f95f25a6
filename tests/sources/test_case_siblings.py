"""Siblings of the cases that nobody reported: other dialects, languages, orders of columns.

Each comes in right, or is asked about.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import UserError
from tests.sources.added import Added, add
from tests.sources.written import of


def table(root: Path, name: str, header: str, *rows: str) -> Added:
    """A file with semicolons, added as the source `s`."""
    path = root / f"{name}.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return add(root, "s", path)


GERMAN = "Bestellnummer;Kundennummer;Bestelldatum;Menge;Einzelpreis"
FRENCH = "commande;client;date_commande;quantité;prix_unitaire"


@pytest.mark.parametrize(("header", "thousands"), [(GERMAN, "1.200"), (FRENCH, "1 200")])
def test_quantities_with_marks_of_other_countries(tmp_path: Path, header: str, thousands: str):
    rows = (f"B1;K1;13/02/2026;{thousands};0,50", "B2;K2;14/02/2026;3;2,50")
    added = table(tmp_path, "lignes", header, *rows, "B3;K1;15/02/2026;10;1,25")
    lines = added.rows(of(added, "order_lines"), "quantity, line_amount")
    assert lines == [(3, Decimal("7.50")), (10, Decimal("12.50")), (1200, Decimal("600.00"))]


@pytest.mark.parametrize("nobody", ["Gast", "-", "999999", "0,0"])
def test_other_words_for_nobody(tmp_path: Path, nobody: str):
    rows = [f"{i};{nobody if i % 2 else 10 + i};2026-03-0{i};{i}.50" for i in range(1, 10)]
    added = table(tmp_path, "orders", "order_id;customer_id;order_date;amount", *rows)
    buyers = added.rows(of(added, "_orders"), "source_record_id, count(*)",
                        "reject_reason is null group by 1")  # fmt: skip
    assert buyers == [("12", 1), ("14", 1), ("16", 1), ("18", 1), (None, 5)]
    people = added.rows(of(added, "customer_records"), "source_record_id")
    assert people == [("12",), ("14",), ("16",), ("18",)]


def test_ids_that_became_floats_with_a_comma(tmp_path: Path):
    rows = ("1;1001,0;13.02.2026;10,00", "2;1002,0;14.02.2026;20,00", "3;1001,0;15.02.2026;5,00")
    added = table(tmp_path, "bestellungen", "Bestellnummer;Kundennummer;Bestelldatum;Betrag", *rows)
    assert added.rows(of(added, "_orders"), "distinct source_record_id") == [("1001",), ("1002",)]


@pytest.mark.parametrize(
    ("column", "back", "sold", "lines"),
    [
        ("Belegart", "Gutschrift", "Rechnung", False), ("type", "refund", "sale", True),
        ("is_refund", "true", "false", True), ("tipo", "devolución", "venta", False),
    ],
)  # fmt: skip
def test_returns_that_a_kind_of_document_tells(
    tmp_path: Path, column: str, back: str, sold: str, lines: bool
):
    rows = [f"B{i};K{i % 3};2026-02-1{i};2;{i}.50;{back if i == 4 else sold}" for i in range(1, 8)]
    if lines:
        rows = [*rows, f"B4;K1;2026-02-14;1;3.00;{back}"]
    header = f"receipt_id;customer_id;date;quantity;amount;{column}"
    added = table(tmp_path, "receipts", header, *rows)
    wrong = added.rows(of(added, "order_lines"), "order_id, quantity, line_amount, is_return",
                       "is_return or line_amount < 0")  # fmt: skip
    expected = [("B4", -2, Decimal("-4.50"), True)]
    assert wrong == ([*expected, ("B4", -1, Decimal("-3.00"), True)] if lines else expected)
    ordered = added.rows(of(added, "_orders"), "gross_amount", "order_id = 'B4'")
    assert ordered[0] == (Decimal(0),)


def test_a_card_is_no_credit_note(tmp_path: Path):
    rows = [f"B{i};K{i % 3};2026-02-1{i};{i}.50;{('credit', 'cash')[i % 2]}" for i in range(1, 8)]
    added = table(tmp_path, "receipts", "receipt_id;customer_id;date;amount;payment_method", *rows)
    assert added.rows(of(added, "order_lines"), "count(*)", "is_return") == [(0,)]


@pytest.mark.parametrize(
    ("style", "read"),
    [
        ("2026-03-02 09:50:2{}+01", datetime(2026, 3, 2, 8, 50, 21)),
        ("3/22/2026 9:5{}:00 PM", datetime(2026, 3, 22, 21, 51)),
        ("2026-03-22 9:5{} PM", datetime(2026, 3, 22, 21, 51)),
        ("2026-03-02 09:50:2{} CET", None),
        ("Mon, 02 Mar 2026 09:50:2{} +0100", None),
    ],
)
def test_instants_are_read_or_asked_about(tmp_path: Path, style: str, read: datetime | None):
    rows = [f"B{i};K{i % 3};{style.format(i)};{i}.50" for i in range(1, 8)]
    header = "order_id;customer_id;ordered_at;amount"
    if read is None:
        with pytest.raises(UserError, match="column ordered_at: it is called ordered_at"):
            table(tmp_path, "orders", header, *rows)
        return
    added = table(tmp_path, "orders", header, *rows)
    assert added.rows(of(added, "_orders"), "ordered_at", "order_id = 'B1'") == [(read,)]


@pytest.mark.parametrize("unit", ["betrag_cent", "price_in_cents"])
def test_minor_units_by_other_names(tmp_path: Path, unit: str):
    rows = [f"I{i};K{i % 3};2026-02-0{i};{29000 + i * 137};GBP" for i in range(1, 9)]
    added = table(tmp_path, "bills", f"invoice_id;customer_id;invoice_date;{unit};currency", *rows)
    paid = added.rows(of(added, "_orders"), "gross_amount, currency", "order_id = 'I1'")
    assert paid == [(Decimal("291.37"), "GBP")]


def test_addresses_that_all_have_trimmings(tmp_path: Path):
    rows = [f"{i};Ines;Vogt;Ines Vogt <a{i}@post.test>" for i in range(1, 5)]
    added = table(tmp_path, "kunden", "customer_id;first_name;last_name;email", *rows)
    found = added.rows(of(added, "kunden"), "email")
    assert found == [(f"a{i}@post.test",) for i in range(1, 5)]


@pytest.mark.parametrize(
    "parts",
    ["Geburtsjahr;Geburtsmonat;Geburtstag", "yob;mob;dob"],
)
def test_a_date_in_three_columns_of_other_names(tmp_path: Path, parts: str):
    header = f"customer_id;first_name;last_name;{parts}"
    added = table(tmp_path, "leute", header, "1;Ada;B;1970;5;7", "2;Ben;C;1981;12;30")
    born = added.rows(of(added, "leute"), "birth_date")
    assert born == [(date(1970, 5, 7),), (date(1981, 12, 30),)]


def sales(root: Path, header: str, *rows: str, **options: Any) -> Added:
    """Orders of nine customers, with what `header` and `rows` add, added as the source `s`."""
    path = root / "orders.csv"
    lines = [f"{1000 + i};{100 + i % 9};2026-03-{i:02};{row}" for i, row in enumerate(rows, 1)]
    path.write_text(f"order_id;customer_id;order_date;{header}\n" + "\n".join(lines) + "\n")
    return add(root, "s", path, **options)


AMOUNTS = [f"{i}0.50" for i in range(1, 13)]


@pytest.mark.parametrize("nobody", ["Walk-in", "{00000000-0000-0000-0000-000000000000}"])
def test_a_word_among_numbers_is_nobody(tmp_path: Path, nobody: str):
    path = tmp_path / "orders.csv"
    rows = [f"{i};{nobody if i % 2 else 10 + i};2026-03-{i:02};{i}.50" for i in range(1, 25)]
    path.write_text("order_id;customer_id;order_date;amount\n" + "\n".join(rows) + "\n")
    added = add(tmp_path, "s", path)
    assert len(added.rows(of(added, "customer_records"), "source_record_id")) == 12
    spent = added.rows(of(added, "_orders"), "count(*), sum(gross_amount)",
                       "reject_reason is null and source_record_id is null")  # fmt: skip
    assert spent == [(12, Decimal("150.00"))]


def test_a_kind_of_document_that_nobody_knows_is_asked_about(tmp_path: Path):
    rows = [f"{a};{'SR' if i in (4, 8) else 'INV'}" for i, a in enumerate(AMOUNTS, 1)]
    with pytest.raises(UserError, match="voucher_type: it is the kind of a document, and sr may"):
        sales(tmp_path, "amount;voucher_type", *rows)
    added = sales(
        tmp_path, "amount;voucher_type", *rows, formats=[("voucher_type", "SR:return")]
    )  # fmt: skip
    back = added.rows(of(added, "order_lines"), "order_id, line_amount", "is_return")
    assert back == [("1004", Decimal("-40.50")), ("1008", Decimal("-80.50"))]


def test_an_order_that_was_refunded_is_no_revenue_without_a_word(tmp_path: Path):
    rows = [f"{a};{'Refunded' if i == 4 else 'paid'}" for i, a in enumerate(AMOUNTS, 1)]
    with pytest.raises(UserError, match="orders are refunded, and nothing says how much"):
        sales(tmp_path, "amount;status", *rows)
    rows = [f"{a};{'-5.00' if i == 4 else ''}" for i, a in enumerate(AMOUNTS, 1)]
    with pytest.raises(UserError, match="column refunded: it says what was given back"):
        sales(tmp_path, "amount;refunded", *rows)


def test_what_is_less_than_no_piece_at_less_than_nothing_was_given_back(tmp_path: Path):
    rows = [f"S{i};{'-2;-' if i == 4 else '2;'}{a}" for i, a in enumerate(AMOUNTS, 1)]
    added = sales(tmp_path, "sku;quantity;unit_price", *rows)
    back = added.rows(of(added, "order_lines"), "quantity, line_amount, is_return", "is_return")
    assert back == [(-2, Decimal("-81.00"), True)]


def test_the_total_of_an_order_on_each_of_its_lines_is_asked_about(tmp_path: Path):
    path = tmp_path / "orders.csv"
    rows = [
        f"{1 + i // 3};K{i // 6};2026-03-0{1 + i // 3};S{i};{1 + i // 3}0.50" for i in range(18)
    ]
    path.write_text("order_id;customer_id;order_date;sku;order_total\n" + "\n".join(rows) + "\n")
    with pytest.raises(UserError, match="it is the same on all lines of an order"):
        add(tmp_path, "s", path)
    total = "sum(line_amount), count(*)"
    for means, amount in (("order_amount", "213.00"), ("line_amount", "639.00")):
        added = add(tmp_path, means[:4], path, renames={"order_total": means})
        assert added.rows(of(added, "order_lines"), total) == [(Decimal(amount), 18)]
        ordered = added.rows(of(added, "_orders"), "sum(gross_amount), count(*)")
        assert ordered == [(Decimal(amount), 6)]


def test_a_sign_of_several_currencies_is_asked_about(tmp_path: Path):
    rows = [f"{a} kr" for a in AMOUNTS]
    with pytest.raises(UserError, match=r"column amount: its values name .*--currency"):
        sales(tmp_path, "amount", *rows)
    added = sales(tmp_path, "amount", *rows, currency="SEK")
    named = added.rows(of(added, "order_lines"), "currency, sum(line_amount)", "true group by 1")
    assert named == [("SEK", Decimal("786.00"))]


def test_a_format_that_is_said_may_have_a_zone_or_a_comma(tmp_path: Path):
    path = tmp_path / "orders.csv"
    for number, (written, form) in enumerate((
        ("Fri, {:02} May 2026 01:00:00 +0200", "%a, %d %b %Y %H:%M:%S %z"),
        ("{:02}.05.2026, 23:00", "%d.%m.%Y, %H:%M"),
    )):  # fmt: skip
        rows = [f"{i};K{i};{written.format(i)};{i}.50" for i in range(2, 9)]
        path.write_text("order_id;customer_id;order_date;amount\n" + "\n".join(rows) + "\n")
        added = add(tmp_path, f"s{number}", path, formats=[("order_date", form)])
        first = added.rows(of(added, "_orders"), "ordered_at", "order_id = '2'")
        assert first == [(datetime(2026, 5, 1 + number, 23),)]
