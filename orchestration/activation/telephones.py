"""Telephone numbers as platforms want them: digits from the country's code on, as SQL.

`value` is the text as it is written, `country` an alias of a row of calling_codes, null where the
country is not known. No country is guessed.
"""

from __future__ import annotations


def _digits(value: str) -> str:
    # (0) in an international number is what is dialled inside the country.
    return f"regexp_replace(replace({value}, '(0)', ''), '[^0-9]', '', 'g')"


def _has_length(digits: str, country: str) -> str:
    return (
        f"' ' || {country}.number_lengths || ' ' like "
        f"'% ' || lpad(cast(length({digits}) as varchar), 2, '0') || ' %'"
    )


def _written_internationally(value: str, country: str) -> str:
    """The digits from the country's code on, of a number that is written with it; else null."""
    digits = _digits(value)
    prefix = f"{country}.international_prefix"
    return (
        f"case when {value} like '+%' then ltrim({digits}, '0') "
        f"when {digits} like '00%' then ltrim({digits}, '0') "
        f"when starts_with({digits}, {prefix}) and length({digits}) > length({prefix}) + 7 "
        f"then ltrim(substr({digits}, length({prefix}) + 1), '0') end"
    )


def _national(value: str, country: str) -> str:
    """The digits from the country's code on, of a number as it is written inside a country.

    Lengths decide; the pattern of a country, which costs thirty times as much, is asked only where
    a number could be one with its first digits and without them.
    """
    digits = _digits(value)
    trunk = f"coalesce({country}.trunk_prefix, '')"
    code = f"cast({country}.calling_code as varchar)"
    without = f"substr({digits}, length({trunk}) + 1)"
    rest = f"substr({digits}, length({code}) + 1)"
    replaced = (
        f"regexp_replace({digits}, '^(?:' || {country}.trunk_pattern || ')', "
        f"coalesce({country}.trunk_replacement, ''))"
    )
    has_trunk = f"{country}.trunk_prefix is not null and starts_with({digits}, {trunk})"
    is_clear = f"not {country}.is_trunk_ambiguous or not {_has_length(digits, country)}"
    pattern = f"regexp_full_match({{}}, {country}.number_pattern)"
    return (
        f"case when {has_trunk} and {_has_length(without, country)} then case "
        f"when {is_clear} or not {pattern.format(digits)} or {pattern.format(without)} "
        f"then {code} || {without} else {code} || {digits} end "
        f"when {country}.trunk_pattern is not null then case "
        f"when {pattern.format(digits)} then {code} || {digits} "
        f"when {pattern.format(replaced)} then {code} || {replaced} "
        f"when starts_with({digits}, {code}) and {pattern.format(rest)} then {digits} end "
        f"when {_has_length(digits, country)} then {code} || {digits} "
        f"when starts_with({digits}, {code}) and {_has_length(rest, country)} then {digits} end"
    )


def phone(value: str, country: str) -> str:
    """SQL for the digits of a number from its country's code on, null where it is none."""
    return f"coalesce({_written_internationally(value, country)}, {_national(value, country)})"


def phone_refusals(value: str, country: str) -> list[tuple[str, str]]:
    """Conditions on which a number does not leave, each with its reason, in order."""
    international = _written_internationally(value, country)
    return [
        (rf"regexp_matches({value}, '[\pL@]')", "not_a_phone"),
        (f"{_digits(value)} = ''", "empty_after_normalise"),
        (f"{international} = ''", "empty_after_normalise"),
        (f"{international} is null and {country}.country_code is null", "no_country"),
        (f"{phone(value, country)} is null", "not_a_phone"),
        (f"length({phone(value, country)}) not between 7 and 15", "not_a_phone"),
    ]
