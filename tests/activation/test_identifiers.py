"""Identifiers leave in the form in which a platform matches them: vectors and a second reading."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence

import duckdb
import phonenumbers
import pytest

from orchestration.activation.identifiers import Identifier, format_of, formats, identifiers_sql
from orchestration.errors import UserError
from orchestration.settings import DBT_PROJECT_DIR

VALERY = unicodedata.normalize("NFC", "Valéry")
# Platform's format, raw value, country, normalised value; hashes are computed here, and those of
# the platforms' own pages are beside them in HASHES.
VECTORS = [
    ("google.email", "alexz@example.com", None, "alexz@example.com"),
    ("google.email", "Jefferson.Loves.hiking@gmail.com", None, "jeffersonloveshiking@gmail.com"),
    (
        "google.email",
        "Cloudy.SanFrancisco+shopping@googlemail.com",
        None,
        "cloudysanfrancisco@googlemail.com",
    ),
    ("google.email", "user.name+NYC@Example.com", None, "user.name+nyc@example.com"),
    ("google.email", "a+b@corp.com", None, "a+b@corp.com"),
    ("tiktok.email", "a+b@corp.com", None, "a@corp.com"),
    ("meta.email", " A.b+c@Gmail.com ", None, "a.b+c@gmail.com"),
    ("linkedin.email", "so me@example.com", None, "some@example.com"),
    ("google.phone", "+1 800 555 0100", None, "+18005550100"),
    ("google.first_name", "givenname", None, "givenname"),
    ("google.last_name", "familyname", None, "familyname"),
    ("meta.phone", "+1 (650) 555-1212", None, "16505551212"),
    ("google.phone", "+1 (650) 555-1212", None, "+16505551212"),
    ("meta.phone", "+44 20 7946 0958", None, "442079460958"),
    ("meta.phone", "+44 (0)20 7946 0958", None, "442079460958"),
    ("meta.phone", "0044 20 7946 0958", None, "442079460958"),
    ("meta.phone", "0171 2345678", "DE", "491712345678"),
    ("meta.phone", "011 44 20 7946 0958", "us", "442079460958"),
    ("meta.last_name", "O'Brien", None, "obrien"),
    ("meta.first_name", VALERY, None, "valéry"),
    ("meta.first_name", unicodedata.normalize("NFD", VALERY), None, "valéry"),
    ("meta.postal_code", "M1 1AE", "GB", "m11ae"),
    ("meta.postal_code", "94035-1234", "US", "94035"),
    ("google.postal_code", "1229-076", "PT", "1229-076"),
    ("meta.country", "US", None, "us"),
    ("google.country", " us", None, "US"),
    ("meta.gender", "Female", None, "f"),
    ("meta.birth_day", "7", None, "07"),
    ("tiktok.phone@2025-08", "(657)777-0000", "US", "16577770000"),
    ("tiktok.phone@2025-06", "(657)777-0000", "US", "+16577770000"),
    ("tiktok.phone@2025-08", "374-93-828222", "AM", "37493828222"),
    ("x.handle", "adsapi", None, "adsapi"),
    ("x.handle", "@AdsApi", None, "adsapi"),
    ("snap.email", "person@example.com", None, "person@example.com"),
    ("snap.phone", "+44 844 412 4653", None, "448444124653"),
    ("amazon.email", "abc@xyz.com", None, "abc@xyz.com"),
    ("amazon.last_name", "Müller", None, "muller"),
]
HASHES = {
    "alexz@example.com": "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
    "jeffersonloveshiking@gmail.com": (
        "515d2f967f73864e76937ab2b897210a86fd286016903b1b08c3da07c75f513e"
    ),
    "cloudysanfrancisco@googlemail.com": (
        "332ed5427d17deb381928a719533e85046d68d7e45553abb805852b7d631fcb7"
    ),
    "user.name+nyc@example.com": "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac",
    "+18005550100": "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
    "givenname": "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814",
    "familyname": "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574",
    "16505551212": "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    "+16505551212": "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8",
    "442079460958": "35e206e5dec4c89b9e8b71b8c32724a5bb518483ac5a20c6617d738375b3b823",
    "obrien": "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba",
    "valéry": "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
    "m11ae": "1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5",
    "94035": "1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e",
    "us": "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621",
    "16577770000": "8d7bdaaf75196f351d22942fc0dd79304ffabc3eaf3339460ef9da0773e3aec2",
    "+16577770000": "a6e82c2f4091baff57a4f33d01efb65bfbeacbbfbcfaa9d0ff9f57d28d78fedb",
    "37493828222": "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4",
    "adsapi": "49e0be2aeccfb51a8dee4c945c8a70a9ac500cf6f5cb08112575f74db9b1470d",
    "person@example.com": "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345",
    "448444124653": "dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383",
    "abc@xyz.com": "ee278943de84e5d6243578ee1a1057bcce0e50daad9755f45dfa64b60b13bc5d",
}
REFUSED = [
    ("google.email", " @gmail.com", None, "empty_after_normalise"),
    ("google.email", "+news@gmail.com", None, "empty_after_normalise"),
    ("google.email", "a b@example.com", None, "inner_space"),
    ("meta.email", "nobody", None, "not_an_email"),
    ("tiktok.email", "_a@example.com", None, "not_an_email"),
    ("meta.birth_day", "32", None, "not_a_day"),
    ("meta.country", "USA", None, "not_a_country"),
    ("meta.phone", "+0000000000", None, "empty_after_normalise"),
    ("meta.phone", "0171 2345678", None, "no_country"),
    ("meta.phone", "0171 2345678", "XX", "no_country"),
    ("meta.phone", "12", "DE", "not_a_phone"),
    ("meta.phone", "none", "DE", "not_a_phone"),
    ("meta.email", "a" * 64, None, "already_hashed"),
    ("meta.email", "0" * 32, None, "already_hashed"),
    ("meta.gender", "x", None, "unknown_gender"),
    ("meta.email", "   ", None, "missing"),
    ("meta.email", None, None, "missing"),
    ("meta.last_name", "'-.", None, "empty_after_normalise"),
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        path = DBT_PROJECT_DIR / "seeds" / "policy" / "calling_codes.csv"
        connection.execute("create schema policy")
        connection.execute(
            "create table policy.calling_codes as "
            "select * replace (cast(is_trunk_ambiguous as boolean) as is_trunk_ambiguous) "
            f"from read_csv('{path}', header = true, all_varchar = true)"
        )
        yield connection


def leaving(
    con: duckdb.DuckDBPyConnection,
    name: str,
    rows: Sequence[tuple[str | None, str | None]],
    is_hashed: bool = False,
) -> list[tuple[str | None, str | None]]:
    """What leaves of each (value, country), with the reason why not."""
    con.execute("create or replace temp table raw (place int, value varchar, country varchar)")
    con.executemany("insert into raw values (?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
    one = Identifier("out", "value", format_of(name), "country", is_hashed)
    found = con.execute(f"{identifiers_sql('raw', ['place'], [one])} order by place").fetchall()
    assert [row[0] for row in found] == list(range(len(rows)))
    return [(row[1], row[2]) for row in found]


@pytest.mark.parametrize(("name", "raw", "country", "normalised"), VECTORS)
def test_h1_h2_h6_h9_vectors_leave_as_the_platforms_say(
    con: duckdb.DuckDBPyConnection,
    name: str,
    raw: str,
    country: str | None,
    normalised: str,
) -> None:
    [(value, reason)] = leaving(con, name, [(raw, country)])

    assert reason is None
    assert value == output(name, normalised)
    if value != normalised and normalised in HASHES:
        assert value == HASHES[normalised]


@pytest.mark.parametrize(("name", "raw", "country", "reason"), REFUSED)
def test_h3_h4_h7_h8_what_would_match_nobody_is_refused_with_its_reason(
    con: duckdb.DuckDBPyConnection,
    name: str,
    raw: str | None,
    country: str | None,
    reason: str,
) -> None:
    assert leaving(con, name, [(raw, country)]) == [(None, reason)]


def test_base64_is_the_same_hash_in_the_other_encoding(con: duckdb.DuckDBPyConnection) -> None:
    found = leaving(con, "google_base64.email", [("AlexZ@example.com", None)])

    assert found == [("UJ6TMBm7KFoTSpM0uLtnnf950M4CPVKa9L10TUe0/Yo=", None)]


def test_h4_h5_a_hash_that_comes_hashed_leaves_and_plain_text_does_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    hashed = hashlib.sha256(b"a@b.co").hexdigest()
    rows: list[tuple[str | None, str | None]] = [(hashed.upper(), None), ("a@b.co", None)]

    assert leaving(con, "meta.email", rows, is_hashed=True) == [
        (hashed, None),
        (None, "not_hashed"),
    ]


def test_no_format_makes_the_hash_of_an_empty_text(con: duckdb.DuckDBPyConnection) -> None:
    odd = [
        "",
        " ",
        "\u3000",
        "'",
        "@",
        "+",
        "-",
        "(0)",
        "+0",
        "0",
        "00",
        "\u0301",
        ".",
        "@gmail.com",
    ]
    empty = {hashlib.sha256(b"").hexdigest(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    for each in formats().values():
        rows = [(text, country) for text in odd for country in (None, "DE", "US")]
        found = leaving(con, each.name, rows)
        assert not empty & {value for value, _ in found}
        assert all((value is None) != (reason is None) for value, reason in found)


def test_an_unknown_format_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no identifier format 'meta.emial'.*meta.email"):
        format_of("meta.emial")
    assert format_of("tiktok.phone").version == "2025-08"


def test_random_addresses_leave_as_a_second_reading_says(con: duckdb.DuckDBPyConnection) -> None:
    chance = random.Random(25)
    rows = [(random_address(chance), None) for _ in range(500)]
    for platform in ("meta", "google", "tiktok", "linkedin", "snap"):
        found = leaving(con, f"{platform}.email", rows)
        for (raw, _), (value, reason) in zip(rows, found, strict=True):
            expected = address_by_hand(platform, raw)
            assert (value, reason) == (
                (hashlib.sha256(expected.encode()).hexdigest(), None)
                if expected
                else (None, reason)
            ), raw
            assert expected or reason, raw


def test_random_numbers_leave_as_the_library_reads_them(con: duckdb.DuckDBPyConnection) -> None:
    chance = random.Random(26)
    rows: list[tuple[str | None, str | None]] = []
    expected = []
    for region in ("DE", "US", "GB", "FR", "IT", "AM", "CH", "BR", "IN"):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        assert example
        for _ in range(60):
            digits = str(example.national_number)
            tail = "".join(chance.choices("0123456789", k=3))
            number = phonenumbers.PhoneNumber(
                country_code=example.country_code, national_number=int(digits[:-3] + tail)
            )
            if not phonenumbers.is_valid_number_for_region(number, region):
                continue
            style = chance.choice([
                phonenumbers.PhoneNumberFormat.E164,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.NATIONAL,
            ])  # fmt: skip
            rows.append((phonenumbers.format_number(number, style), region))
            expected.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    assert len(rows) > 300
    for (row, value), wanted in zip(
        zip(rows, leaving(con, "plain.phone", rows), strict=True), expected, strict=True
    ):
        assert value == (wanted, None), row


def output(name: str, normalised: str) -> str:
    """What the format makes of a normalised value, by the standard library."""
    digest = hashlib.sha256(normalised.encode())
    return {
        "sha256_hex": digest.hexdigest(),
        "sha256_base64": base64.b64encode(digest.digest()).decode(),
        "plain": normalised,
    }[format_of(name).output]


def random_address(chance: random.Random) -> str:
    """An address as people type it, or nearly one."""
    local = "".join(chance.choices("aB.+_-1é ", weights=[9, 9, 2, 1, 1, 1, 3, 1, 0.3], k=6))
    domain = chance.choice(
        ["gmail.com", "GMail.com", "googlemail.com", "corp.com", "x", "a..b", ""]
    )
    pad = chance.choice(["", " ", "\u00a0", "\t"])
    return pad + local + chance.choice(["@", "@", "@", "@", "@@", ""]) + domain + pad


def address_by_hand(platform: str, raw: str) -> str | None:
    """The normalised address, written down a second time from the platforms' pages."""
    text = unicodedata.normalize("NFC", raw.strip()).lower()
    if platform == "linkedin":
        text = "".join(text.split())
    if any(character.isspace() for character in text) or text.count("@") != 1:
        return None
    local, domain = text.split("@")
    if platform == "google" and domain in ("gmail.com", "googlemail.com"):
        local = local.split("+")[0].replace(".", "")
    if platform == "tiktok":
        local = local.split("+")[0]
        if not re.match("[a-z0-9]", local):
            return None
    labels = domain.split(".")
    return f"{local}@{domain}" if local and len(labels) > 1 and all(labels) else None
