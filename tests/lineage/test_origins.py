"""Lineage from column to column through models, up and down."""

from __future__ import annotations

from orchestration.lineage.origins import DECISION, VALUE, Lineage, Name, Step

ROWS = "*"


def name(text: str) -> Name:
    return Name(*text.rsplit(".", 1))


def lineage(edges: dict[str, list[str]], doubtful: tuple[str, ...] = ()) -> Lineage:
    """Edges by reader, each `table.column kind`; rows of what is read are always read, too."""
    steps, columns = [], {}
    for reader, read in edges.items():
        columns[name(reader)] = reader not in doubtful
        columns.setdefault(Name(name(reader).table, ROWS), True)
        steps += [Step(name(reader), name(one.split()[0]), one.split()[1]) for one in read]
    return Lineage(steps, columns)


CHAIN = {
    # Who has the disease, without the disease in any column.
    "m.ill.*": ["landing.p.* filter", "landing.p.health filter"],
    "m.ill.id": ["landing.p.id identity"],
    "m.ill.place": ["landing.p.city transformation", "landing.p.rank conditional"],
    "n.counted.*": ["m.ill.* filter"],
    "n.counted.people": ["m.ill.id aggregation"],
    "n.counted.n": [],
    "o.shown.*": ["n.counted.* filter", "n.counted.people filter"],
    "o.shown.place": ["m.ill.place identity"],
}


def told(names: frozenset[Name]) -> set[str]:
    return {".".join(one) for one in names}


def test_values_and_decisions_down_to_what_no_model_makes() -> None:
    found = lineage(CHAIN).origins()
    assert told(found[name("n.counted.people")].values) == {"landing.p.id"}
    assert told(found[name("o.shown.place")].values) == {"landing.p.city"}
    assert told(found[name("o.shown.place")].decisions) == {"landing.p.rank"}


def test_what_decides_a_models_rows_reaches_who_reads_none_of_its_columns() -> None:
    found = lineage(CHAIN).origins()
    assert told(found[name("n.counted.*")].decisions) == {"landing.p.*", "landing.p.health"}
    assert told(found[name("o.shown.*")].decisions) == {
        "landing.p.*",
        "landing.p.health",
        "landing.p.id",
    }
    assert found[name("o.shown.*")].values == frozenset()


def test_what_a_column_feeds() -> None:
    chain = lineage(CHAIN)
    fed = {".".join(one): kind for one, kind in chain.fed_by(name("landing.p.id")).items()}
    assert fed == {"m.ill.id": VALUE, "n.counted.people": VALUE, "o.shown.place": DECISION}
    fed = {".".join(one): kind for one, kind in chain.fed_by(name("landing.p.health")).items()}
    assert set(fed) == {
        "m.ill.id", "m.ill.place", "n.counted.people", "n.counted.n", "o.shown.place"
    }  # fmt: skip
    assert set(fed.values()) == {DECISION}


def test_up_and_down_are_the_same_edges() -> None:
    chain = lineage(CHAIN)
    up = chain.origins()
    for one in (n for n in up if n.column != ROWS):
        decisions = up[one].decisions | up[Name(one.table, ROWS)].decisions
        for source in up[one].values | decisions:
            kind = chain.fed_by(source)[one]
            assert kind == (VALUE if source in up[one].values else DECISION)


def test_a_model_that_reads_what_it_was_before() -> None:
    """A memory keeps what it once took, and models may read each other's memory."""
    edges = {
        "m.kept.*": [],
        "m.kept.x": ["m.kept.x identity", "n.next.y identity"],
        "n.next.*": ["m.kept.x filter"],
        "n.next.y": ["landing.p.id identity", "m.kept.x transformation"],
    }
    found = lineage(edges).origins()
    assert told(found[name("m.kept.x")].values) == {"landing.p.id"}
    assert told(found[name("n.next.*")].decisions) == {"landing.p.id"}


def test_a_doubt_travels_with_values_and_with_rows() -> None:
    found = lineage(CHAIN, doubtful=("m.ill.place",)).origins()
    assert not found[name("o.shown.place")].is_certain
    assert found[name("n.counted.people")].is_certain
    found = lineage(CHAIN, doubtful=("m.ill.*",)).origins()
    assert not any(one.is_certain for one in found.values())
