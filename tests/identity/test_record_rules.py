"""Match rules: what a policy file may say, and pairs against an implementation in plain Python."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import UserError
from orchestration.identity.explain import explain
from orchestration.identity.policy import check_policy
from orchestration.settings import DBT_PROJECT_DIR, PROJECT_ROOT
from tests.identity.lab import Lab, Record

POLICY = Path("seeds") / "policy"
PRESET = PROJECT_ROOT / "examples" / "identity_presets" / "people_and_organisations"
NAMESPACES = (
    "email,email,20,false,100,,,true,x",
    "card,partner,10,true,100,,,false,x",
)
RULES = (
    "house_and_name,10,link,address,shared,,x",
    "house_and_name,10,link,name,words,,x",
    "house_and_name,10,link,postal_code,not_contradicting,,x",
    "mail_and_family,20,link,email,shared,12,x",
    "mail_and_family,20,link,family_name,similar,0.85,x",
    "mail_and_family,20,link,given_name,edits,1,x",
    "company_and_house,30,link,address,shared,,x",
    "company_and_house,30,link,organisation_name,words,,x",
    "name_and_birth,40,link,birth_date,shared_date,,x",
    "name_and_birth,40,link,family_name,equal,,x",
    "birth_dates_differ,,never,birth_date,contradicting,,x",
    "generations_differ,,never,name_suffix,contradicting,,x",
    "email_needs_a_name,,not_alone,email,,,x",
)
GOOD = "a,10,link,email,shared,,x"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["a,10,link,given_name,words,,x"], "a has no value that both records share"),
        ([GOOD, "a,10,link,birth_date,shared_date,,x"], "looks for pairs by email already"),
        ([GOOD, "a,20,link,given_name,words,,x"], "priority of a is '20' here and '10'"),
        ([GOOD, "a,10,never,given_name,words,,x"], "effect of a is 'never' here and 'link'"),
        ([GOOD, GOOD], "a asks the same of email as in line"),
        (["email,10,link,email,shared,,x"], "email is a namespace"),
        ([",10,link,email,shared,,x"], "rule is empty"),
        (["a,10,join,email,shared,,x"], "effect is 'join'"),
        (["a,soon,link,email,shared,,x"], "priority is 'soon'"),
        (["a,10,link,shoe_size,shared,,x"], "the field 'shoe_size' is not known"),
        (["a,10,link,email,alike,,x"], "comparison is 'alike'"),
        (["a,10,link,email,shared_date,,x"], "email can't be compared by shared_date"),
        (["a,10,link,email,words,,x"], "email can't be compared by words"),
        (["a,10,link,email,shared,1,x"], "the threshold of shared is '1'"),
        ([GOOD, "a,10,link,given_name,similar,,x"], "the threshold of similar is ''"),
        ([GOOD, "a,10,link,given_name,similar,90,x"], "the threshold of similar is '90'"),
        ([GOOD, "a,10,link,given_name,edits,0.5,x"], "the threshold of edits is '0.5'"),
        ([GOOD, "a,10,link,given_name,words,2,x"], "words has no threshold"),
        ([GOOD, "a,10,link,given_name,similar,high,x"], "threshold is 'high'"),
        (["a,,never,email,shared,,x"], "so shared finds nothing"),
        (["a,,not_alone,given_name,,,x"], "given_name is no namespace"),
        (["a,,not_alone,email,equal,,x"], "not_alone compares nothing"),
    ],
)
def test_rules_that_cannot_be_followed_are_named_with_their_line(
    tmp_path: Path, lines: list[str], complaint: str
) -> None:
    shutil.copytree(DBT_PROJECT_DIR / POLICY, tmp_path / POLICY)
    path = tmp_path / POLICY / "record_match_rules.csv"
    before = path.read_text()
    check_policy(tmp_path)
    path.write_text(before + "\n".join(lines) + "\n")
    with pytest.raises(UserError) as refused:
        check_policy(tmp_path)
    count = len(before.splitlines())
    named = [f"record_match_rules.csv, line {count + i}: " for i in range(1, len(lines) + 1)]
    assert any(name in str(refused.value) for name in named)
    assert complaint in str(refused.value)


def test_the_preset_can_be_followed(tmp_path: Path) -> None:
    shutil.copytree(DBT_PROJECT_DIR / POLICY, tmp_path / POLICY)
    for path in PRESET.glob("*.csv"):
        shutil.copy(path, tmp_path / POLICY / path.name)
    check_policy(tmp_path)


@dataclass(frozen=True)
class Spelling:
    """Something written in a record, and what a person reads in it."""

    written: str
    read: tuple[str, ...]


GIVEN = (
    Spelling("Robert", ("robert",)), Spelling("Bob", ("bob/robert",)), Spelling("Dr. B", ("b",)),
    Spelling("Eva", ("eva",)), Spelling("Éve", ("eve",)), Spelling("Eva Maria", ("eva", "maria")),
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


MADE = some_records(90, seed=360)
QUILL = {"given_name": "Zed", "family_name": "Quill"}
DECIDED = [
    Record("d:1", {}, attributes={**QUILL, "street": "1 Elm St", "birth_date": "1950-01-07"}),
    Record("d:2", {}, attributes={**QUILL, "street": "1 Elm St", "birth_date": "1970-09-25"}),
    Record("d:3", {}, attributes={**QUILL, "street": "3 Elm St"}),
    Record("d:4", {}, attributes={**QUILL, "street": "3 Elm St"}),
    Record("d:5", {}, attributes={**QUILL, "street": "5 Elm St"}),
    Record("d:6", {}, attributes={**QUILL, "street": "5 Elm St"}),
]
OVERRIDES = ["always_link,d,1,d,2,ann,they said so,,", "never_link,d,3,d,4,ann,twins,,"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"), NAMESPACES, OVERRIDES, rules=RULES)
    # The last first: nothing may depend on the order in which records arrive.
    lab.build([*DECIDED, *(record for record, _ in reversed(MADE.values()))], is_tested=False)
    return lab


def test_rules_find_what_pair_by_pair_reading_finds(lab: Lab) -> None:
    found = set(
        lab.query(
            "select record_key_a, record_key_b, decision, rule from identity.rule_pairs "
            "where record_key_a like 's:%' and record_key_b like 's:%'"
        )
    )
    expected = Oracle({key: read for key, (_, read) in MADE.items()}).pairs()
    assert {decision for _, _, decision, _ in expected} == {"link", "never", "ambiguous"}
    assert {rule for _, _, _, rule in expected} == {
        "house_and_name", "mail_and_family", "company_and_house", "name_and_birth", None,
    }  # fmt: skip
    assert found == expected

    profiles = lab.profiles()
    for a, b, decision, rule in found:
        if decision == "never":
            assert profiles[str(a)] != profiles[str(b)], (a, b, rule)
    refused = set(
        lab.query(
            "select source_system || ':' || source_record_id, other_record_key "
            "from identity.refused_links where link_kind = 'rule' and evidence is not null"
        )
    )
    for a, b, decision, rule in found:
        together = profiles[str(a)] == profiles[str(b)]
        if rule is not None and not together:
            assert (a, b) in refused, (a, b, decision, rule)
    # Nobody is together but by a rule: the e-mail links nothing by itself.
    assert lab.query(
        "select distinct link_kind from identity.links where record_key_a like 's:%'"
    ) == [("rule",)]

    a, b = next(
        (a, b) for a, b, d, _ in sorted(found, key=str) if d == "link" and (a, b) not in refused
    )
    told = explain(lab.settings, str(a), str(b))
    assert told["same_person"]
    assert told["path"][0]["link_kind"] == "rule"
    assert told["path"][0]["conditions"]


def test_what_people_decided_stands_against_rules(lab: Lab) -> None:
    people = [{r for r in records if r.startswith("d:")} for records in lab.people()]
    assert sorted(map(sorted, filter(None, people))) == [
        ["d:1", "d:2"], ["d:3"], ["d:4"], ["d:5", "d:6"],
    ]  # fmt: skip
