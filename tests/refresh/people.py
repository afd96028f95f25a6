"""The company's deliveries with people in them: values that they share, get and lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.refresh.deliveries import FIRST_DAY, KEYS, Company, path
from tests.refresh.source_rows import Row

LOGINS = 40
ADDRESSES = 50
LETTERS = "abcdefghijklmnopqrstuvwxyz"
OFFICE = "office@x.org"
"""An address that people of different names show, in the end more than a mailbox has records."""
TOUCHES: Mapping[str, Sequence[Row]] = {
    "customers": [{"street": "Way 3"}, {"created_at": "2025-12-01"}],
    "orders": [{"status": "cancelled"}, {"status": "completed"}],
    "products": [{"category": "Art"}],
}


class Crowd(Company):
    """A company whose records show so many values that they are many people."""

    def go_on(self) -> None:
        """The next delivery.

        Some more people show the office's address, and some rows change in one column only, that
        says nothing about who somebody is.
        """
        super().go_on()
        if self.dice.random() < 0.6:
            self.loyalty(120)
        rows = self.rows("contacts", 6)
        rows = [{**row, **self._in_office()} for row in rows]
        self.write("contacts", f"o{self.dice.randrange(1000)}", rows)
        self.lead_to_orders()
        for table, name in list(self.files):
            changes = ({}, {}, {}, *TOUCHES.get(table, ()))
            touched = [{**row, **self.dice.choice(changes)} for row in self.files[table, name]]
            if touched != self.files[table, name]:
                self.write(table, name, touched)

    def lead_to_orders(self) -> None:
        """Some customers sign in by way of a campaign and order an hour later."""
        with_login = [
            row
            for (table, _), rows in sorted(self.files.items())
            for row in rows
            if table == "customers" and row["login"] and row["customer_id"]
        ]
        name, day = f"t{self.dice.randrange(1000)}", f"{self.news_from:%Y-%m-%d}"
        events, orders, lines = [], [], []
        for number, customer in enumerate(self.dice.sample(with_login, 6)):
            order = {"order_id": f"{name}o{number}", "currency": "EUR"}
            events += [
                {"event_id": f"{name}e{number}", "occurred_at": f"{day} 10:00:00"}
                | {"cookie_id": f"v{number}", "login": customer["login"], "event_type": "page_view"}
                | {"url": "https://x.org/?utm_source=ad&utm_medium=cpc"}
            ]
            orders += [
                {**order, "customer_id": customer["customer_id"], "ordered_at": f"{day} 11:00:00"}
                | {"status": "completed", "total_amount": "10.00"}
            ]
            lines += [
                {**order, "line_number": 1, "quantity": 1, "line_amount": "10.00"}
                | {"is_return": "false", "booked_at": f"{day} 11:00:00"}
            ]
        for table, rows in (("events", events), ("orders", orders), ("order_lines", lines)):
            self.write(table, name, rows)

    def deny(self) -> None:
        """Deliver a file of denials that no other file states."""
        said = {"purpose": "commercial", "channel": "email", "status": "denied"}
        at = {"recorded_at": f"{FIRST_DAY}"}
        self.write(
            "consents",
            "denials",
            [{"consent_id": f"w{n}", "contact_id": f"k{n}", **said, **at} for n in range(5)],
        )
        # It stays as it is until it is withdrawn.
        del self.files["consents", "denials"]

    def withdraw_denials(self) -> None:
        """Take the file away again."""
        path(self.landing, "consents", "denials").unlink()

    def _made(self, table: str) -> list[Row]:
        return [{**row, **self._shown(table)} for row in super()._made(table)]

    def _shown(self, table: str) -> Row:
        address, login = f"a{self.dice.randrange(ADDRESSES)}@x.org", self._login()
        # Mostly of days that the clock has passed.
        day = f"{FIRST_DAY + timedelta(days=self.dice.randrange(4)):%Y-%m-%d}"
        instant = self.one(day, day, self.instant())
        # Some wait for the clock while their order does not.
        later = self.news_from + timedelta(days=self.dice.randrange(8, 16))
        office = self._in_office() if self.dice.random() < 0.1 else {}
        shown: dict[str, Row] = {
            "customers": {
                "login": login,
                "email": address,
                "loyalty_number": self.one(None, None, f"m{self.dice.randrange(KEYS)}"),
                "last_name": self.one("Lee", "Kim", "Fox"),
                "street": self.one("Lane 1", "Road 2", None),
                "country_code": self.one("DE", None),
                **office,
            },
            "contacts": {"email": address, **office},
            # As it is typed, which is not always as it was given.
            "events": {"login": self.one(None, None, login and f"{login.title()} ")},
            "orders": {
                "status": self.one("completed", "completed", "cancelled"),
                "total_amount": "10.00",
                "ordered_at": instant,
            },
            "order_lines": {
                "line_number": self.dice.randrange(3),
                "booked_at": self.one(day, day, f"{later:%Y-%m-%d}", self.instant()),
            },
            "products": {
                "category": self.one("Tea", "Art"),
                "unit_cost": self.one("1.50", None),
                "currency": "EUR",
            },
        }
        if table == "consents" and self.dice.random() < 0.2:
            # Of nobody who is a contact, or does anything.
            return {"contact_id": f"u{self.dice.randrange(KEYS)}"}
        return shown.get(table, {})

    def _login(self) -> Any:
        return self.one(None, f"login{self.dice.randrange(LOGINS)}")

    def _in_office(self) -> Row:
        # No two names that could be one person's, so that the address links nobody.
        return {"email": OFFICE, "first_name": "".join(self.dice.sample(LETTERS, 5)).title()}
