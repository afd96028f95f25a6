"""Records that match rules are tried on, and the rules in plain Python, pair by pair."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations

import duckdb

from tests.identity.lab import Record


@dataclass(frozen=True)
class Spelling:
    """Something written in a record, and what a person reads in it."""

    written: str
    read: tuple[str, ...]


GIVEN = (
    Spelling("Robert", ("robert",)), Spelling("Bob", ("bob/robert",)), Spelling("Dr. B", ("b",)),
    Spelling("Uta", ("uta",)), Spelling("Úte", ("ute",)), Spelling("Uta Svea", ("uta", "svea")),
    Spelling("", ()),
)  # fmt: skip
FAMILY = (
    Spelling("O'Hare", ("ohare",)), Spelling("Ohare", ("ohare",)), Spelling("Ohara", ("ohara",)),
    Spelling("Müller", ("mueller",)), Spelling("Mueller", ("mueller",)),
    Spelling("Robert", ("robert",)),
)  # fmt: skip
SUFFIXES = {"": "", " Jr.": "jr", " Junior": "jr", " Sr": "sr"}
STREETS = {
    "12 North Main Street, Springfield": "12n main", "12 N. Main St": "12n main",
    "Apt 4, 12 Main St": "12 main", "12 Main Street": "12 main",
    "Lindenstr. 7": "7 linden", "7 Lindenstraße": "7 linden", "Market Place": None, "": None,
}  # fmt: skip
DATES = ("1980-02-11", "1980-11-02", "1981-02-11", "1995-06-05", "")
COMPANIES = {
    "Acme Tools Ltd": ("acme", "tools"), "Acme Tools Berlin GmbH": ("acme", "tools", "berlin"),
    "Acme": ("acme",), "": (),
}  # fmt: skip
MAILS = (*"abcdefgh", "many", "many", "many", "")
CODES = ("10115", "80331", "")


@dataclass(frozen=True)
class Read:
    """A record as the rules see it."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    suffix: str
    address: str | None
    born: str
    company: tuple[str, ...]
    email: str
    postal_code: str


def some_records(count: int, seed: int) -> dict[str, tuple[Record, Read]]:
    """Records out of a small vocabulary, so that many agree, contradict each other, say nothing."""
    draw = random.Random(seed)
    made = {}
    for number in range(count):
        given, family = draw.choice(GIVEN), draw.choice(FAMILY)
        suffix, street = draw.choice([*SUFFIXES, "", ""]), draw.choice(list(STREETS))
        born, company = draw.choice([*DATES, ""]), draw.choice([*COMPANIES, "", ""])
        email, code = draw.choice(MAILS), draw.choice(CODES)
        attributes = {
            "given_name": given.written,
            "family_name": family.written + suffix,
            "street": street,
            "birth_date": born,
            "organisation_name": company,
            "postal_code": code,
        }
        key = f"s:{number:02}"
        record = Record(
            key,
            {"email": f"{email}@x.org"} if email else {},
            attributes={name: value for name, value in attributes.items() if value},
        )
        read = Read(
            given.read, family.read, SUFFIXES[suffix], STREETS[street], born, COMPANIES[company],
            email, code,
        )  # fmt: skip
        made[key] = record, read
    return made


def words_agree(a: tuple[str, ...], b: tuple[str, ...], is_whole_name: bool = True) -> bool:
    """All words of the shorter in the longer, what is left over perhaps as initials."""
    few, many = sorted((a, b), key=len)
    if not few or (is_whole_name and len(few) == 1 and len(many) > 1):
        return False
    alike = [(x, y) for x in few for y in many if _ends(x) & _ends(y)]
    rest_few = [x for x in few if x not in {x for x, _ in alike}]
    rest_many = [y for y in many if y not in {y for _, y in alike}]
    return all(any(_is_initial(x, y) for y in rest_many) for x in rest_few)


def _ends(word: str) -> set[str]:
    return set(word.split("/"))


def _is_initial(x: str, y: str) -> bool:
    shorts = {len(x.split("/")[0]), len(y.split("/")[0])}
    return 1 in shorts and bool({e[0] for e in _ends(x)} & {e[0] for e in _ends(y)})


class Oracle:
    """The rules of `RULES`, pair by pair."""

    def __init__(self, read: dict[str, Read]) -> None:
        self.read = read
        self.con = duckdb.connect()
        mails = [r.email for r in read.values() if r.email]
        self.common = {mail for mail in mails if mails.count(mail) > 12}

    def number(self, function: str, a: str, b: str) -> float:
        row = self.con.execute(f"select {function}(?, ?)", [a, b]).fetchone()
        assert row
        return float(row[0])

    def contradicts(self, a: Read, b: Read) -> bool:
        if a.suffix and b.suffix and a.suffix != b.suffix:
            return True
        return bool(a.born and b.born) and (
            self.number("damerau_levenshtein", in_any_order(a.born), in_any_order(b.born)) > 1
        )

    def rules(self, a: Read, b: Read) -> tuple[list[str], bool]:
        """The rules that hold, the surest first, and whether any rule looks at the pair."""
        one_house = a.address is not None and a.address == b.address
        one_mail = bool(a.email) and a.email == b.email and a.email not in self.common
        one_day = bool(a.born and b.born) and in_any_order(a.born) == in_any_order(b.born)
        held = []
        codes_fit = not (a.postal_code and b.postal_code) or a.postal_code == b.postal_code
        if one_house and codes_fit and words_agree(a.given + a.family, b.given + b.family):
            held.append("house_and_name")
        if one_mail and a.given and b.given:
            family = self.number("jaro_winkler_similarity", a.family[0], b.family[0]) >= 0.85
            first = [r.given[0].split("/")[-1] for r in (a, b)]
            if family and self.number("damerau_levenshtein", *first) <= 1:
                held.append("mail_and_family")
        if one_house and words_agree(a.company, b.company):
            held.append("company_and_house")
        if one_day and a.family == b.family:
            held.append("name_and_birth")
        return held, one_house or one_mail or one_day

    def pairs(self) -> set[tuple[str, str, str, str | None]]:
        held, apart = {}, set()
        for a, b in combinations(sorted(self.read), 2):
            rules, is_looked_at = self.rules(self.read[a], self.read[b])
            held[a, b] = rules
            if is_looked_at and self.contradicts(self.read[a], self.read[b]):
                apart.add((a, b))
        partners: dict[tuple[str, str], set[str]] = {}
        for (a, b), rules in held.items():
            for rule in rules if (a, b) not in apart else ():
                partners.setdefault((rule, a), set()).add(b)
                partners.setdefault((rule, b), set()).add(a)
        found = set()
        for (a, b), rules in held.items():
            sure = [
                rule
                for rule in rules
                if not any(
                    (min(c, other), max(c, other)) in apart
                    for end, other in ((a, b), (b, a))
                    for c in partners.get((rule, end), ())
                )
            ]
            if (a, b) in apart:
                found.add((a, b, "never", rules[0] if rules else None))
            elif rules:
                found.add((a, b, "link" if sure else "ambiguous", (sure or rules)[0]))
        return found


def in_any_order(day: str) -> str:
    year, *rest = day.split("-")
    return year + "".join(sorted(rest))
