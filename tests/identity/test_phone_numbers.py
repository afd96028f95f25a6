"""Phone numbers in SQL against the library phonenumbers, over all its countries."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import duckdb
import phonenumbers
import pyarrow as pa
import pytest
from phonenumbers import NumberParseException, PhoneNumberFormat

from orchestration.settings import DBT_PROJECT_DIR
from orchestration.sources.rendering import render
from tests.identity import calling_codes

Written = tuple[str, str]
"""A number as written and the country of its record, '' for none."""

TYPES = (0, 1, 3)
SEED_TYPES = "{'is_main_country': 'boolean', 'is_trunk_ambiguous': 'boolean'}"


def in_sql(numbers: Iterable[Written]) -> Mapping[Written, str | None]:
    """What macros/normalise/phone.sql makes of the numbers."""
    phones = sorted(set(numbers))
    sql = render(DBT_PROJECT_DIR, "select * from {{ international_phones('phones', 'codes') }}", {})
    with duckdb.connect() as con:
        con.execute(
            "create table codes as from read_csv(?, header = true, quote = '\"', escape = '\"', "
            f"all_varchar = false, auto_type_candidates = ['varchar'], types = {SEED_TYPES})",
            [str(calling_codes.SEED)],
        )
        table = pa.table({"phone": [p for p, _ in phones], "country_code": [c for _, c in phones]})
        con.register("phones", table)
        return {(p, c): e164 for p, c, e164 in con.execute(sql).fetchall()}


def by_the_library(number: Written) -> tuple[str | None, bool]:
    """E.164 of the library, and whether it takes the number for a valid one."""
    try:
        parsed = phonenumbers.parse(number[0], number[1] or None)
    except NumberParseException:
        return None, False
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return e164, phonenumbers.is_valid_number(parsed)


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


def test_a_stranger_prefix_is_not_taken_for_a_number() -> None:
    """The comparison would notice: a trunk prefix that stays on is another number."""
    ours = in_sql([("0170 1234567", "DE"), ("170 1234567", "DE"), ("0170 1234567", "")])
    assert ours["0170 1234567", "DE"] == ours["170 1234567", "DE"] == "+491701234567"
    assert ours["0170 1234567", ""] is None


def test_the_seed_is_what_the_installed_library_says() -> None:
    assert calling_codes.SEED.read_text() == calling_codes.text(), (
        "The metadata has changed: run `python -m tests.identity.calling_codes`."
    )
