"""A declaration that can't be followed is refused with its place and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.errors import UserError, without_values
from orchestration.ingest.declarations import declared_source_tables


def manifest(**meta: Any) -> dict[str, Any]:
    node = {
        "source_name": "shop",
        "name": "orders",
        "identifier": "shop__orders",
        "original_file_path": "models/staging/shop/_shop__sources.yml",
        "columns": {"id": {"name": "id"}},
        "config": {"meta": {"format": "csv", "path": "shop/*.csv", **meta}},
    }
    return {"sources": {"source.shop.orders": node}}


@pytest.mark.parametrize(
    ("meta", "complaint"),
    [
        ({"format": "xml"}, "format 'xml'"),
        ({"path": "../x.csv"}, "below the landing folder"),
        ({"options": {"separator": ";"}}, "option 'separator'"),
        ({"options": {"delimiter": ""}}, "one to four characters"),
        ({"options": {"delimiter": "semicolon"}}, "one to four characters"),
        ({"options": {"quote": "''"}}, "one character"),
        ({"options": {"header": "no"}}, "true or false"),
        ({"options": {"skip_lines": -1}}, "whole number"),
        ({"options": {"skip_lines": "two"}}, "whole number"),
        ({"quarantine_threshold": 2}, "share from 0 to 1"),
        ({"on_missing_file": "keeep"}, "drop or keep"),
        ({"party": "fourth"}, "party 'fourth'. Use zero, first, second, third"),
        ({"legal_basis": "because"}, "legal_basis 'because'. Use consent, contract"),
        ({"use_until": "next year"}, "use_until 'next year'. Give the last day of use"),
        ({"on_schema_change": "maybe"}, "stop, ignore, evolve"),
        ({"format": "postgresql", "url": "postgresql://u:secret@h/d"}, "holds a password"),
        ({"format": "postgresql", "url": "postgresql://h/d?password=secret"}, "holds a password"),
    ],
)
def test_bad_declarations_are_refused(meta: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        declared_source_tables(manifest(**meta))
    message = str(refused.value)
    assert complaint in message
    assert "shop.orders in models/staging/shop/_shop__sources.yml" in message
    assert "secret" not in message


def test_values_are_taken_out_of_messages() -> None:
    for message in (
        "Conversion Error: Could not convert string 'ann@example.org' to INT32",
        "Could not convert string 'O'ann@example.org' to DECIMAL when casting column",
        'Constraint Error: Duplicate key "email: ann@example.org" violates primary key',
    ):
        assert "ann@example.org" not in without_values(message)
