"""Phone numbers in SQL against the library phonenumbers, over all its countries."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import duckdb
import phonenumbers
import pyarrow as pa
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat

from tests.identity import calling_codes
from tests.identity.rendered import model_sql

Written = tuple[str, str]
"""A number as written and the country of its record, '' for none."""

TYPES = (0, 1, 3)
SHORTEST, LONGEST = 9, 16
SEED_TYPES = "{'is_main_country': 'boolean', 'is_trunk_ambiguous': 'boolean'}"


EXAMPLES = [
    ("international", "+49 170 1234567", "DE", "+491701234567"),
    ("international with 00", "0049 170/1234567", "DE", "+491701234567"),
    ("national", "0170-1234567", "DE", "+491701234567"),
    ("area code in brackets", "(0170) 1234 567", "DE", "+491701234567"),
    ("trunk prefix noted", "+49 (0)170 1234567", "DE", "+491701234567"),
    ("extension", "0170 1234567 ext. 12", "DE", "+491701234567"),
    ("extension by x", "+1 212 555 0100 x 123", "US", "+12125550100"),
    ("remark behind", "0170 1234567 (mobile)", "DE", "+491701234567"),
    ("label in front", "Tel.: 0170 1234567", "DE", "+491701234567"),
    ("plus was lost", "31612345678", "NL", "+31612345678"),
    ("plus was lost, but 4917 is an area, too", "491701234567", "DE", "+49491701234567"),
    ("zeros before the country", "+0049170 1234567", "DE", "+491701234567"),
    ("zero before the calling code", "+01 212 555 0100", "US", "+12125550100"),
    ("another country than the record", "+31 6 12345678", "DE", "+31612345678"),
    ("no trunk prefix", "600 123 123", "ES", "+34600123123"),
    ("trunk prefix of two digits", "06 20 1234567", "HU", "+36201234567"),
    ("trunk prefix equals country", "1 (212) 555-0100", "US", "+12125550100"),
    ("prefix of abroad", "011 49 170 1234567", "US", "+491701234567"),
    ("00 where abroad is 011", "0049 170 1234567", "US", "+491701234567"),
    ("italian zero stays", "06 1234 5678", "IT", "+390612345678"),
    ("keypad", "1-800-FLOWERS", "US", "+18003569377"),
    ("full-width", "＋４９ １７０ １２３４５６７", "", "+491701234567"),
    ("main country of a shared code", "+44 (0)1481 960194", "DE", "+441481960194"),
    ("international without a country", "00491701234567", "", "+491701234567"),
    ("country unknown", "0170 1234567", "", None),
    ("no such calling code", "+999 170 1234567", "", None),
    ("no digits", "unknown", "DE", None),
]


def in_sql(numbers: Iterable[Written]) -> Mapping[Written, str | None]:
    """What models/identity/phone_numbers.sql makes of the numbers."""
    phones = sorted(set(numbers))
    relations = {
        "identity_observations": "observed",
        "identity_namespaces": "(select 'phone' as namespace, 'phone' as kind)",
        "calling_codes": "codes",
    }
    with duckdb.connect() as con:
        con.execute(
            "create table codes as from read_csv(?, header = true, quote = '\"', escape = '\"', "
            f"all_varchar = false, auto_type_candidates = ['varchar'], types = {SEED_TYPES})",
            [str(calling_codes.SEED)],
        )
        table = pa.table(
            {
                "namespace": ["phone"] * len(phones),
                "identity_value": [p for p, _ in phones],
                "country_code": [c for _, c in phones],
            }
        )
        con.register("observed", table)
        rows = con.execute(model_sql("phone_numbers", relations)).fetchall()
        return {(p, c): e164 for p, c, e164 in rows}


def by_the_library(number: Written) -> tuple[str | None, bool]:
    """E.164 of the library, and whether it takes the number for a valid one."""
    try:
        parsed = phonenumbers.parse(number[0], number[1] or None)
    except NumberParseException:
        return None, False
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    # What is shorter is an extension or a service number, and names nobody.
    is_long_enough = SHORTEST <= len(e164) <= LONGEST
    return e164 if is_long_enough else None, phonenumbers.is_valid_number(parsed)


def example_numbers() -> Iterable[tuple[str, phonenumbers.PhoneNumber]]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        found = [phonenumbers.example_number_for_type(region, kind) for kind in TYPES]
        yield from ((region, number) for number in found if number)


def spellings(region: str, number: phonenumbers.PhoneNumber) -> Iterable[Written]:
    """A number as people write it, at home, abroad and in a record that names no country."""
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    at_home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    for written in (e164, abroad, abroad.replace(" ", "."), f"Tel: {abroad}", f"{e164};ext=44"):
        yield from ((written, country) for country in (region, "", "DE", "US"))
    for extension in (" ext. 12", " x123", ",55", " anexo 7", "#4", " Extension: 9", ";3"):
        yield from ((number + extension, region) for number in (abroad, at_home))
    bare = at_home.replace(" ", "").replace("-", "")
    yield from (
        (written, region) for written in (at_home, bare, at_home.replace(" ", "/"), e164[1:])
    )
    yield (str(number.national_number), region)
    yield from ((prefix + e164[1:], home) for prefix, home in (("00", "DE"), ("011 ", "US")))
    yield from ((f"0011 {e164[1:]}", "AU"), (f"810{e164[1:]}", "RU"), (e164.replace("+", "＋"), ""))


def random_numbers(seed: int) -> Iterable[Written]:
    """Digits of any length behind nothing, the trunk prefix, the calling code or both."""
    dice = random.Random(seed)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        code = str(phonenumbers.country_code_for_region(region))
        trunk = phonenumbers.ndd_prefix_for_region(region, True) or ""
        for _ in range(25):
            digits = "".join(dice.choice("0123456789") for _ in range(dice.randint(6, 13)))
            yield from ((start + digits, region) for start in ("", trunk, code, code + trunk))
            yield (f"+{code}{trunk}{digits}", dice.choice(["", region, "DE"]))


def is_documented_leniency(number: Written) -> bool:
    """`00` is international everywhere; the library asks for what the country dials."""
    return number[0].startswith("00") and not number[0].startswith("000")


def test_examples_of_every_country_come_out_as_in_the_library() -> None:
    written = {s for region, number in example_numbers() for s in spellings(region, number)}
    assert len(written) > 15_000
    ours = in_sql(written)
    wrong = []
    for number in written:
        expected, is_valid = by_the_library(number)
        if ours[number] != expected and (is_valid or not is_documented_leniency(number)):
            wrong.append((*number, ours[number], expected))
    assert wrong == []


@pytest.mark.parametrize("seed", [1, 2])
def test_random_digits_come_out_as_in_the_library(seed: int) -> None:
    written = set(random_numbers(seed))
    ours = in_sql(written)
    wrong = []
    for number in written:
        expected, is_valid = by_the_library(number)
        if ours[number] != expected and (is_valid or not is_documented_leniency(number)):
            wrong.append((*number, ours[number], expected))
    assert wrong == []


def test_examples_come_out_as_promised() -> None:
    ours = in_sql((phone, country) for _, phone, country, _ in EXAMPLES)
    wrong = [(*e, ours[e[1], e[2]]) for e in EXAMPLES if ours[e[1], e[2]] != e[3]]
    assert wrong == []


def test_a_stranger_prefix_is_not_taken_for_a_number() -> None:
    """The comparison would notice: a trunk prefix that stays on is another number."""
    ours = in_sql([("0170 1234567", "DE"), ("170 1234567", "DE"), ("0170 1234567", "")])
    assert ours["0170 1234567", "DE"] == ours["170 1234567", "DE"] == "+491701234567"
    assert ours["0170 1234567", ""] is None


def test_the_seed_is_what_the_installed_library_says() -> None:
    assert calling_codes.SEED.read_text() == calling_codes.text(), (
        "The metadata has changed: run `python -m tests.identity.calling_codes`."
    )
