"""Exports of one product that come together: cut into files, moved between lists, told twice."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conftest import require_shared
from tests.sources.added import Added, add
from tests.sources.test_recognised import PRODUCTS
from tests.sources.written import of


def orders_header() -> list[str]:
    path = next((require_shared("exports") / "shopify").glob("*.csv"))
    with path.open(encoding="utf-8") as file:
        return next(csv.reader(file))


def order(name: str, price: str, subtotal: str = "", status: str = "") -> dict[str, str]:
    row = {"Name": name, "Email": "ann@x.org", "Created at": "2026-05-01 10:00:00 +0200",
           "Lineitem quantity": "1", "Lineitem name": f"Thing {price}", "Lineitem price": price,
           "Lineitem sku": f"T-{price}"}  # fmt: skip
    first = {"Financial Status": status, "Subtotal": subtotal, "Currency": "EUR",
             "Accepts Marketing": "yes", "Refunded Amount": "0.00"}  # fmt: skip
    return row | first if status else row


def files(root: Path, written: dict[str, list[dict[str, str]]], header: list[str]) -> None:
    root.mkdir(exist_ok=True)
    for name, rows in written.items():
        with (root / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows)


def lines(added: Added) -> list[tuple[Any, ...]]:
    columns = "order_id, line_number, line_amount"
    return added.rows(of(added, "order_lines"), columns)


def test_an_order_of_shopify_may_be_cut_by_the_end_of_a_file(tmp_path: Path):
    files(
        tmp_path / "in",
        {
            "orders_export_1.csv": [
                order("#1", "10.00", "10.00", "paid"),
                # Ten less than the goods cost: the discount is spread over both files.
                order("#2", "40.00", "90.00", "paid"),
            ],
            "orders_export_2.csv": [
                order("#2", "40.00"), order("#2", "20.00"), order("#3", "5.00", "5.00", "paid"),
            ],
        },
        orders_header(),
    )  # fmt: skip
    added = add(tmp_path, "shop", tmp_path / "in")
    assert lines(added) == [
        ("#1", 1, Decimal("10.00")),
        ("#2", 1, Decimal("36.00")), ("#2", 2, Decimal("36.00")), ("#2", 3, Decimal("18.00")),
        ("#3", 1, Decimal("5.00")),
    ]  # fmt: skip
    orders = added.rows(of(added, "_orders"), "order_id, gross_amount")
    assert orders == [("#1", Decimal(10)), ("#2", Decimal(90)), ("#3", Decimal(5))]


def test_an_order_of_two_exports_is_as_the_later_one_says(tmp_path: Path):
    before = [order("#1", "10.00", "30.00", "pending"), order("#1", "20.00")]
    files(
        tmp_path / "in",
        {"orders_export_1.csv": before,
         "orders_export_2.csv": [order("#1", "10.00", "10.00", "voided")]},
        orders_header(),
    )  # fmt: skip
    added = add(tmp_path, "shop", tmp_path / "in")
    assert lines(added) == [("#1", 1, Decimal("10.00"))]
    assert added.rows(of(added, "_orders"), "status, gross_amount") == [("cancelled", Decimal(10))]


def test_products_of_shopify_are_described_by_their_own_table(tmp_path: Path):
    files(tmp_path / "in", {"orders_export.csv": [order("#1", "9.00", "9.00", "paid")]},
          orders_header())  # fmt: skip
    product = {"Handle": "thing", "Title": "Thing", "Variant SKU": "T-9.00", "Variant Price": "9"}
    files(tmp_path / "in", {"products_export.csv": [product]}, PRODUCTS.split(","))
    added = add(tmp_path, "shop", tmp_path / "in", currency="EUR")
    [products] = [m for m, entity in added.feeds().items() if entity == "products"]
    assert added.rows(products, "product_id, product_name") == [("T-9.00", "Thing")]


def objects(root: Path, name: str, *rows: dict[str, Any]) -> None:
    root.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (root / f"{name}.ndjson").write_text(text, encoding="utf-8")


def test_stripe_with_customers_and_refunds(tmp_path: Path):
    details: dict[str, Any] = {
        "email": "ann@x.org",
        "name": "Ann Lee",
        "phone": None,
        "address": {},
    }
    charge = {"id": "ch_1", "object": "charge", "amount": 5000, "amount_refunded": 700,
              "currency": "eur", "created": 1767225600, "customer": "cus_1", "status": "succeeded",
              "billing_details": details, "metadata": {"order_id": None}}  # fmt: skip
    guest = charge | {"id": "ch_2", "customer": None, "amount_refunded": 0}
    customer = {"id": "cus_1", "object": "customer", "address": {"city": "Bonn"}, "phone": None,
                "created": 1767225600, "delinquent": False, "email": "ann@x.org",
                "invoice_settings": {}, "name": "Ann Lee"}  # fmt: skip
    refund = {"id": "re_1", "object": "refund", "amount": 500, "charge": "ch_1",
              "created": 1772323200, "currency": "eur", "payment_intent": "pi_1",
              "status": "succeeded"}  # fmt: skip
    objects(tmp_path / "in", "charges", charge, guest)
    objects(tmp_path / "in", "customers", customer)
    objects(tmp_path / "in", "refunds", refund, refund | {"id": "re_2", "amount": 200},
            refund | {"id": "re_3", "status": "failed"})  # fmt: skip
    added = add(tmp_path, "stripe", tmp_path / "in")
    people = [
        row for model, entity in added.feeds().items() if entity == "customer_records"
        for row in added.rows(model, "source_record_id, family_name, city")
    ]  # fmt: skip
    assert sorted(people) == [("ann@x.org", "Lee", None), ("cus_1", "Lee", "Bonn")]
    back = [
        row for model, entity in added.feeds().items() if entity == "order_lines"
        for row in added.rows(model, "line_number, line_amount, booked_at",
                              "reject_reason is null and is_return")
    ]  # fmt: skip
    assert back == [
        (10001, Decimal("-5.00"), datetime(2026, 3, 1)),
        (10002, Decimal("-2.00"), datetime(2026, 3, 1)),
    ]


def test_a_member_of_mailchimp_who_moves_is_a_record_in_each_list(tmp_path: Path):
    known = ["Email Address", "First Name", "Last Name", "OPTIN_TIME", "LAST_CHANGED", "LEID",
             "EUID"]  # fmt: skip
    ann = {"Email Address": "ann@x.org", "LEID": "7", "OPTIN_TIME": "2026-01-01 10:00:00",
           "LAST_CHANGED": "2026-01-01 10:00:00"}  # fmt: skip
    files(tmp_path / "in", {"subscribed_segment_export.csv": [ann]}, known)
    left = ann | {"UNSUB_TIME": "2026-02-01 10:00:00"}
    files(tmp_path / "in", {"unsubscribed_segment_export.csv": [left]}, [*known, "UNSUB_TIME"])
    added = add(tmp_path, "mail", tmp_path / "in")
    found: dict[str, list[Any]] = {}
    for model, entity in added.feeds().items():
        column = "consent_id, status" if entity == "consents" else "source_record_id, email"
        found.setdefault(entity, []).extend(added.rows(model, column))
    assert sorted(found["customer_records"]) == [
        ("7", "ann@x.org"),
        ("7:unsubscribed", "ann@x.org"),
    ]
    assert sorted(found["consents"]) == [("7:subscribed", "granted"), ("7:unsubscribed", "denied")]


def test_an_export_that_a_spreadsheet_has_saved(tmp_path: Path):
    """With semicolons, decimal commas, dates of the country, other columns first, some gone."""
    header = [c for c in orders_header() if not c.startswith(("Tax ", "Shipping ", "Note"))][::-1]
    rows = []
    for i in range(1, 9):
        row = order(f"#{i}", f"{i}1,50", f"{i}1,50", "paid")
        rows.append(row | {"Created at": f"1{i}.05.2026 10:00", "Refunded Amount": "0,00"})
    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / "orders_export.csv").open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    added = add(tmp_path, "shop", tmp_path / "in")
    columns = "order_id, gross_amount, ordered_at"
    assert added.rows(of(added, "_orders"), columns)[0] == (
        "#1", Decimal("11.50"), datetime(2026, 5, 11, 10),
    )  # fmt: skip
    assert sum(amount for _, _, amount in lines(added)) == Decimal("372.00")
    assert added.rows(of(added, "refunds"), "count(*)") == [(0,)]
