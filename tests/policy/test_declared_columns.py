"""What sources declare of their columns: followed as it is said, or refused with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.errors import UserError
from orchestration.policy.declared_columns import attributes_declared, check_declared_columns

READERS = ["macro.p.attributes_of", "macro.p.identities_of"]


def manifest(*tables: dict[str, Any], readers: list[str] = READERS) -> dict[str, Any]:
    """Tables a, b, ... of the source s with what their columns declare, and who reads them."""
    sources = {
        f"source.p.s.{name}": {
            "source_name": "s",
            "name": name,
            "original_file_path": "models/staging/s/_s__sources.yml",
            "columns": {
                column: {"name": column, "config": {"meta": meta}}
                for column, meta in columns.items()
            },
        }
        for name, columns in zip("abcd", tables, strict=False)
    }
    return {
        "sources": sources,
        "nodes": {
            "model.p.staged": {
                "resource_type": "model",
                "columns": {},
                "depends_on": {"nodes": list(sources), "macros": readers},
            },
            "model.p.people": {
                "resource_type": "model",
                "columns": {"family_name": {}},
                "depends_on": {"nodes": [], "macros": ["macro.p.declared_attributes"]},
            },
            "seed.p.policy": {"resource_type": "seed", "columns": {}, "depends_on": {"macros": []}},
        },
    }


def test_what_is_declared_is_taken() -> None:
    size = {"attribute": {"type": "decimal", "decimal_mark": ","}, "label": "I2"}
    told = manifest(
        {"size": size, "crm": {"namespace": "crm_id"}},
        {"gr": {"attribute": {"name": "size", "type": "decimal"}, "label": "I2"}},
        {"vip": {"attribute": "boolean"}, "name": {}},
    )
    check_declared_columns(told, {"crm_id"})
    assert attributes_declared(told) == {"size": "I2", "vip": ""}


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ([{"x": {"attribute": "colour"}}], "column x of s.a .*type colour. Use text, integer"),
        (
            [{"x": {"attribute": {"merge": "best"}}}],
            "merge best. Use recent, least_recent, precedence",
        ),
        ([{"x": {"attribute": {"kind": "text"}}}], "can't be read. Give its type, one of"),
        ([{"x": {"attribute": ["text"]}}], "can't be read"),
        ([{"x": {"attribute": {"consumers": ["mail"]}}}], "the consumer mail. Use a list of value"),
        (
            [{"x": {"attribute": {"consumers": []}}}, {"x": {"attribute": "text"}}],
            "label and consumers of one attribute are the same",
        ),
        ([{"x": {"attribute": {"name": "drop table"}}}], "the attribute drop table. Use lower"),
        ([{"x": {"attribute": {"type": "date", "format": "'; drop"}}}], "format '; drop. Use a"),
        ([{"family_name": {"attribute": "text"}}], "a profile has a column of that name.*s_family"),
        ([{"x": {"namespace": "crmid"}}], "namespace crmid, which is not known. Nearest: crm_id"),
        (
            [{"x": {"attribute": {"name": "y"}}, "y": {"attribute": "text"}}],
            "column y of s.a .*and so does The column x",
        ),
        (
            [{"y": {"attribute": "text"}}, {"y": {"attribute": "integer"}}],
            "the attribute y as integer and .*s.a .* as text",
        ),
        (
            [{"y": {"attribute": "text", "label": "I1"}}, {"y": {"attribute": "text"}}],
            "label and consumers of one attribute are the same",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(tables: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_declared_columns(manifest(*tables), {"crm_id", "email"})


@pytest.mark.parametrize(
    ("said", "macro"),
    [({"attribute": "text"}, "attributes_of"), ({"namespace": "crm_id"}, "identities_of")],
)
def test_what_no_model_reads_is_refused(said: dict[str, Any], macro: str) -> None:
    """A column would be declared, and nothing would come of it."""
    others = [name for name in READERS if not name.endswith(macro)]
    with pytest.raises(UserError, match=rf"no model.*{{{{ {macro}\(source\('s', 'a'\)\) }}}}"):
        check_declared_columns(manifest({"x": said}, readers=others), {"crm_id"})


def test_a_keyed_file_is_read_by_its_own_macro() -> None:
    """Through attributes_of an empty cell would say nothing."""
    told = manifest({"x": {"attribute": "text"}})
    told["sources"]["source.p.s.a"]["config"] = {"meta": {"keyed_by": "id"}}
    with pytest.raises(UserError, match=r"no model.*{{ statements_of\(source\('s', 'a'\)\) }}"):
        check_declared_columns(told, {"crm_id"})
    told["nodes"]["model.p.staged"]["depends_on"]["macros"] = ["macro.p.statements_of"]
    check_declared_columns(told, {"crm_id"})


@pytest.mark.parametrize(
    ("consumers", "text", "is_refused"),
    [
        (["value"], "select x from people", True),
        ([], "select x from people", True),
        ("value", "select max(people.x) from people", True),
        (["segments", "lookup"], "select x from people", False),
        (["value"], "select xy from people -- not x", False),
        (["value"], "select y {# x #} from people", False),
    ],
)
def test_a_layer_reads_the_attributes_that_are_for_it(
    consumers: Any, text: str, is_refused: bool
) -> None:
    told = manifest({"x": {"attribute": {"consumers": consumers}}, "y": {"attribute": "text"}})
    told["nodes"]["model.p.loyal"] = {
        "resource_type": "model", "name": "loyal", "columns": {},
        "fqn": ["p", "segments", "loyal"], "original_file_path": "models/segments/loyal.sql",
        "depends_on": {"nodes": ["model.p.people"], "macros": []}, "raw_code": text,
    }  # fmt: skip
    if not is_refused:
        check_declared_columns(told, set())
        return
    with pytest.raises(UserError, match=r"loyal .*the attribute x, .*and not for segments. Take"):
        check_declared_columns(told, set())
