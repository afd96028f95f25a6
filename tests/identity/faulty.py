"""People whose second record has one fault, and people at companies; the truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

SYLLABLES = {
    "en": "ash ber cal den el for gra hol ken lin mar nor pen quin ros stan tho vel wick",
    "es": "al bra car do es fe gui her la lo ma na os pa que ro san to va ze",
    "pl": "bog cze dra gra jan kow les mro now pio rad sta szy tom wal woj zby zal",
}
ROLES = (
    "Child",
    "Resident",
    "Hija",
    "Kind",
    "Enfant",
    "Wife of the owner",
    "Baby Girl",
    "Niño bebé",
)
TITLES = ("Dr.", "Capt.", "Frau", "Sra.", "Prof. Dr.", "Lt.", "Mme", "Rev.")


def people(seed: int, language: str, per_kind: int) -> list[dict[str, Any]]:
    """Two records per person, of two systems; the second has moved in half the cases.

    Parameters:
        seed: of the random numbers.
        language: a key of `SYLLABLES`.
        per_kind: people per kind of fault.

    Returns:
        Rows with record_key, person, kind and columns of a customer record.
    """
    dice = random.Random(seed)
    parts = SYLLABLES[language].split()

    def word(least: int, most: int) -> str:
        return "".join(dice.choice(parts) for _ in range(dice.randint(least, most))).capitalize()

    given = sorted({word(2, 3) for _ in range(600)})
    towns = sorted({word(3, 4) for _ in range(60)})
    rows = []
    for kind, fault in FAULTS.items():
        for number in range(per_kind):
            person = f"{kind}{number}"
            first: dict[str, Any] = {
                "person": person,
                "kind": kind,
                "given_name": dice.choice(given),
                "family_name": word(2, 3),
                "born": f"{dice.randint(1940, 2004)}"
                f"{dice.randint(1, 12):02}{dice.randint(1, 28):02}",
                "postal_code": f"{dice.randint(0, 1500):05}",
                "city": dice.choice(towns),
            }
            second = dict(first)
            if dice.random() < 0.5:
                second["postal_code"] = f"{dice.randint(0, 1500):05}"
            if dice.random() < 0.3:
                second["city"] = None
            fault(second, dice)
            for system, row in (("a", first), ("b", second)):
                row["source_system"] = "one"
                row["record_key"] = f"one:{system}{person}"
                rows.append(_dated(row))
    return rows


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    born = row.pop("born")
    is_day = 1 <= int(born[4:6]) <= 12 and 1 <= int(born[6:]) <= 28
    row["birth_date"] = f"{born[:4]}-{born[4:6]}-{born[6:]}" if is_day else None
    row["birth_date_as_written"] = None if is_day else born
    return row


def _changed(text: str, place: int, letter: str) -> str:
    return text[:place] + letter + text[place + 1 :]


def _letter(row: dict[str, Any], dice: random.Random) -> None:
    name = row["family_name"]
    row["family_name"] = _changed(name, dice.randrange(1, len(name)), dice.choice("aeionrst"))


def _impossible(row: dict[str, Any], dice: random.Random) -> None:
    row["born"] = _changed(row["born"], *dice.choice([(4, "7"), (6, "8")]))


def _digit_in_name(row: dict[str, Any], dice: random.Random) -> None:
    name = row["given_name"]
    row["given_name"] = _changed(name, dice.randrange(1, len(name)), dice.choice("01358"))


FAULTS: dict[str, Callable[[dict[str, Any], random.Random], None]] = {
    "same": lambda row, dice: None,
    "letter": _letter,
    "valid digit": lambda row, dice: row.update(born=row["born"][:7] + dice.choice("12345678")),
    "impossible date": _impossible,
    "digit in name": _digit_in_name,
    "role": lambda row, dice: row.update(given_name=dice.choice(ROLES)),
    "title": lambda row, dice: row.update(given_name=dice.choice(TITLES)),
    "title before": lambda row, dice: row.update(
        given_name=f"{dice.choice(TITLES)} {row['given_name']}"
    ),
    "suffix": lambda row, dice: row.update(
        family_name=row["family_name"] + dice.choice([" Jr.", " III", ", Sr."])
    ),
    "one word": lambda row, dice: row.update(
        given_name=dice.choice([row["given_name"], row["family_name"]]), family_name=None
    ),
}


def employees(seed: int, per_kind: int) -> list[dict[str, Any]]:
    """People at companies whose mailboxes are made of their names.

    Kinds: `plain`, two records that share mailbox or telephone; `namesake`, two people of one name
    at two companies, two records each; `mail, then phone`, one person whose records share name and
    company alone.

    Parameters:
        seed: of the random numbers.
        per_kind: pairs of namesakes; three times as many people of the last kind, and nine times as
            many plain ones.
    """
    dice = random.Random(seed)
    parts = SYLLABLES["en"].split()

    def word() -> str:
        return "".join(dice.choice(parts) for _ in range(dice.randint(2, 3)))

    given = sorted({word() for _ in range(150)})
    rows: list[dict[str, Any]] = []

    def add(person: str, kind: str, names: Sequence[str], company: str, phones: str) -> None:
        """Two records; `phones` says of each whether it has mailbox (m) and telephone (p)."""
        mailbox = dice.choice([f"{names[0]}.{names[1]}", f"{names[0][0]}{names[1]}"])
        phone = f"+1212{dice.randint(2000000, 9999999)}"
        for has in phones.split():
            rows.append(
                {
                    "record_key": f"one:{len(rows)}", "source_system": "one", "person": person,
                    "kind": kind, "given_name": names[0].title(), "family_name": names[1].title(),
                    "birth_date": None,
                    "email": f"{mailbox}@{company}.example" if "m" in has else None,
                    "phone": phone if "p" in has else None,
                    "organisation_name": f"{company.title()} Ltd",
                }
            )  # fmt: skip

    def name() -> tuple[str, str]:
        return dice.choice(given), word()

    for number in range(9 * per_kind):
        add(f"p{number}", "plain", name(), word() + word(), dice.choice(["mp m", "mp p", "m mp"]))
    for number in range(3 * per_kind):
        add(f"m{number}", "mail, then phone", name(), word() + word(), "m p")
    for number in range(per_kind):
        shared = name()
        for side in "ab":
            add(f"n{number}{side}", "namesake", shared, word() + word(), "mp p")
    return rows
