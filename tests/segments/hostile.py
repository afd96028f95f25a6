"""Rule files that must be refused, and what they would do if they were not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

NAMES: tuple[Any, ...] = (
    "../profiles", "/etc/passwd", "profiles; drop table profiles", "profiles--", "profiles/*",
    "profiles.city) or (1=1", "pr\u043efiles.city", "\uff50rofiles.city", "profiles\u200b.city",
    "profiles.c\u0131ty", "", " ", "PROFILES.CITY", "profiles.city.city", '"profiles"."city"',
    "profiles.'city'", "{{ ref('profiles') }}.city", "identity_map.profile_id",
    "information_schema.tables", "duckdb_settings().name", "read_csv('x')", "pg_catalog.pg_class",
    "profiles.rowid", "profiles.*", "p" * 300, "profiles.city\n", "profiles.city\x00", None, 1,
    True, [], {}, ["profiles.city"], {"profiles": "city"}, "__import__('os')", "select",
)  # fmt: skip
"""No one of these is the name of anything."""
WHOLE = {
    "title": "A", "owner": "team:marketing", "purpose": "A test.", "state": "draft",
    "include": {"all": [
        {"field": "profiles.city", "operator": "equals", "value": "Bern",
         "where": {"record_count": {"operator": "at_least", "value": 1}}},
        {"event": "page_view", "where": {"channel": "web"}, "when": {"in_last": "7 days"},
         "aggregate": {"function": "sum", "of": "points", "operator": "at_least", "value": 1}},
        {"table": "visits", "count": {"operator": "at_least", "value": 2}},
        {"event": "order_completed", "details": {"quantifier": "any", "where": {"quantity": 1}},
         "when": {"since": {"event": "page_view", "which": "last"}}},
        {"sequence": [{"event": "page_view"}, {"event": "order_completed", "within": "7 days"}]},
        {"segment": "loyal"},
        {"segments": [{"union": "loyal"}, {"except": "first_half"}]},
    ]},
    "exclude": {"any": [{"field": "profiles.birth_date", "operator": "is_null"}]},
}  # fmt: skip
"""A rule with every kind of clause, which is compiled as it is."""
A = ("include", "all")
NAMED = (
    (*A, 0, "field"), (*A, 0, "operator"), (*A, 1, "aggregate", "of"), (*A, 2, "table"),
    (*A, 1, "aggregate", "function"), (*A, 3, "details", "quantifier"),
    (*A, 3, "when", "since", "which"), (*A, 5, "segment"), (*A, 6, "segments", 1, "except"),
    (*A, 4, "sequence", 1, "within"), ("state",), ("owner",), (*A, 1, "when", "in_last"),
)  # fmt: skip
"""Where a name of something known stands."""
KEYS = (
    ("include",),
    (*A, 0),
    (*A, 0, "where"),
    (*A, 1, "where"),
    (*A, 1, "when"),
    (*A, 2),
    (*A, 4),
)
"""Mappings whose keys are names."""
TEXTS = (
    "{{ env_var('HOME') }}", "{% do run_query('drop schema profile cascade') %}", "{# gone #}",
    "ends }} here", "ends %} here", "line\nend", "a\x00b", "a\u202eb", "a\u200bb", "a\u2028b",
    "x" * 5000, "", "\x1b[31m", "{{", "a {%- set x = 1 -%}",
)  # fmt: skip
TEXT_PLACES = (
    ("title",), ("purpose",), (*A, 0, "value"), (*A, 1, "event"), (*A, 1, "where", "channel"),
)  # fmt: skip


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The whole rule with another value at a place."""
    rule: Any = json.loads(json.dumps(WHOLE))
    there = rule
    for part in path[:-1]:
        there = there[part]
    there[path[-1]] = value
    found: dict[str, Any] = rule
    return found


def text(rule: Any) -> bytes:
    """A rule as a file: JSON is YAML."""
    return json.dumps(rule).encode()


def names() -> Iterator[tuple[str, bytes]]:
    """Nothing that is there, in the place of every name."""
    for path in NAMED:
        for name in NAMES:
            yield f"{path[-1]} {name!r:.40}", text(changed(path, name))
    for keys in KEYS:
        for name in NAMES:
            if isinstance(name, str):
                rule = changed(("title",), "A")
                there: Any = rule
                for part in keys:
                    there = there[part]
                there[name] = "x"
                yield f"key {name!r:.40} in {keys[-1]}", text(rule)


def texts() -> Iterator[tuple[str, bytes]]:
    """Code, and letters that can't be seen, in the place of every text."""
    for path in TEXT_PLACES:
        for one in TEXTS:
            yield f"{path[-1]} {one!r:.40}", text(changed(path, one))


HEAD = b"title: A\nowner: team:marketing\npurpose: A test.\n"


def clause(said: str) -> bytes:
    return HEAD + f"include: {said}\n".encode()


def number(said: str) -> bytes:
    return clause(f"{{field: profiles.record_count, operator: equals, value: {said}}}")


DEEP = "{all: [" * 40 + "{segment: loyal}" + "]}" * 40
CLAUSES = (
    "{field: profiles.city, operator: equals, value: 5}",
    "{field: profiles.record_count, operator: equals, value: '5'}",
    "{field: profiles.record_count, operator: contains, value: '5'}",
    "{field: profiles.city, operator: at_least, value: 5}",
    "{field: profiles.is_known, operator: equals, value: 'yes'}",
    "{field: profiles.is_known, operator: at_least, value: true}",
    "{field: profiles.birth_date, operator: equals, value: '2026-01-01'}",
    "{field: profiles.birth_date, operator: in_last, value: 7}",
    "{field: profiles.birth_date, operator: in_last, value: 7 hours}",
    "{field: profiles.birth_date, operator: in_last, value: -7 days}",
    "{field: profiles.birth_date, operator: in_last, value: 999999 days}",
    "{field: profiles.city, operator: in_last, value: 7 days}",
    "{field: profiles.city, operator: in, value: Bern}",
    "{field: profiles.city, operator: in, value: []}",
    "{field: profiles.city, operator: in, value: [Bern, 5]}",
    "{field: profiles.city, operator: in, value: [[Bern]]}",
    "{field: profiles.city, operator: in, value: {a: b}}",
    "{field: profiles.city, operator: equals, value: null}",
    "{field: profiles.city, operator: equals}",
    "{field: profiles.city, operator: is_null, value: 1}",
    "{field: profiles.city}",
    "{field: profiles.city, operator: like, value: '%'}",
    "{field: profiles.record_count, operator: between, value: [5, 1]}",
    "{field: profiles.record_count, operator: between, value: [1]}",
    "{field: profiles.record_count, operator: between, value: [1, 2, 3]}",
    "{field: profiles.city, operator: equals, value: x, event: page_view}",
    "{event: page_view, count: -1}", "{event: page_view, count: 1.5}",
    "{event: page_view, count: many}", "{event: page_view, count: {operator: in, value: [1]}}",
    "{event: a, count: 1, aggregate: {function: sum, of: points, operator: equals, value: 1}}",
    "{event: page_view, aggregate: {function: sum, of: channel, operator: equals, value: 1}}",
    "{event: page_view, aggregate: {function: sleep, of: points, operator: equals, value: 1}}",
    "{event: []}", "{event: page_view, table: visits}", "{table: profiles}", "{table: deciles}",
    "{event: page_view, when: {}}", "{event: page_view, when: {in_last: null}}",
    "{event: page_view, when: {between: [2026-02-01, 2026-01-01]}}",
    "{event: page_view, when: {between: [2026-02-30, 2026-03-01]}}",
    "{event: page_view, when: {before: yesterday}}", "{event: page_view, when: {after: now()}}",
    "{table: visits, details: {quantifier: any, where: {quantity: 1}}}",
    "{event: a, details: {quantifier: any, where: {}}}",
    "{event: a, details: {quantifier: some, where: {quantity: 1}}}",
    "{sequence: []}", "{sequence: [{event: a}]}",
    "{sequence: [{event: a, within: 1 day}, {event: b}]}",
    "{sequence: [{event: a}, {event: b, within: soon}]}",
    "{sequence: [" + ", ".join(["{event: a}"] * 21) + "]}",
    "{segment: rule}", "{segment: nobody}", "{segments: [{union: loyal}]}",
    "{segments: [{except: loyal}, {union: loyal}]}",
    "{segments: [{union: loyal}, {union: loyal, except: loyal}]}",
    "{segments: [{union: loyal}, {minus: loyal}]}",
    "{all: []}", "{any: {}}", "{none: null}", "{}", "[]", "null", "everybody", "{sql: select 1}",
    "{all: [{segment: loyal}], any: [{segment: loyal}]}", "{where: {a: b}}",
    DEEP, "[" * 60000, "{all: [" + ", ".join(["{segment: loyal}"] * 61) + "]}",
    "{all: [{any: [" + "]}, {any: [".join([", ".join(["{segment: loyal}"] * 30)] * 3) + "]}]}",
)  # fmt: skip
NUMBERS = (
    ".inf", "-.inf", ".nan", "1e999", "1e5", "0x10", "0o17", "0b1", "1_000", "007", "9" * 16,
    "9" * 5000,
    "1.0000000001", "1.", ".5", "1,5", "+-1", "--1", "1e-400", "-", "2026-13-01", "2026-02-30",
    "12:30:00", "!!int 5", "!!float 5",
)  # fmt: skip
FILES = (
    b"", b"\n", b"# nothing", b"- a list", b"just a text", b"5", b"null", b"\xff\xfe", b"\x00",
    b"title: \xc3\x28", b"{", b"}", b"a: b: c", b"\ttitle: A", b"title: 'A", b"'",
    b"%YAML 9.9\n---\na: 1",
    HEAD, HEAD + b"include: {segment: loyal}\ninclude: {segment: first_half}",
    HEAD + b"title: B\ninclude: {segment: loyal}", b"owner: x\n" + HEAD,
    HEAD + b"include: {segment: loyal}\nsql: select 1",
    HEAD + b"include: {segment: loyal}\nhooks: []",
    HEAD + b"include: {segment: loyal}\nconfig: {post_hook: drop}",
    HEAD + b"include: {segment: loyal, segment: first_half}",
    HEAD + b"include: &a {segment: loyal}", HEAD + b"include: {all: [&a {segment: loyal}, *a]}",
    b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n" + HEAD,
    b"<<: *x\n" + HEAD, HEAD + b"include: {<<: {segment: loyal}}",
    HEAD + b"include: !!python/object/apply:os.system ['touch /tmp/hostile']",
    HEAD + b"include: !!python/name:os.system", HEAD + b"include: !ruby/object {}",
    HEAD + b"include: !!map {segment: loyal}", HEAD + b"include: {segment: !!str loyal}",
    b"!!python/object/new:os.system ['id']", b"title: !!binary aGk=\n" + HEAD[9:],
    HEAD + b"include: {segment: loyal}\n---\n" + HEAD,
    HEAD + b"include: {segment: loyal}\n... \nx: y",
    HEAD + b"? [a, b]\n: c\ninclude: {segment: loyal}", HEAD + b"? {a: b}\n: c",
    HEAD + b"include: {segment: loyal}\n" + b"#" * 70000, b"title: " + b"A" * 66000,
    HEAD + b"include: {segment: loyal}\nstate: archived",
    HEAD + b"include: {segment: loyal}\nstate: 1",
    HEAD + b"include: {segment: loyal}\nuses: newsletter",
    HEAD + b"include: {segment: loyal}\nuses: [1]",
    HEAD + b"include: {segment: loyal}\nuses: ['{{ x }}']",
    HEAD + b"include: {segment: loyal}\nkeeps_opted_out: maybe",
    b"title: 5\n" + HEAD[9:] + b"include: {segment: loyal}",
    b"title: A\nowner: me\npurpose: x\ninclude: {segment: loyal}",
    b"title: A\nowner: 'team:x\\n'\npurpose: x\ninclude: {segment: loyal}",
    b'title: A\nowner: "team:x\\n  evil: 1"\npurpose: x\ninclude: {segment: loyal}',
    HEAD + b"exclude: {segment: loyal}", b"title: A\npurpose: x\ninclude: {segment: loyal}",
)  # fmt: skip


def files() -> Iterator[tuple[str, bytes]]:
    """Everything else that a file can be wrong in."""
    for said in CLAUSES:
        yield f"clause {said:.60}", clause(said)
    for said in NUMBERS:
        yield f"number {said:.40}", number(said)
    for content in FILES:
        yield f"file {content!r:.60}", content
