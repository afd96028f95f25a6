"""Small registers of our own making, which differ in what is filled, wrong and shared."""

from __future__ import annotations

import random
from typing import Any

SYLLABLES = [
    "ka", "lo", "mi", "ra", "to", "ne", "su", "bel", "dor", "fin", "gus", "hel", "jan", "mar",
    "tin", "per", "wol", "sch", "ber", "ster", "ow", "ski", "ley", "son",
]  # fmt: skip
FILLED = {
    # How often a register knows of it at all.
    "birth_date": 0.85, "email": 0.6, "phone": 0.6, "street": 0.7, "postal_code": 0.8,
    "gender": 0.4, "national_id": 0.25,
}  # fmt: skip
Row = dict[str, Any]


def register(seed: int) -> list[Row]:
    """Between 100 and 500 records of people, some of them members of one household.

    Members share the address, some also mailbox and telephone; some are twins, or father and son of
    one name. Strangers are namesakes where names are few. Records lack values, have typing errors
    in names, dates and numbers, and some people have moved.

    Parameters:
        seed: of the random numbers, which choose the kind of the register, too.
    """
    return _Maker(random.Random(seed)).records()


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.size = dice.choice([100, 150, 200, 300, 400, 500])
        self.given = self._words(dice.choice([30, 60, 150, 400]), 2)
        self.family = self._words(dice.choice([40, 100, 300]), dice.choice([2, 3]))
        self.towns = self._words(dice.choice([3, 20]), 3)
        self.fill = {
            name: dice.choice([0.5, 0.8, 0.95])
            for name, share in FILLED.items()
            if dice.random() < share
        }
        if not self.fill.keys() & {"birth_date", "email", "phone", "national_id"}:
            self.fill["birth_date"] = 0.95
        self.wrong = dice.choice([0.03, 0.1, 0.2])
        self.moved = dice.choice([0.1, 0.3])
        self.duplicated = dice.choice([0.15, 0.3, 0.6])
        self.at_home = dice.choice([0.0, 0.2, 0.6])
        self.alike = dice.choice([0.0, 0.05, 0.1])
        self.registers = dice.choice(["a", "abb"])
        self.mailboxes: set[str] = set()
        self.rows: list[Row] = []

    def records(self) -> list[Row]:
        people: list[Row] = []
        while len(people) < int(self.size / (1 + self.duplicated)):
            at_home = people and self.dice.random() < self.at_home
            people.append(self._member(self.dice.choice(people[-3:])) if at_home else self._one())
        for number, person in enumerate(people):
            self._record(number, person, is_first=True)
        while len(self.rows) < self.size:
            number = self.dice.randrange(len(people))
            self._record(number, people[number], is_first=False)
        columns = sorted({name for row in self.rows for name in row} | {"birth_date"})
        return [{name: row.get(name) for name in columns} for row in self.rows]

    def _words(self, count: int, syllables: int) -> list[str]:
        found: set[str] = set()
        while len(found) < count:
            found.add("".join(self.dice.choices(SYLLABLES, k=syllables)))
        return sorted(found)

    def _frequent(self, words: list[str]) -> str:
        """One of the words, the first ones more often."""
        return self.dice.choices(words, [1 / (place + 3) for place in range(len(words))])[0]

    def _one(self) -> Row:
        dice = self.dice
        given, family = self._frequent(self.given), self._frequent(self.family)
        born = f"{dice.randint(1930, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
        return {
            "given_name": given, "family_name": family, "birth_date": born,
            "gender": dice.choice("mf"), "email": self._mailbox(given, family, born),
            "phone": f"+1212{dice.randint(2000000, 9999999)}",
            "street": f"{dice.randint(1, 200)} {dice.choice(self.family)} street",
            "postal_code": f"{dice.randint(0, 20 * len(self.towns)):05}",
            "city": dice.choice(self.towns), "national_id": str(dice.randint(10**8, 10**9 - 1)),
        }  # fmt: skip

    def _mailbox(self, given: str, family: str, born: str) -> str:
        dice = self.dice
        nickname = f"{dice.choice(SYLLABLES)}{dice.choice(SYLLABLES)}{dice.randint(1, 999)}"
        name = dice.choice([f"{given}.{family}", given[0] + family, family + born[:4], nickname])
        address = f"{name}@{dice.choice('abc')}.example"
        while address in self.mailboxes:
            address = f"{dice.randint(1, 99)}{address}"
        self.mailboxes.add(address)
        return address

    def _member(self, other: Row) -> Row:
        """Somebody who lives with another person."""
        dice = self.dice
        member = self._one() | {
            name: other[name] for name in ("family_name", "street", "postal_code", "city")
        }
        member |= {n: other[n] for n, share in (("phone", 0.5), ("email", 0.3))
                   if dice.random() < share}  # fmt: skip
        chance = dice.random()
        if chance < self.alike and member["given_name"] != other["given_name"]:
            member["birth_date"] = other["birth_date"]
        elif chance < 2 * self.alike or member["given_name"] == other["given_name"]:
            years = dice.randint(20, 35)
            born = f"{int(other['birth_date'][:4]) - years}{member['birth_date'][4:]}"
            member |= {"given_name": other["given_name"], "gender": other["gender"],
                       "birth_date": born}  # fmt: skip
        return member

    def _record(self, number: int, person: Row, is_first: bool) -> None:
        dice = self.dice
        names = {"given_name", "family_name", "city", *self.fill}
        row = {name: value for name, value in person.items() if name in names}
        for name in row:
            if name in self.fill and dice.random() > self.fill[name]:
                row[name] = None
            elif dice.random() < self.wrong:
                row[name] = self._mistaken(name, row[name])
        if not is_first and dice.random() < self.moved:
            elsewhere = self._one()
            row |= {n: elsewhere[n] for n in ("street", "postal_code", "city") if row.get(n)}
            row |= {n: elsewhere[n] for n in ("phone", "email")
                    if row.get(n) and dice.random() < 0.5}  # fmt: skip
        system = "a" if is_first else dice.choice(self.registers)
        key = f"{system}:{len(self.rows)}"
        self.rows.append(row | {"person": str(number), "source_system": system, "record_key": key})

    def _mistaken(self, name: str, value: str) -> str | None:
        chance = self.dice.random()
        if name == "birth_date":
            return self._wrong_date(value, chance)
        if name == "national_id" or (name.endswith("_name") and chance < 0.8):
            return self._mistyped(value)
        if name == "given_name":
            return None if chance < 0.86 else value[0]
        return self.dice.choice(self.family) if name == "family_name" else value

    def _wrong_date(self, value: str, chance: float) -> str:
        dice = self.dice
        year, month, day = value.split("-")
        if chance < 0.4:
            return f"{year}-{month}-{dice.randint(1, 28):02}"
        if chance < 0.6:
            return f"{year}-{day}-{month}" if int(day) <= 12 else value
        if chance < 0.8:
            return f"{int(year) + dice.choice([-1, 1, 10, -10])}-{month}-{day}"
        return f"{dice.randint(1930, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"

    def _mistyped(self, text: str) -> str:
        place, chance = self.dice.randrange(len(text)), self.dice.random()
        if chance < 0.4:
            return text[:place] + self.dice.choice("aeiorstn") + text[place + 1 :]
        if chance < 0.7 and len(text) > 2:
            return text[:place] + text[place + 1 :]
        return text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :]
