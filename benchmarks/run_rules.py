"""Child of the `segments` benchmark: makes a table of each rule's members, one by one."""

from __future__ import annotations

import json
import os
import re
import sys

import duckdb

from benchmarks.segment_rules import by_hand, rule
from orchestration.segments.catalogue import CLOCK, read_catalogue
from orchestration.segments.compiler import compile_rule
from orchestration.segments.rule import Rule
from orchestration.settings import DBT_PROJECT_DIR

REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")


def main(database: str, way: str, rules: str) -> None:
    """Make `segments.rule_<number>` of each; prints the members of every rule as JSON.

    Parameters:
        database: the file to work in.
        way: compiled or by_hand.
        rules: how many.
    """
    catalogue = read_catalogue(DBT_PROJECT_DIR)
    layers = {name: table.layer for name, table in catalogue.tables.items()} | {CLOCK: "conformed"}
    members = {}
    with duckdb.connect(database) as con:
        con.execute("set memory_limit = ?", [os.environ.get("C360_MEMORY_LIMIT", "4GB")])
        con.execute("set threads = 2; set preserve_insertion_order = false")
        for number in range(int(rules)):
            said, name = rule(number), f"rule_{number}"
            sql = by_hand(said)
            if way == "compiled":
                text = compile_rule(name, Rule.model_validate(said), catalogue)
                sql = text.split("-#}", 1)[1]
                for model in set(REF.findall(sql)):
                    sql = sql.replace(f"{{{{ ref('{model}') }}}}", f"{layers[model]}.{model}")
            con.execute(f"create or replace table segments.{name} as {sql}")
            count = con.execute(f"select count(*) from segments.{name}").fetchone()
            members[name] = count[0] if count else 0
            con.execute(f"drop table segments.{name}")
    print(json.dumps(members))


if __name__ == "__main__":
    main(*sys.argv[1:])
