"""No spelling of an address shows its secret, and what can't be taken apart is not shown at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from orchestration.errors import UserError
from orchestration.ingest.addresses import is_ambiguous, without_password, without_secrets
from orchestration.ingest.declarations import declared_source_tables
from orchestration.sources.add import add_source
from orchestration.sources.sniff import find_tables
from orchestration.terminal import Console
from tests.conftest import settings_in
from tests.own_data import project_copy

SECRET = "s3cr3t"
KEPT = {
    "postgresql://ann@db.example:5432/shop?sslmode=require": None,
    f"postgresql://ann:{SECRET}@db.example/shop": "postgresql://ann@db.example/shop",
    f"postgres://ann:{SECRET}@db.example,db2.example/shop?user=bob": (
        "postgres://ann@db.example,db2.example/shop?user=bob"
    ),
    f"postgresql://ann@db.example/shop?password={SECRET}&sslmode=require": (
        "postgresql://ann@db.example/shop?sslmode=require"
    ),
    f"postgresql://db.example/shop?user=ann&pass%77ord={SECRET}": (
        "postgresql://db.example/shop?user=ann"
    ),
    f"postgresql://ann@/shop?host=/run/pg&sslpassword={SECRET}": (
        "postgresql://ann@/shop?host=/run/pg"
    ),
    f"POSTGRESQL://ann:%73{SECRET[1:]}@db.example/shop": "POSTGRESQL://ann@db.example/shop",
    f"host=db.example user=ann password={SECRET} dbname=shop": (
        "host=db.example user=ann dbname=shop"
    ),
    f"host=db.example password = 'x {SECRET} \\' y' user=ann": "host=db.example user=ann",
    f"mysql://ann:{SECRET}@db.example/shop": "mysql://ann@db.example/shop",
    f"jdbc:postgresql://ann:{SECRET}@db.example/shop": "jdbc:postgresql://ann@db.example/shop",
    "exports/region_key=5/a:b@c.csv": None,
}
AMBIGUOUS = [
    f"postgresql://ann:p@{SECRET}@db.example/shop",
    f"postgresql://ann:p/{SECRET}@db.example/shop",
    f"postgresql://ann:p#{SECRET}@db.example/shop",
    f"postgresql://ann:p?{SECRET}@db.example/shop",
    f"postgresql://ann:5432?x={SECRET}@db.example/shop",
    f"postgresql://ann:%zz{SECRET}@db.example/shop",
    f"postgresql://ann@db.example/shop?password=a&{SECRET}",
    f"postgresql://ann@db.example/shop?password=a&b={SECRET}",
    f"postgresql:/ann:{SECRET}@db.example/shop",
    f"host=db.example password=a {SECRET}",
    f"host=db.example password='a {SECRET}",
]


@pytest.mark.parametrize(("address", "shown"), KEPT.items())
def test_an_address_without_its_secret(address: str, shown: str | None) -> None:
    assert without_password(address) == (shown or address)
    assert not is_ambiguous(address)
    said = without_secrets(f'FATAL: no pg_hba.conf entry for "{address}"', address)
    assert SECRET[1:] not in said


@pytest.mark.parametrize("address", AMBIGUOUS)
def test_what_cannot_be_taken_apart_is_neither_shown_nor_used(address: str, tmp_path: Path) -> None:
    assert SECRET not in without_password(address)
    assert is_ambiguous(address)
    with pytest.raises(UserError) as refused:
        find_tables(address, tmp_path)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("address", [*KEPT, *AMBIGUOUS])
def test_no_secret_gets_into_a_declaration(address: str) -> None:
    node = {
        "source_name": "shop",
        "name": "orders",
        "identifier": "shop__orders",
        "original_file_path": "models/staging/shop/_shop__sources.yml",
        "columns": {"id": {"name": "id"}},
    }

    def declared(**meta: str) -> None:
        table = {**node, "meta": {"format": "postgresql", **meta}}
        declared_source_tables({"sources": {"a": table}})

    if SECRET in address.replace("%73", SECRET[0]):
        with pytest.raises(UserError, match="holds a password in its url") as refused:
            declared(url=address)
        assert SECRET not in str(refused.value)
    with pytest.raises(UserError, match="name of an environment variable") as refused:
        declared(url="postgresql://ann@db.example/shop", password_env=f"{SECRET}!")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("address", [a for a in [*KEPT, *AMBIGUOUS] if SECRET[1:] in a])
def test_nothing_that_is_printed_or_written_holds_it(address: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data", project_copy(tmp_path / "project"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    console = Console(file=io.StringIO(), width=200)
    # No such host, nobody listens there, or no driver for it: the driver's own words are shown.
    for place in (address, address.replace("db.example", "127.0.0.1:1")):
        with pytest.raises(UserError) as refused:
            add_source(settings, "crm", place, yes=True, console=console)
        assert SECRET[1:] not in str(refused.value)
    assert SECRET[1:] not in console.file.getvalue()  # type: ignore[attr-defined]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
