"""Sources that `c360 source add` wrote: refreshed, delivery after delivery, or built whole."""

from __future__ import annotations

import copy
import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.settings import Settings
from orchestration.sources.add import add_source
from orchestration.terminal import Console
from orchestration.transform.node_rules import NodeRules
from tests.refresh.lab import Lab

TODAY = date(2026, 5, 1)
LAST_DAY = TODAY + timedelta(days=1)
NAMES = ("Ann", "Bea", "Carl", "Dora", "Emil", "Fritz", "Gerda", "Hanna")
HEADERS = {
    "people/customers": "id,first_name,last_name,email,date_of_birth,created_at,points",
    "till/lines": "order_id,customer_id,order_date,product_id,quantity,unit_price",
    "log/visits": "customer_id,event_type,occurred_at",
    "cart/orders": "order_id,customer_id,order_date,product_id,quantity,unit_price",
}
ADDED: dict[str, dict[str, Any]] = {
    "people": {"attributes": {"points": "bonus"}, "formats": [("date_of_birth", "%d.%m.%Y")]},
    "till": {},
    "cart": {"currency": "EUR"},
    "log": {"maps": {"visits": ("events",)}},
}


class Landing:
    """What lies in the landing folder, by table and name of the file."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice = folder, dice
        self.server: list[Any] = []
        self.files: dict[tuple[str, str], list[list[str]]] = {}
        for table in HEADERS:
            for name in "12":
                self.write(table, name, [self.row(table) for _ in range(40)])

    def row(self, table: str) -> list[str]:
        """A row of some of few keys, now and then with a fault."""
        dice = self.dice
        number, day = dice.randrange(60), TODAY - timedelta(days=dice.randrange(90))
        born = f"{dice.randrange(1, 29):02}.{dice.randrange(1, 13):02}.{dice.randrange(1950, 2000)}"
        if table == "people/customers":
            name = dice.choice(NAMES)
            key = f"P{number}" if dice.random() > 0.03 else ""
            mail = f"{name}{number}@x.org".lower()
            if number == 7:
                # Who is born after today is not born yet; two days later they are.
                born = f"{TODAY + timedelta(days=1):%d.%m.%Y}"
            points = str(dice.randrange(500))
            return [key, name, "Meier", mail, born, f"{day} 10:00:00", points]
        if table == "cart/orders":
            # What is of the order stands on some of its lines only.
            first = dice.random() < 0.6
            said = [f"P{number % 50}", f"{day} 11:00:00"] if first else ["", ""]
            return [f"T{number}", *said, f"A{dice.randrange(9)}", "1", "9.99"]
        if table == "till/lines":
            buyer = f"P{number % 50}" if dice.random() > 0.05 else "guest"
            # A wrong date makes the line's order another one than its other lines say.
            return [
                f"T{number}" if dice.random() > 0.05 else "", buyer, str(day),
                f"A{dice.randrange(9)}", str(dice.choice((1, 2, 3, -1))),
                f"{dice.randrange(1, 90)}.99",
            ]  # fmt: skip
        return [f"P{number}", dice.choice(("view", "click")), f"{day} 09:{number:02}:00"]

    def write(self, table: str, name: str, rows: list[list[str]]) -> None:
        self.files[table, name] = rows
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADERS[table].split(","), *rows])
        path = self.folder / f"{table}_{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8")

    def go_on(self) -> None:
        """A file grows, one loses rows and has others changed, one comes, one goes."""
        for table in HEADERS:
            grows, changes = self.dice.sample([n for t, n in self.files if t == table], 2)
            self.write(table, grows, [*self.files[table, grows], self.row(table), self.row(table)])
            rows = self.files[table, changes]
            kept = [r if self.dice.random() > 0.1 else self.row(table) for r in rows[2:]]
            self.write(table, changes, kept)
            name = f"{3 + len(self.files)}"
            self.write(table, name, [self.row(table) for _ in range(9)])
            if self.dice.random() < 0.3:
                del self.files[table, grows]
                (self.folder / f"{table}_{grows}.csv").unlink()


@pytest.fixture(scope="module")
def dice() -> random.Random:
    return random.Random(5)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory, dice: random.Random) -> Landing:
    return Landing(tmp_path_factory.mktemp("added") / "lab" / "landing", dice)


@pytest.fixture(scope="module")
def lab(landing: Landing) -> Lab:
    """The project with three sources more, not built yet."""

    def add(settings: Settings) -> None:
        """Add them; what was bought may be used until tomorrow."""
        for name, options in ADDED.items():
            console = Console(file=io.StringIO())
            add_source(
                settings, name, str(landing.folder / name), yes=True, set_aside=0.5,
                console=console, **options,
            )  # fmt: skip

        bought = settings.dbt_project_dir / "models/staging/log/_log__sources.yml"
        terms = f"party: third\n        legal_basis: consent\n        use_until: '{LAST_DAY}'\n"
        text = bought.read_text().replace("      meta:\n", f"      meta:\n        {terms}", 1)
        bought.write_text(text)

    return Lab(landing.folder.parent, prepare=add)


@pytest.mark.parametrize(
    ("table", "column", "said", "built"),
    [
        ("log.visits", None, {"use_until": "2030-01-01"}, {"stg_log__visits", "source_terms"}),
        (
            "people.customers",
            "points",
            {"label": "I1"},
            {"stg_people__customers", "attributes", "attribute_subscriptions"},
        ),
        ("people.customers", "points", {"semantic_type": "points"}, set()),
    ],
)
def test_what_is_declared_anew_is_built_anew(
    lab: Lab, table: str, column: str | None, said: dict[str, str], built: set[str]
) -> None:
    """Terms and attributes are rules of the models that read them, and of no other one."""
    manifest = copy.deepcopy(lab.manifest)
    source = manifest["sources"][f"source.customer_360.{table}"]
    declared = source if column is None else source["columns"][column]
    declared["config"]["meta"] |= said
    before, after = (NodeRules(lab.settings, told) for told in (lab.manifest, manifest))
    ids = [node["unique_id"] for node in lab.models.values()]
    assert {i.rpartition(".")[2] for i in ids if before.of(i) != after.of(i)} == built


@pytest.mark.slow
def test_added_sources_are_refreshed_as_they_are_built(lab: Lab, landing: Landing) -> None:
    added = {name for name in lab.refreshed if name.split("__")[0].removeprefix("stg_") in ADDED}
    assert len(added) >= 5, added
    company: Any = SimpleNamespace(server=[])
    lab.load(company, TODAY)
    lab.build(policy=True)
    [(told, guests)] = lab.query(
        "select (select count(attributes) from conformed.customer_records), "
        "(select count(*) from conformed.orders where source_record_id is null)"
    )
    assert told > 20 and guests > 0
    changed: set[str] = set()
    for step in range(3):
        if step != 1:
            landing.go_on()
        lab.load(company, TODAY + timedelta(days=step))
        lab.build(lab.refreshed)
        assert lab.differences() == {}, step
        [(used,)] = lab.query("select count(*) from conformed.events where source_system = 'log'")
        assert (used > 20) == (TODAY + timedelta(days=step) <= LAST_DAY)
        changed |= {m for m in added if lab.query(f"from operations.delta_{m} limit 1")}
    assert changed == added
