"""The materialization `connected_components` against networkx, through dbt itself."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import networkx as nx
import pytest

from orchestration.settings import DBT_PROJECT_DIR

Edge = tuple[str, str]

RANDOM_GRAPHS = 200
GRAPHS_A_MODEL = 50
DESCRIPTION = "Nodes and their component. It's one row per node."

RUN_TWICE = """
import json, sys
import duckdb
from dbt.cli.main import dbtRunner
options = ["--project-dir", ".", "--profiles-dir", ".", "--no-use-colors", "--quiet"]
dbt = dbtRunner(manifest=dbtRunner().invoke(["parse", *options]).result)
first = dbt.invoke(["run", *options])
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
DuckDBConnectionManager.close_all_connections()
with duckdb.connect("graphs.duckdb") as con:
    con.execute("create table first_run as select * from main.chain_800")
    con.execute("delete from edges where graph = 'chain_800' and a = '400'")
second = dbt.invoke(["run", *options, "--select", "chain_800"])
messages = {r.node.name: [str(r.status), r.message or ""] for r in first.result}
messages["chain_800 again"] = [str(second.result[0].status), second.result[0].message or ""]
json.dump(messages, open("messages.json", "w"))
"""


def node(name: str) -> int:
    """What hash60 makes of a name: the first 15 hexadecimal digits of its md5."""
    return int(hashlib.md5(name.encode()).hexdigest()[:15], 16)


def chain(length: int) -> list[Edge]:
    return [(str(i), str(i + 1)) for i in range(length - 1)]


def random_graph(seed: int) -> list[Edge]:
    """From almost nothing to one giant component, with loops, doubles and both directions."""
    dice = random.Random(seed)
    names = [f"n{seed}_{i}" for i in range(dice.choice([2, 5, 20, 60, 200]))]
    edge_count = int(len(names) * dice.choice([0.2, 0.5, 0.9, 1.0, 1.5, 3.0])) + 1
    return [(dice.choice(names), dice.choice(names)) for _ in range(edge_count)]


def graphs() -> dict[str, list[Edge]]:
    """All graphs by name, one model each. Random ones share: dbt's time is per model."""
    named: dict[str, list[Edge]] = {}
    for seed in range(RANDOM_GRAPHS):
        named.setdefault(f"random_{seed // GRAPHS_A_MODEL}", []).extend(random_graph(seed))
    return named | {
        "chain_800": chain(800),
        "chain_10000": chain(10_000),
        "star": [("centre", f"leaf{i}") for i in range(5_000)],
        "stars_on_a_chain": chain(50)
        + [(str(i), f"{i}_{j}") for i in range(50) for j in range(20)],
        "circle": [*chain(300), ("299", "0")],
        "empty": [],
        "loops_only": [("a", "a"), ("b", "b")],
        "too_few_rounds": chain(200),
        "was_a_view": [("a", "b"), ("b", "c")],
    }


def expected_components(edges: Iterable[Edge]) -> dict[int, int]:
    """By networkx: each linked node with the smallest node of its component."""
    graph = nx.Graph((node(a), node(b)) for a, b in edges if a != b)
    return {
        member: min(component)
        for component in nx.connected_components(graph)
        for member in component
    }


@dataclass(frozen=True)
class Outcome:
    """The warehouse after two runs and what dbt said of each model."""

    path: Path
    messages: dict[str, tuple[str, str]]

    def components(self, table: str) -> dict[int, int]:
        with duckdb.connect(str(self.path), read_only=True) as con:
            rows = con.execute(f"select node_id, component_id from main.{table}").fetchall()
        found = dict(rows)
        assert len(found) == len(rows), f"{table} has a node twice"
        return found


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A dbt project with one model per graph and our macros, run twice in one process."""
    project = tmp_path_factory.mktemp("components")
    (project / "models").mkdir()
    (project / "macros").mkdir()
    for macro in (
        "connected_components.sql",
        "contraction.sql",
        "engine.sql",
        "refresh.sql",
        "reached_strategy.sql",
    ):
        shutil.copy(DBT_PROJECT_DIR / "macros" / macro, project / "macros")
    (project / "dbt_project.yml").write_text(
        "name: graphs\nprofile: graphs\nconfig-version: 2\n"
        "flags: {send_anonymous_usage_stats: false}\n"
    )
    (project / "profiles.yml").write_text(
        "graphs: {target: t, outputs: {t: {type: duckdb, path: graphs.duckdb, threads: 2}}}\n"
    )
    (project / "models" / "docs.yml").write_text(
        "models:\n  - name: star\n"
        f'    description: "{DESCRIPTION}"\n'
        "    config: {persist_docs: {relation: true, columns: true}}\n"
        "    columns: [{name: node_id, description: The node.}]\n"
    )
    named = graphs()
    for name in named:
        limit = ", max_rounds=2" if name == "too_few_rounds" else ""
        (project / "models" / f"{name}.sql").write_text(
            "{{ config(materialized='connected_components'" + limit + ") }}\n"
            "select {{ hash60('a') }} as node_a, {{ hash60('b') }} as node_b\n"
            f"from edges where graph = '{name}'\n"
        )
    path = project / "graphs.duckdb"
    rows = [(name, a, b) for name, edges in named.items() for a, b in edges]
    texts = "".join(f"{name},{a},{b}\n" for name, a, b in rows)
    (project / "edges.csv").write_text("graph,a,b\n" + texts)
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create table edges as select * from read_csv(?, all_varchar = true)",
            [str(project / "edges.csv")],
        )
        con.execute("create view was_a_view as select 1 as node_id, 1 as component_id")
    subprocess.run([sys.executable, "-c", RUN_TWICE], cwd=project, check=True, timeout=300)
    said = json.loads((project / "messages.json").read_text())
    return Outcome(path, {name: (status, text) for name, (status, text) in said.items()})


@pytest.mark.parametrize("name", [name for name in graphs() if name != "too_few_rounds"])
def test_components_are_those_of_networkx(outcome: Outcome, name: str) -> None:
    assert outcome.messages[name][0] == "success", outcome.messages[name][1]
    table = "first_run" if name == "chain_800" else name
    assert outcome.components(table) == expected_components(graphs()[name])


def test_a_chain_of_800_is_one_component(outcome: Outcome) -> None:
    assert len(set(outcome.components("first_run").values())) == 1


def test_a_rerun_forgets_links_that_are_gone(outcome: Outcome) -> None:
    assert outcome.messages["chain_800 again"][0] == "success"
    edges = [edge for edge in chain(800) if edge[0] != "400"]
    assert outcome.components("chain_800") == expected_components(edges)
    assert len(set(outcome.components("chain_800").values())) == 2


def test_giving_up_names_the_remedy(outcome: Outcome) -> None:
    status, message = outcome.messages["too_few_rounds"]
    assert status == "error"
    assert "links are left after 2 rounds" in message
    assert "hash60" in message


def test_descriptions_reach_the_warehouse(outcome: Outcome) -> None:
    with duckdb.connect(str(outcome.path), read_only=True) as con:
        table = con.execute("select comment from duckdb_tables() where table_name = 'star'")
        assert table.fetchall() == [(DESCRIPTION,)]
        columns = con.execute(
            "select column_name, comment from duckdb_columns() where table_name = 'star'"
        )
        assert dict(columns.fetchall()) == {"node_id": "The node.", "component_id": None}


def test_no_intermediate_table_stays_behind(outcome: Outcome) -> None:
    with duckdb.connect(str(outcome.path), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables()").fetchall()
    built = set(graphs()) - {"too_few_rounds"}
    assert {name for (name,) in tables} == built | {"edges", "first_run"}
