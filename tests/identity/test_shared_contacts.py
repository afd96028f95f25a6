"""Who shares a mailbox or a telephone is told apart, and one spelling links: one build for all."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import require_shared
from tests.identity.lab import Lab, Record

NAMESPACES = (
    "loyalty_id,person,10,true,20,,,false,x",
    "login,person,20,false,200,,,false,x",
    "email,email,30,false,20,,,true,x",
    "phone,phone,40,false,20,,,true,x",
)
COLUMNS = {
    "first_name": "given_name", "last_name": "family_name", "gender": "gender",
    "date_of_birth": "birth_date",
}  # fmt: skip


def person(key: str, given: str, family: str, born: str = "", gender: str = "", **shown: str):
    """A record that shows these values."""
    said = {
        "given_name": given, "family_name": family, "birth_date": born, "gender": gender,
        "country_code": "DE", "email": shown.get("email", ""),
    }  # fmt: skip
    return Record(key, shown, attributes={name: value for name, value in said.items() if value})


GROUPS: dict[str, tuple[list[Record], list[set[str]]]] = {
    # What a record of the case is called: the people that are found.
    "twins of one day": (
        [
            person("a:twin1", "Nora", "Falk", "2001-04-01", email="falk@x.test"),
            person("b:twin2", "Paul", "Falk", "2001-04-01", email="falk@x.test"),
            person("c:twin1", "Nora", "Falk", "2001-04-01", email="falk@x.test"),
        ],
        [{"a:twin1", "c:twin1"}, {"b:twin2"}],
    ),
    "children without a name": (
        [
            person("a:child1", "", "Falk", "2001-04-01", email="falk@y.test"),
            person("b:child2", "", "Falk", "2004-11-23", email="falk@y.test"),
            person("c:child3", "Nora", "Falk", "2007-08-30", email="falk@y.test"),
        ],
        [{"a:child1"}, {"b:child2"}, {"c:child3"}],
    ),
    "mother at her daughter's mailbox": (
        [
            person("a:mother_at", "", "Falk", "1971-04-01", email="nora.falk@y.test"),
            person("b:daughter_at", "Nora", "Falk", "2001-08-13", email="nora.falk@y.test"),
        ],
        [{"a:mother_at"}, {"b:daughter_at"}],
    ),
    "couple without dates": (
        [
            person("a:couple1", "Inge", "Voss", email="voss@x.test"),
            person("b:couple2", "Otto", "Voss", email="voss@x.test"),
        ],
        [{"a:couple1"}, {"b:couple2"}],
    ),
    "mother and daughter of one name": (
        [
            person("a:mother", "Eva", "Horn", "1951-01-09", email="horn@x.test"),
            person("b:daughter", "Eva", "Horn", "1984-06-30", email="horn@x.test"),
            person("c:unknown", "Eva", "Horn", email="horn@x.test"),
        ],
        [{"a:mother"}, {"b:daughter"}, {"c:unknown"}],
    ),
    "a switchboard": (
        [
            person("a:desk1", "Anna", "Abel", phone="+4930111111"),
            person("a:desk2", "Bernd", "Busch", phone="+4930111111"),
            person("a:desk3", "Anna", "Cramer", phone="+4930111111"),
            person("a:desk4", "Dora", "Dietz", phone="+4930111111"),
            person("a:desk5", "Emil", "Ernst", phone="+4930111111"),
            person("b:desk1", "Anna", "Abel", phone="+4930111111"),
        ],
        [{"a:desk1", "b:desk1"}, {"a:desk2"}, {"a:desk3"}, {"a:desk4"}, {"a:desk5"}],
    ),
    "one person in several spellings": (
        [
            person("a:spelling", "Katharina", "Weiß", "1990-02-03", email="kw@x.test"),
            person("b:spelling", "Katarina", "Weiss", "1990-03-02", email="KW@x.test"),
            person("c:spelling", "K.", "Weiss", email="kw@x.test "),
            person("d:spelling", "Dr. Katharina", "Weiß-Lang", email="<kw@x.test>"),
        ],
        [{"a:spelling", "b:spelling", "c:spelling", "d:spelling"}],
    ),
    "sisters of double names": (
        [
            person("a:double1", "María José", "García", email="garcia@x.test"),
            person("b:double2", "María Isabel", "García", email="garcia@x.test"),
        ],
        [{"a:double1"}, {"b:double2"}],
    ),
    "a woman's name that is a man's and an ending": (
        [
            person("a:jan", "Jan", "Kowalski", email="kowalscy@x.test"),
            person("b:janina", "Janina", "Kowalska", email="kowalscy@x.test"),
            person("c:mario", "Mario", "Verdi", email="verdi@x.test"),
            person("d:maria", "Maria", "Verdi", email="verdi@x.test"),
        ],
        [{"a:jan"}, {"b:janina"}, {"c:mario"}, {"d:maria"}],
    ),
    "a couple of one short form": (
        [
            person("a:stefan", "Stefan", "Meier", email="meier@x.test"),
            person("b:stefanie", "Stefanie", "Meier", email="meier@x.test"),
            person("c:jean", "Jean", "Dupont", gender="m", phone="+33140000000"),
            person("d:jeanne", "Jeanne", "Dupont", gender="f", phone="+33140000000"),
        ],
        [{"a:stefan"}, {"b:stefanie"}, {"c:jean"}, {"d:jeanne"}],
    ),
    "spellings of one woman's name": (
        [
            person("a:ann", "Ann", "Lee", email="lee@x.test"),
            person("b:ann", "Anna", "Lee", email="lee@x.test"),
            person("c:ann", "Anne Kate", "Lee", email="lee@x.test"),
            person("d:ann", "Anna K.", "Lee", email="lee@x.test"),
        ],
        [{"a:ann", "b:ann", "c:ann", "d:ann"}],
    ),
    "father and son of one name without dates": (
        [
            person("a:elder", "Karl", "Brandt sen.", email="brandt@y.test"),
            person("b:younger", "Karl", "Brandt jun.", email="brandt@y.test"),
        ],
        [{"a:elder"}, {"b:younger"}],
    ),
    "three people at an office": (
        [
            person("a:help1", "Wei", "Zhang", email="help@x.test"),
            person("b:help2", "Olga", "Novak", email="help@x.test"),
            person("c:help3", "Wei", "Chen", email="help@x.test"),
        ],
        [{"a:help1"}, {"b:help2"}, {"c:help3"}],
    ),
    "a marriage": (
        [
            person("a:bride", "Anna", "Abel", email="abel@x.test"),
            person("b:bride", "Anna", "Busch", email="abel@x.test"),
            person("c:groom", "Emil", "Busch", email="abel@x.test"),
        ],
        [{"a:bride", "b:bride"}, {"c:groom"}],
    ),
    "scripts": (
        [
            person("a:ivan", "Иван", "Петров", email="petrov@x.test"),
            person("b:maria", "Мария", "Петрова", email="petrov@x.test"),
            person("c:taro", "太郎", "山田", email="yamada@x.test"),
            person("d:hanako", "花子", "山田", email="yamada@x.test"),
            person("e:hanako", "花子", "山田", email="yamada@x.test"),
        ],
        [{"a:ivan"}, {"b:maria"}, {"c:taro"}, {"d:hanako", "e:hanako"}],
    ),
    "trimmings": (
        [
            person("a:trim", "Ines", "Vogt", email="ines.vogt@x.test"),
            person("b:trim", "Ines", "Vogt", email="mailto:Ines.Vogt@x.test."),
            person("c:trim", "Ines", "Vogt", email="'ines.vogt@x.test'"),
            person("d:trim", "Ines", "Vogt", email="ines.vogt@x.test; i@work.test"),
            person("e:trim", "Ines", "Vogt", email="„ines.vogt@x.test“"),
        ],
        [{"a:trim", "b:trim", "c:trim", "d:trim", "e:trim"}],
    ),
    "one Unicode form": (
        [
            person("a:form", "Zoë", "Marx", login="zoë.form", email="jürgen@x.test"),
            person("b:form", "Zoë", "Marx", login="zoe\u0308.form"),
            person("c:form", "Zoë", "Marx", email="ju\u0308rgen@x.test"),
            person("d:form", "Zoë", "Marx", login="ｚｏë．ｆｏｒｍ"),
        ],
        [{"a:form", "b:form", "c:form", "d:form"}],
    ),
}
CASES = {
    "13_shared_mailbox": 7, "14_email_with_trimmings": 11, "15_composed_and_decomposed": 2,
    "15a_full_width_login": 2,
}  # fmt: skip


def of_case(name: str) -> Iterator[Record]:
    """The records of a shared case, as they would be conformed."""
    for path in sorted((require_shared("cases") / name / "input").glob("*/customers.csv")):
        with path.open(newline="") as handle:
            for row in csv.DictReader(handle):
                values = {n: row[n] for n in ("email", "phone", "login") if row.get(n)}
                told = {COLUMNS[n]: row[n] for n in COLUMNS if row.get(n)}
                told |= {n: values[n] for n in ("email",) if n in values}
                yield Record(
                    f"{name}-{path.parent.name}:{row['customer_id']}", values, attributes=told
                )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(Path(tmp_path_factory.mktemp("shared")), NAMESPACES)
    records = [record for given, _ in GROUPS.values() for record in given]
    with contextlib.suppress(pytest.skip.Exception):
        records += [record for name in CASES for record in of_case(name)]
    lab.build(records)
    return lab


@pytest.mark.parametrize("group", GROUPS)
def test_people_who_share_are_told_apart(built: Lab, group: str) -> None:
    records, expected = GROUPS[group]
    keys = {record.key for record in records}
    found = [set(people) for people in built.people() if people & keys]
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


@pytest.mark.parametrize(("name", "people"), CASES.items())
def test_the_cases_have_their_people(built: Lab, name: str, people: int) -> None:
    require_shared("cases")
    found = {p for key, p in built.profiles().items() if key.startswith(f"{name}-")}
    assert len(found) == people
