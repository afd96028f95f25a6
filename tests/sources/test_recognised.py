"""Exports known by their header: files with the documented header of each product, read right."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import UserError
from tests.sources.written import objects, of, table

CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
    "Default Address Address1,Default Address Address2,Default Address City,Default Address "
    "Province Code,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,"
    "Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 "
    "Value,Variant SKU,Variant Grams,Variant Price,Image Src,Cost per item,Status"
)
STRIPE_CUSTOMERS = (
    "id,Description,Email,Name,Created (UTC),Delinquent,Plan,Status,Total Spend,Payment Count,"
    "Refunded Volume,Dispute Losses"
)
PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Fee,Status,"
    "Description,Customer ID,Customer Description,Customer Email,order_id (metadata)"
)
WOO = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,tax_total,cart_discount,"
    "discount_total,order_total,order_subtotal,order_currency,customer_id,customer_user,"
    "customer_email,billing_first_name,billing_last_name,billing_postcode,billing_country,"
    "line_item_1"
)
MAGENTO = (
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total "
    "(Purchased),Status,Billing Address,Shipping Address,Shipping Information,Customer Email,"
    "Customer Group,Subtotal,Shipping and Handling,Customer Name,Payment Method,Total Refunded"
)
KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,"
    "State / Region,Country,Zip Code,Source,Email Marketing Consent,Email Marketing Consent "
    "Timestamp,First Active,Last Active,Profile Created On,Date Added,Email Suppressions"
)
SALESFORCE = (
    "Id,IsDeleted,AccountId,LastName,FirstName,MailingStreet,MailingCity,MailingState,"
    "MailingPostalCode,MailingCountry,Phone,MobilePhone,Email,HasOptedOutOfEmail,DoNotCall,"
    "CreatedDate,LastModifiedDate,SystemModstamp"
)
SQUARE = (
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,"
    "Partial Refunds,Total Collected,Source,Card,Fees,Net Total,Transaction ID,Payment ID,Event "
    "Type,Location,Customer ID,Customer Name"
)


def test_shopify_customers(tmp_path: Path):
    ann = {
        "Customer ID": "'7210448301122", "Email": "ann@x.org", "Accepts Email Marketing": "yes",
        "Accepts SMS Marketing": "no", "Default Address Zip": "'01234", "Total Spent": "99.00",
        "Default Address Country Code": "DE", "Default Address Phone": "+49 30 1", "Phone": "",
    }  # fmt: skip
    bob = ann | {"Customer ID": "'7210448301123", "Email": "", "Accepts Email Marketing": "no"}
    with pytest.raises(UserError, match="Accepts Email Marketing"):
        table(tmp_path, "customers_export", CUSTOMERS, ann, bob)
    added = table(tmp_path, "customers_2026-05-01", CUSTOMERS, ann, bob)
    known = added.rows(of(added, "customer_records"), "source_record_id, postal_code, phone")
    assert known[0] == ("7210448301122", "01234", "+49 30 1") and len(known) == 2
    said = "source_record_id, status, recorded_at"
    day = datetime(2026, 5, 1)
    assert added.rows(of(added, "email_consents"), said) == [
        ("7210448301122", "granted", day), ("7210448301123", "denied", day),
    ]  # fmt: skip
    assert added.rows(of(added, "sms_consents"), "distinct status") == [("denied",)]


def test_shopify_products(tmp_path: Path):
    shirt = {"Handle": "shirt", "Title": "Shirt", "Vendor": "Acme", "Type": "Tops",
             "Option1 Value": "S", "Variant SKU": "SH-S", "Variant Price": "19.90",
             "Cost per item": "7.5"}  # fmt: skip
    large = {"Handle": "shirt", "Option1 Value": "L", "Variant Price": "21.00"}
    picture = {"Handle": "shirt", "Image Src": "https://x.org/2.png"}
    rows = (shirt, large, picture)
    with pytest.raises(UserError, match="--currency"):
        table(tmp_path, "products_export", PRODUCTS, *rows)
    added = table(tmp_path, "products_export", PRODUCTS, *rows, currency="GBP")
    columns = "product_id, product_name, brand, unit_price_amount, unit_cost_amount, currency"
    assert added.rows("products_export", columns) == [
        ("SH-S", "Shirt", "Acme", Decimal("19.90"), Decimal("7.50"), "GBP"),
        ("Shirt - L", "Shirt", "Acme", Decimal("21.00"), None, "GBP"),
    ]


def test_stripe_customers_and_refunds(tmp_path: Path):
    added = objects(
        tmp_path, "customers",
        {"id": "cus_1", "object": "customer", "address": {"city": "Bonn", "country": "DE"},
         "created": 1767225600, "delinquent": False, "email": "ann@x.org", "invoice_settings": {},
         "name": "Ann Lee", "phone": None},
    )  # fmt: skip
    columns = "source_record_id, family_name, city, country_code, created_at"
    assert added.rows("customers", columns) == [
        ("cus_1", "Lee", "Bonn", "DE", datetime(2026, 1, 1))
    ]
    for root in (tmp_path / "csv", tmp_path / "refunds"):
        root.mkdir()
    row = {"id": "cus_1", "Email": "ann@x.org", "Name": "Ann Lee", "Total Spend": "12.00",
           "Created (UTC)": "2026-01-01 00:00"}  # fmt: skip
    added = table(tmp_path / "csv", "customers", STRIPE_CUSTOMERS, row)
    assert added.rows("customers", columns) == [("cus_1", "Lee", None, None, datetime(2026, 1, 1))]
    added = objects(
        tmp_path / "refunds", "refunds",
        {"id": "re_1", "object": "refund", "amount": 500, "charge": "ch_1", "created": 1767225600,
         "currency": "eur", "payment_intent": "pi_1", "status": "succeeded"},
    )  # fmt: skip
    assert added.models == [] and "would count twice" in " ".join(added.shown.split())


def test_stripe_payments(tmp_path: Path):
    paid = {"id": "ch_1", "Created date (UTC)": "2026-05-01 10:00:00", "Amount": "1,250.00",
            "Amount Refunded": "50.00", "Currency": "eur", "Status": "Paid", "Customer ID": "cus_1",
            "Customer Email": "ann@x.org", "order_id (metadata)": "#1001"}  # fmt: skip
    failed = paid | {"id": "ch_2", "Status": "Failed", "Amount Refunded": "0.00"}
    added = table(tmp_path, "payments", PAYMENTS, paid, failed)
    assert added.rows(of(added, "_orders"), "order_id, status, gross_amount, paid_order_id") == [
        ("ch_1", "completed", Decimal("1250.00"), "#1001"),
        ("ch_2", "cancelled", Decimal("1250.00"), "#1001"),
    ]
    assert added.rows(of(added, "refunds"), "order_id, line_amount") == [
        ("ch_1", Decimal("-50.00"))
    ]


def test_stripe_payments_of_older_exports_with_few_columns(tmp_path: Path):
    header = "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer Email"
    paid = {"id": "ch_1", "Created (UTC)": "2026-05-01 10:00:00", "Amount": "20.00",
            "Amount Refunded": "5.00", "Currency": "eur", "Status": "Paid"}  # fmt: skip
    added = table(tmp_path, "payments", header, paid | {"Customer Email": "Ann@x.org"}, paid | {
        "id": "ch_2", "Amount Refunded": "0.00"})  # fmt: skip
    orders = added.rows(of(added, "_orders"), "order_id, source_record_id, gross_amount")
    assert orders == [
        ("ch_1", "ann@x.org", Decimal("20.00")),
        ("ch_2", "guest ch_2", Decimal("20.00")),
    ]
    refunds = added.rows(of(added, "refunds"), "order_id, line_amount")
    assert refunds == [("ch_1", Decimal("-5.00"))]


def test_woocommerce_orders(tmp_path: Path):
    row = {"order_id": "71", "order_date": "2026-05-01 10:00:00", "status": "completed",
           "shipping_total": "4.90", "discount_total": "5.00", "order_total": "24.90",
           "order_subtotal": "25.00", "order_currency": "EUR", "customer_user": "12",
           "customer_email": "ann@x.org"}  # fmt: skip
    guest = row | {"order_id": "72", "customer_user": "0", "status": "wc-refunded",
                   "order_date": "05/13/2026 10:00:00", "customer_email": "Bob@x.org"}  # fmt: skip
    unpaid = row | {"order_id": "73", "status": "pending"}
    added = table(
        tmp_path, "orders", WOO, row, guest, unpaid, formats=[("order_date", "Europe/Berlin")]
    )
    columns = "order_id, source_record_id, status, gross_amount, ordered_at"
    assert added.rows(of(added, "_orders"), columns) == [
        ("71", "12", "completed", Decimal("20.00"), datetime(2026, 5, 1, 8)),
        ("72", "bob@x.org", "completed", Decimal("20.00"), datetime(2026, 5, 13, 8)),
        ("73", "12", "cancelled", Decimal("20.00"), datetime(2026, 5, 1, 8)),
    ]
    assert added.rows(of(added, "refunds"), "order_id, line_amount") == [("72", Decimal(-20))]


def test_magento_orders(tmp_path: Path):
    row = {"ID": "000000012", "Purchase Date": "May 1, 2026 10:00:00 AM", "Status": "Complete",
           "Grand Total (Base)": "34.9000", "Grand Total (Purchased)": "34.9000",
           "Customer Email": "Ann@x.org", "Subtotal": "32.0000", "Shipping and Handling": "4.9000",
           "Customer Name": "Ann Lee", "Total Refunded": ""}  # fmt: skip
    closed = row | {"ID": "000000013", "Status": "closed", "Total Refunded": "34.9000"}
    fraud = row | {"ID": "000000014", "Status": "Suspected Fraud"}
    with pytest.raises(UserError, match="--currency"):
        table(tmp_path, "orders", MAGENTO, row, closed)
    added = table(tmp_path, "orders", MAGENTO, row, closed, fraud, currency="EUR")
    columns = "order_id, source_record_id, status, gross_amount, ordered_at"
    at, amount = datetime(2026, 5, 1, 10), Decimal("30.00")
    assert added.rows(of(added, "_orders"), columns) == [
        ("000000012", "ann@x.org", "completed", amount, at),
        ("000000013", "ann@x.org", "completed", amount, at),
        ("000000014", "ann@x.org", "cancelled", amount, at),
    ]
    assert added.rows(of(added, "refunds"), "order_id, line_amount") == [("000000013", -amount)]


def test_klaviyo_profiles(tmp_path: Path):
    row = {"Email": "ann@x.org", "Klaviyo ID": "01H", "Country": "Germany",
           "Phone Number": "+49301",
           "Email Marketing Consent": "SUBSCRIBED", "Profile Created On": "2026-01-01T00:00:00Z",
           "Email Marketing Consent Timestamp": "2026-02-01T00:00:00Z", "Email Suppressions": "[]",
           "Last Active": "2026-04-01T00:00:00Z"}  # fmt: skip
    never = row | {"Klaviyo ID": "02H", "Email Marketing Consent": "NEVER_SUBSCRIBED"}
    gone = row | {"Klaviyo ID": "03H", "Email Marketing Consent": "UNSUBSCRIBED"}
    bounced = row | {"Klaviyo ID": "04H", "Email Suppressions": "['HARD_BOUNCE']"}
    added = table(tmp_path, "profiles", KLAVIYO, row, never, gone, bounced)
    assert added.rows(of(added, "consents"), "source_record_id, status") == [
        ("01H", "granted"), ("03H", "denied"), ("04H", "denied"),
    ]  # fmt: skip
    assert added.rows(of(added, "customer_records"), "distinct country_code") == [("DE",)]


def test_salesforce_contacts(tmp_path: Path):
    row = {"Id": "003A", "IsDeleted": "false", "LastName": "Lee", "FirstName": "Ann", "Phone": "1",
           "Email": "ann@x.org", "HasOptedOutOfEmail": "true", "DoNotCall": "0",
           "CreatedDate": "2026-01-01T00:00:00.000Z", "MailingCountry": "Germany",
           "LastModifiedDate": "2026-02-01T00:00:00.000+0000"}  # fmt: skip
    deleted = row | {"Id": "003B", "IsDeleted": "true"}
    quiet = row | {"Id": "003C", "HasOptedOutOfEmail": "false", "DoNotCall": "1"}
    added = table(tmp_path, "Contact", SALESFORCE, row, deleted, quiet)
    people = added.rows(of(added, "customer_records"), "source_record_id, phone, country_code")
    assert people == [("003A", "1", "DE"), ("003C", "1", "DE")]
    said = "source_record_id, status, recorded_at"
    day = datetime(2026, 2, 1)
    assert added.rows(of(added, "email_consents"), said)[0] == ("003A", "denied", day)
    assert added.rows(of(added, "phone_consents"), said) == [("003C", "denied", day)]


def test_square_transactions(tmp_path: Path):
    row = {"Date": "2026-05-01", "Time": "10:00:00", "Time Zone": "Pacific Time (US & Canada)",
           "Gross Sales": "$1,030.00", "Discounts": "-$30.00", "Net Sales": "$1,000.00",
           "Gift Card Sales": "$0.00", "Tax": "$80.00", "Tip": "$5.00", "Event Type": "Payment",
           "Total Collected": "$1,085.00", "Transaction ID": "T1", "Payment ID": "P1",
           "Customer ID": "C1", "Customer Name": "Ann Lee"}  # fmt: skip
    same = row | {"Date": "05/02/26", "Net Sales": "-$200.00", "Event Type": "Refund",
                  "Payment ID": "P2", "Gross Sales": "-$200.00"}  # fmt: skip
    alone = same | {"Transaction ID": "T2", "Payment ID": "P3", "Customer ID": ""}
    with pytest.raises(UserError, match="--currency"):
        table(tmp_path, "transactions", SQUARE, row, same, alone)
    added = table(tmp_path, "transactions", SQUARE, row, same, alone, currency="USD")
    columns = "order_id, source_record_id, gross_amount, ordered_at"
    assert added.rows(of(added, "_orders"), columns) == [
        ("T1", "C1", Decimal(1000), datetime(2026, 5, 1, 17)),
        ("T2", "guest T2", Decimal(0), datetime(2026, 5, 2, 17)),
    ]
    columns = "order_id, line_number, line_amount, is_return"
    assert added.rows(of(added, "order_lines"), columns) == [
        ("T1", 1, Decimal(1000), False), ("T1", 10001, Decimal(-200), True),
        ("T2", 10001, Decimal(-200), True),
    ]  # fmt: skip
    assert added.rows(of(added, "customer_records"), "source_record_id, family_name") == [
        ("C1", "Lee")
    ]
