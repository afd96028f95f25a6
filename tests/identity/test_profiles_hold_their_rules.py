"""The documented ways in which people collapse into one, each through dbt; their ids in time."""

from __future__ import annotations

import pytest

from tests.identity.lab import Lab, Record

NAMESPACES = (
    "crm,person,10,true,1000,,,false,x",
    "email,email,20,false,100,,,false,x",
    "phone,phone,30,false,100,,365,false,x",
    "card,partner,40,false,100,2,,false,x",
    "device,device,90,false,100,,,false,x",
)
OVERRIDE = "{},shop,{},shop,{},ann,they said so,,"


def shop(number: object, seen: str = "2026-01-01", **values: str) -> Record:
    return Record(f"shop:{number}", values, seen)


def chain(name: str, length: int) -> list[Record]:
    """Each record shares a device with its neighbour on one side and an address on the other."""
    return [
        Record(f"{name}:{i}", {"device": f"{name}{(i + 1) // 2}", "email": f"{name}{i // 2}@x.org"})
        for i in range(length)
    ]


SHARED_DEVICE = [
    shop("tom", "2026-01-01", crm="tom", device="tablet"),
    shop("ann", "2026-01-02", crm="ann", device="tablet"),
]
SHARED_EMAIL = [
    shop("ben", "2026-02-01", crm="ben", email="family@x.org"),
    shop("eve", "2026-01-01", crm="eve", email="family@x.org"),
    shop("ben2", "2026-01-01", crm="ben"),
]
RECYCLED_PHONE = [
    shop("old", "2024-01-01", phone="+491701234567"),
    shop("new", "2026-01-01", phone="+49 170 1234567"),
    shop("new2", "2025-12-01", phone="+49 170 1234567"),
]
TOO_MANY_CARDS = [shop(f"card{i}", f"2026-01-0{i}", card=f"c{i}", device="till") for i in (1, 2, 3)]
CHAIN = chain("chain", 800)
TORN_CHAIN = [
    *chain("torn", 800),
    Record("torn:first", {"crm": "first", "device": "torn0"}),
    Record("torn:last", {"crm": "last", "email": "torn399@x.org"}),
]
NEVER = [
    shop("n1", email="n@x.org"),
    shop("n2", email="n@x.org", device="n"),
    shop("n3", device="n"),
]
ALWAYS = [shop("a1"), shop("a2")]
CATALOGUE = [Record(f"catalogue:{i}", {"email": "same@x.org"}, f"2026-01-0{i}") for i in (1, 2)]
# Two units and a register of the whole organisation: one value of both, one of each.
UNITS = [
    *(Record(key, {"email": "u@x.org"}) for key in ("alps:1", "alps:2", "coast:1", "coast:2")),
    Record("whole:1", {"email": "u@x.org"}),
    Record("alps:3", {"email": "v@x.org"}, "2026-01-03"),
    Record("coast:3", {"device": "w"}, "2026-01-01"),
    Record("whole:2", {"email": "v@x.org", "device": "w"}, "2026-01-02"),
    Record("alps:4", {}), Record("coast:4", {}),
]  # fmt: skip
EVERYONE = [
    *SHARED_DEVICE, *SHARED_EMAIL, *RECYCLED_PHONE, *TOO_MANY_CARDS, *CHAIN, *TORN_CHAIN, *NEVER,
    *ALWAYS, *CATALOGUE, *UNITS,
]  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    made = Lab(
        tmp_path_factory.mktemp("rules"),
        NAMESPACES,
        [
            OVERRIDE.format("never_link", "n1", "n3"),
            OVERRIDE.format("always_link", "a1", "a2"),
            "always_link,alps,4,coast,4,ann,they said so,,",
        ],
        duplicate_free=("catalogue",),
        units=("alps,,mountain,,x", "coast,,sea,,x"),
    )
    made.build(EVERYONE)
    return made


def people_of(lab: Lab, records: list[Record]) -> set[frozenset[str]]:
    wanted = {record.key for record in records}
    return {person for person in lab.people() if person & wanted}


def reasons(lab: Lab, records: list[Record]) -> dict[tuple[str, str | None], str]:
    keys = ", ".join(f"'{record.key}'" for record in records)
    rows = lab.query(
        "select source_system || ':' || source_record_id, namespace, reason "
        f"from identity.refused_links where source_system || ':' || source_record_id in ({keys})"
    )
    return {(str(key), namespace): str(reason) for key, namespace, reason in rows}  # type: ignore[misc]


def test_shared_device_goes_to_whoever_used_it_last(lab: Lab) -> None:
    assert people_of(lab, SHARED_DEVICE) == {frozenset({"shop:tom"}), frozenset({"shop:ann"})}
    assert reasons(lab, SHARED_DEVICE) == {("shop:tom", "device"): "unique_namespace"}
    owner = lab.query(
        "select m.record_key from identity.profile_identities as i "
        "join identity.identity_map as m using (profile_id) where identity_value = 'tablet'"
    )
    assert owner == [("shop:ann",)]


def test_shared_family_email_stays_with_the_newest(lab: Lab) -> None:
    expected = {frozenset({"shop:ben", "shop:ben2"}), frozenset({"shop:eve"})}
    assert people_of(lab, SHARED_EMAIL) == expected
    assert reasons(lab, SHARED_EMAIL) == {("shop:eve", "email"): "unique_namespace"}


def test_recycled_phone_number_forgets_its_old_owner(lab: Lab) -> None:
    expected = {frozenset({"shop:old"}), frozenset({"shop:new", "shop:new2"})}
    assert people_of(lab, RECYCLED_PHONE) == expected
    assert reasons(lab, RECYCLED_PHONE) == {("shop:old", "phone"): "outside_time_window"}


def test_a_profile_has_no_more_values_than_its_namespace_allows(lab: Lab) -> None:
    expected = {frozenset({"shop:card3", "shop:card2"}), frozenset({"shop:card1"})}
    assert people_of(lab, TOO_MANY_CARDS) == expected


def test_a_chain_of_800_records_is_one_person(lab: Lab) -> None:
    assert people_of(lab, CHAIN) == {frozenset(record.key for record in CHAIN)}


def test_a_chain_between_two_people_is_torn_once(lab: Lab) -> None:
    people = people_of(lab, TORN_CHAIN)
    assert sum(map(len, people)) == len(TORN_CHAIN)
    assert len(people) == 2
    assert len(reasons(lab, TORN_CHAIN)) == 1


def test_never_link_parts_what_values_join(lab: Lab) -> None:
    (with_n1,) = [p for p in people_of(lab, NEVER) if "shop:n1" in p]
    assert "shop:n3" not in with_n1
    assert set(reasons(lab, NEVER).values()) == {"never_link"}


def test_always_link_joins_what_shares_nothing(lab: Lab) -> None:
    assert people_of(lab, ALWAYS) == {frozenset({"shop:a1", "shop:a2"})}


def test_a_source_without_duplicates_has_one_record_in_a_profile(lab: Lab) -> None:
    assert len(people_of(lab, CATALOGUE)) == 2
    assert set(reasons(lab, CATALOGUE).values()) == {"duplicate_free_source"}


def test_nobody_is_of_two_business_units_and_each_unit_keeps_its_people(lab: Lab) -> None:
    assert people_of(lab, UNITS) == {
        frozenset({"alps:1", "alps:2"}), frozenset({"coast:1", "coast:2"}), frozenset({"whole:1"}),
        frozenset({"alps:3", "whole:2"}), frozenset({"coast:3"}),
        frozenset({"alps:4"}), frozenset({"coast:4"}),
    }  # fmt: skip
    assert reasons(lab, UNITS) == {
        ("whole:1", "email"): "several_units",
        ("coast:3", "device"): "business_unit",
        ("alps:4", None): "business_unit",
    }


@pytest.mark.slow
def test_ids_survive_other_orders_merges_splits_and_what_is_undone(lab: Lab) -> None:
    """Builds other records over those of the tests before; it has to be the last in the file."""
    three = [shop(f"x{i}", email="x@x.org") for i in range(3)]
    two = [shop(f"y{i}", email="y@x.org") for i in range(2)]
    alone = [shop("z", email="z@x.org")]
    lab.build([*three, *two, *alone], is_tested=False)
    first = lab.profiles()
    x, y, z = first["shop:x0"], first["shop:y0"], first["shop:z"]
    moment = lab.query("select max(valid_from)::varchar from identity.identity_map_history")[0][0]

    lab.build([*reversed(two), *reversed(three), shop("new", email="new@x.org")], is_tested=False)
    again = lab.profiles()
    assert {k: v for k, v in first.items() if k != "shop:z"} == {
        k: v for k, v in again.items() if k != "shop:new"
    }
    assert lab.query(f"select status from identity.profile_ledger where profile_id = '{z}'") == [
        ("ended",)
    ]

    # A record that shows both addresses: the larger profile keeps its id, the other is an alias.
    lab.build(
        [
            *three,
            *two,
            shop("bridge", email="x@x.org", device="d"),
            shop("y2", device="d", email="y@x.org"),
        ]
    )
    merged = lab.profiles()
    assert set(merged.values()) == {x}
    assert lab.query(
        f"select current_profile_id, status from identity.profile_ledger where profile_id = '{y}'"
    ) == [(x, "merged")]

    # The bridge goes: what was merged falls apart, and each gets back the id it had.
    lab.build([*three, *two, *alone], is_tested=False)
    assert lab.profiles() == first
    as_of = (
        "select source_system || ':' || source_record_id, profile_id "
        f"from identity.identity_map_as_of('{moment}')"
    )
    assert set(lab.query(as_of)) == set(first.items())

    # A part that splits off is somebody new, and its id was never anybody's.
    ever = {row[0] for row in lab.query("select profile_id from identity.profile_ledger")}
    lab.build([three[0], three[1], shop("x2", email="other@x.org"), *two, *alone])
    now = lab.profiles()
    assert now["shop:x0"] == x
    assert now["shop:x2"] not in ever
    assert lab.query(
        "select split_from_profile_id from identity.profile_ledger "
        f"where profile_id = '{now['shop:x2']}'"
    ) == [(x,)]
