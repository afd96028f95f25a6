"""What a user may choose about the demo company, and the values the SQL is bound to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.demo import knobs
from orchestration.errors import UserError

PACKAGE_DIR = Path(__file__).resolve().parent
SQL_DIR = PACKAGE_DIR / "sql"
LISTS_DIR = PACKAGE_DIR / "lists"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class DemoParameters:
    """The demo company's size and period. Equal parameters give equal files, byte for byte.

    Attributes:
        customers: people, each known to at least one system.
        seed: chooses the company; any whole number.
        months: length of the period.
        end_on: first day after the period (UTC); nothing but deliberate nonsense is dated later.
    """

    customers: int = 10_000
    seed: int = 360
    months: int = 24
    end_on: date = date(2026, 11, 1)

    def __post_init__(self) -> None:
        """Refuse what cannot be generated.

        Raises:
            UserError: customers, seed or months out of range.
        """
        if not 1 <= self.customers <= knobs.CUSTOMERS_MAX:
            raise UserError(
                f"The demo company cannot have {self.customers} customers. "
                f"Choose a number from 1 to {knobs.CUSTOMERS_MAX}.",
                exit_code=2,
            )
        if not 1 <= self.months <= 240:
            raise UserError(
                f"The demo company cannot cover {self.months} months. Choose from 1 to 240.",
                exit_code=2,
            )
        if not -(2**63) <= self.seed < 2**63:
            raise UserError(
                f"The seed {self.seed} is not a 64-bit number. Choose a smaller one.", exit_code=2
            )

    @property
    def start_on(self) -> date:
        """First day of the period: the same day of the month, `months` earlier."""
        month_index = self.end_on.year * 12 + self.end_on.month - 1 - self.months
        # Every month has 28 days.
        return date(month_index // 12, month_index % 12 + 1, min(self.end_on.day, 28))

    def as_json(self) -> dict[str, Any]:
        """The parameters as JSON values."""
        return {**asdict(self), "end_on": self.end_on.isoformat()}

    def bindings(self) -> dict[str, Any]:
        """Every value the SQL may ask for by name, apart from a chunk's bounds."""
        return {
            **asdict(knobs.PURCHASE_PROCESS),
            **asdict(knobs.COMPANY),
            **asdict(knobs.MESS),
            "seed": self.seed,
            "months": self.months,
            "start_second": _epoch_second(self.start_on),
            "end_second": _epoch_second(self.end_on),
            "first_order_delay": knobs.FIRST_ORDER_DELAY_DAYS * DAY_SECONDS,
            "family_block": knobs.FAMILY_BLOCK,
            # Two record numbers a person at most; seven digits while they suffice.
            "number_digits": 7 if 2 * self.customers + 1 < 10**7 else 8,
            **{f"{path.stem}_file": str(path) for path in LISTS_DIR.glob("*.csv")},
        }


def generator_version() -> str:
    """Fingerprint of all that shapes the files: SQL, word lists, knobs and the engine.

    The engine counts because the random numbers come from its hash function.
    """
    digest = hashlib.sha256(duckdb.__version__.encode())
    for path in sorted([*SQL_DIR.glob("*.sql"), *LISTS_DIR.glob("*.csv")]):
        digest.update(path.read_bytes())
    all_knobs = [asdict(knobs.PURCHASE_PROCESS), asdict(knobs.COMPANY), asdict(knobs.MESS)]
    digest.update(json.dumps(all_knobs, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _epoch_second(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
