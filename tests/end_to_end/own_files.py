"""The files of the example of one's own data, read without anything of the chain."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

SHOP, LOYALTY = "composite_shop", "composite_loyalty"
FILES = {
    SHOP: ("shop_customers.csv", "shop_orders.csv"),
    LOYALTY: ("loyalty_members.csv", "store_receipts.csv"),
}
STAGED_ORDERS = {
    SHOP: ("stg_composite_shop__orders", "stg_composite_shop__order_lines"),
    LOYALTY: ("stg_composite_loyalty__receipts", "stg_composite_loyalty__receipt_lines"),
}


@dataclass(frozen=True)
class Purchase:
    """An order or receipt as the files have it."""

    system: str
    order_id: str
    customer: str
    on: date
    amount: Decimal


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))
