"""The company's deliveries with people in them: values that they share, get and lose."""

from __future__ import annotations

from typing import Any

from tests.refresh.deliveries import KEYS, Company, Row

LOGINS = 40
ADDRESSES = 50


class Crowd(Company):
    """A company whose records show so many values that they are many people, of few records each."""

    def _made(self, table: str) -> list[Row]:
        return [{**row, **self._shown(table)} for row in super()._made(table)]

    def _shown(self, table: str) -> Row:
        address, login = self._address(), self._login()
        shown: dict[str, Row] = {
            "customers": {
                "login": login,
                "email": address,
                "loyalty_number": self.one(None, None, f"m{self.dice.randrange(KEYS)}"),
                "last_name": self.one("Lee", "Kim", "Fox"),
                "street": self.one("Lane 1", "Road 2", None),
                "country_code": self.one("DE", None),
            },
            "contacts": {"email": address},
            # As it is typed, which is not always as it was given.
            "events": {"login": self.one(None, None, login and f"{login.title()} ")},
            "products": {
                "category": self.one("Tea", "Art"),
                "unit_cost": self.one("1.50", None),
                "currency": "EUR",
            },
        }
        return shown.get(table, {})

    def _login(self) -> Any:
        return self.one(None, f"login{self.dice.randrange(LOGINS)}")

    def _address(self) -> str:
        return f"a{self.dice.randrange(ADDRESSES)}@x.org"
