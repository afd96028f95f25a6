"""Where `c360 source add` finds tables, and what it refuses to write."""

from __future__ import annotations

import io
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.errors import UserError
from orchestration.ingest.addresses import without_password
from orchestration.sources.add import add_source
from orchestration.sources.sniff import find_tables
from orchestration.terminal import Console
from tests.conftest import settings_in
from tests.own_data import project_copy
from tests.sources.added import add
from tests.sources.linting import lint, parse
from tests.sources.test_add_languages import export_shop
from tests.sources.workbooks import workbook

CUSTOMERS = (
    "customer_id,email,first_name,updated_at\n"
    "C1,a@x.org,Ann,2026-01-01\nC2,b@x.org,Bob,2026-01-02\n"
)
ORDERS = "order_id,customer_id,order_date,total\nO1,C1,2026-01-03,9.90\nO2,C2,2026-01-04,5.00\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_files_of_a_folder_become_tables_with_patterns(tmp_path: Path):
    landing = tmp_path / "landing"
    for day in ("2026-01-01", "2026-01-02"):
        write(landing / f"shop/orders_{day}.csv", ORDERS.replace("O", f"O{day[-1]}"))
        write(landing / f"shop/order_notes_{day}.csv", "note,on\nx,y\n")
        write(landing / f"shop/customers/{day[:4]}/{day[5:7]}/{day}.csv", CUSTOMERS)
    for kind in ("Upserts", "Deletes"):
        write(landing / f"shop/products/IncrementalData/2026/01/05/10/{kind}/part.csv",
              "sku,product_name,price\nA,Cheese,1.20\n")  # fmt: skip
    write(landing / "shop/README.md", "no table")
    write(landing / "shop/orders_2026-01-01.fin", "")
    found = {t.name: (t.path, len(t.files)) for t in find_tables(str(landing / "shop"), landing)}
    assert found == {
        "customers": ("shop/customers/**/*.csv", 2),
        "order_notes": ("shop/order_notes*.csv", 2),
        "orders": ("shop/orders*.csv", 2),
        "part": ("shop/products/**/part*.csv", 2),
    }
    # A file outside the landing folder is named in full, and alone.
    outside = write(tmp_path / "elsewhere/dataset3.csv", CUSTOMERS)
    (table,) = find_tables(str(outside), landing)
    assert (table.name, table.path) == ("dataset3", str(outside))
    with pytest.raises(UserError, match="does not exist"):
        find_tables(str(tmp_path / "nowhere"), landing)


def test_a_folder_may_be_called_what_it_likes(tmp_path: Path):
    place = write(tmp_path / "landing/C# & [50 %]/shop?/orders.csv", ORDERS)
    added = add(tmp_path, "shop", place.parent)
    assert added.rows("orders_orders", "order_id") == [("O1",), ("O2",)]


def test_lines_that_are_no_row_are_told(tmp_path: Path):
    more = "".join(f"O{n},C1,2026-01-04,5.00\n" for n in range(3, 9))
    path = write(tmp_path / "orders.csv", ORDERS + "O9,C1,2026-01-05,5.00,and,more\n" + more)
    added = add(tmp_path, "shop", path)
    assert "1 line can't be read as a row" in added.shown and "orders: 8 rows" in added.shown


def test_json_excel_parquet_and_sqlite_are_read(tmp_path: Path):
    folder = tmp_path / "mixed"
    lines = '{"order_id": "O1", "customer_id": "C1", "ordered_at": "2026-01-03", "total": 9.9}\n'
    write(folder / "orders.ndjson", lines + lines.replace("O1", "O2"))
    with duckdb.connect() as con:
        con.execute(
            f"copy (select 'C' || i as customer_id, 'p' || i || '@x.org' as email, "
            f"timestamp '2026-01-01' as created_at from range(5) as t(i)) "
            f"to '{folder}/customers.parquet'"
        )
    with sqlite3.connect(folder / "stock.sqlite") as database:
        database.execute("create table articles (sku text, product_name text, price real)")
        database.execute("insert into articles values ('A', 'Cheese', 1.2), ('B', 'Oil', 3.0)")
    one = [["Bestellnr", "Kundennr", "Datum", "Betrag"], ["7", "C1", "2026-01-03", "9.90"]]
    workbook(folder / "filiale.xlsx", {"Bestellungen": one, "Leer": []})
    added = add(tmp_path, "mixed", folder)
    assert added.meta("filiale")["options"] == {"sheet": "Bestellungen"}
    assert added.rows("filiale_orders", "order_id, source_record_id, gross_amount") == [
        ("7", "C1", Decimal("9.90"))
    ]
    assert added.feeds() == {
        "articles": "products",
        "filiale_orders": "orders",
        "filiale_order_lines": "order_lines",
        "customers": "customer_records",
        "orders_orders": "orders",
        "orders_order_lines": "order_lines",
    }
    assert added.meta("articles")["database_table"] == "articles"
    types = {c["name"]: c.get("data_type") for c in added.table("customers")["columns"]}
    assert types == {"customer_id": None, "email": None, "created_at": "timestamp"}
    rows = added.rows("customers", "count(*), cast(min(created_at) as varchar)")
    assert rows == [(5, "2026-01-01 00:00:00")]


def test_a_second_table_extends_the_source_and_nothing_is_overwritten(tmp_path: Path):
    customers = write(tmp_path / "landing/crm/customers.csv", CUSTOMERS)
    orders = write(tmp_path / "landing/crm/orders.csv", ORDERS)
    first = add(tmp_path, "crm", customers)
    declared = first.folder / "_crm__sources.yml"
    declared.write_text(declared.read_text() + "# Ours: asked for on Monday.\n")
    project_yml = first.settings.dbt_project_dir / "dbt_project.yml"
    shop = "      - stg_web_shop__orders\n"
    before = project_yml.read_text().replace(shop, f"{shop}    # Lines follow.\n")
    project_yml.write_text(before)
    second = add(tmp_path, "crm", orders, maps={"orders": ["orders"]})
    assert [t["name"] for t in second.source["tables"]] == ["customers", "orders"]
    assert "# Ours: asked for on Monday." in declared.read_text()
    # Every line of dbt_project.yml that was there still is, comments too, in the same order.
    added_lines = [x for x in project_yml.read_text().splitlines() if x not in before.splitlines()]
    assert added_lines == ["      - stg_crm__orders"]
    assert f"{shop}      - stg_crm__orders\n    # Lines follow.\n" in project_yml.read_text()
    kept = [x for x in project_yml.read_text().splitlines() if x not in added_lines]
    assert kept == before.splitlines()
    written = {p: p.read_bytes() for p in second.folder.iterdir()}
    with pytest.raises(UserError, match="declares customers already"):
        add(tmp_path, "crm", customers)
    members = add(tmp_path, "crm", write(tmp_path / "landing/crm/members.csv", CUSTOMERS))
    assert "stg_crm__customers feeds customer_records of crm already" in members.shown
    written |= {p: p.read_bytes() for p in members.folder.iterdir() if p not in written}
    written[declared] = declared.read_bytes()
    assert {p: p.read_bytes() for p in second.folder.iterdir()} == written


def test_hostile_names_become_neither_sql_nor_jinja(tmp_path: Path):
    header = '"order; drop table x--","it\'s ""quoted""",select,E-Mail,Vor name,,Tag,Tag'
    path = write(
        tmp_path / "odd.csv", header + "\n1,2,3,a@x.org,Ann,5,6,7\n2,3,4,b@x.org,Bob,6,7,8\n"
    )
    added = add(tmp_path, "odd", path, maps={"odd": ["customer_records"]})
    names = [c["name"] for c in added.table("odd")["columns"]]
    assert names == [
        "order_drop_table_x", "it_s_quoted", "select_", "e_mail", "vor_name",
    ]  # fmt: skip
    assert "3 columns have no name of their own" in added.shown
    assert added.rows("odd", "source_record_id, email") == [("1", "a@x.org"), ("2", "b@x.org")]
    for name in ("{{ env_var('HOME') }}", "a {% do x %}", "x{# y"):
        bad = write(tmp_path / "bad.csv", f'"{name}",email\n1,a@x.org\n2,b@x.org\n')
        with pytest.raises(UserError, match="in the name of column 1"):
            add(tmp_path, "bad", bad)
    # A value that looks like Jinja is data: it may only decide between words that are known.
    status = write(
        tmp_path / "status.csv",
        ORDERS.replace("total", "total,status")
        .replace(".90", ".90,paid")
        .replace(".00", ".00,{{ x }}"),
    )
    with pytest.raises(UserError, match="set aside as invalid_code") as asked:
        add(tmp_path, "states", status)
    assert "{{ x" not in str(asked.value)
    added = add(tmp_path, "states", status, set_aside=0.6)
    assert "{{ x" not in added.sql("status_orders")


@pytest.mark.parametrize("name", ["Shop", "1shop", "a-b", "../x", "ingest", "select", "a__b", ""])
def test_names_that_are_no_source_are_refused(name: str, tmp_path: Path):
    with pytest.raises(UserError, match=r"Choose|Use lower-case"):
        add(tmp_path, name, write(tmp_path / "c.csv", CUSTOMERS))


def test_nobody_to_ask_and_mappings_that_cannot_be(tmp_path: Path):
    path = write(tmp_path / "c.csv", CUSTOMERS)
    settings = settings_in(tmp_path / "data", project_copy(tmp_path / "dbt_project"))
    with pytest.raises(UserError, match="--yes"):
        add_source(settings, "crm", str(path), console=Console(file=io.StringIO()))
    with pytest.raises(UserError, match=r"can't feed orders: nothing in it is .*gross_amount"):
        add(tmp_path, "crm", path, maps={"c": ["orders"]})
    with pytest.raises(UserError, match="there are c"):
        add(tmp_path, "crm", path, maps={"d": ["orders"]})
    with pytest.raises(UserError, match="no table has it"):
        add(tmp_path, "crm", path, renames={"nothing": "customer_id"})
    assert not (settings.dbt_project_dir / "models/staging/crm").exists()
    # Two tables that mean different things by the same ids would overwrite each other.
    write(tmp_path / "two/customers.csv", CUSTOMERS)
    write(tmp_path / "two/members.csv", CUSTOMERS.replace("customer_id", "member_id"))
    with pytest.raises(UserError, match="2 ids occur in both"):
        add(tmp_path, "two", tmp_path / "two")
    # Landing only, when the user says so.
    added = add(tmp_path, "crm", path, maps={"c": []})
    assert added.models == [] and added.table("c")["columns"]


def test_nothing_shown_or_written_holds_a_value_or_a_password(tmp_path: Path):
    secret = "Wolfgang Amadeus"
    text = CUSTOMERS.replace("Ann", secret).replace("a@x.org", "amadeus@vienna.example")
    added = add(tmp_path, "crm", write(tmp_path / "customers.csv", text))
    everything = added.shown + "".join(p.read_text() for p in added.folder.iterdir())
    assert "Xxxxxxxx Xxxxxxx" in added.shown or "Xxx" in added.shown
    assert secret not in everything and "vienna" not in everything
    url = "postgresql://ann:s3cret@db.example:5432/shop?sslmode=require&password=s3cret"
    assert without_password(url) == "postgresql://ann@db.example:5432/shop?sslmode=require"


def test_ambiguous_dates_are_asked_about_or_follow_the_others(tmp_path: Path):
    rows = "id,email,created_at,updated_at\n1,a@x.org,01/02/2026,{0}\n2,b@x.org,03/04/2026,{0}\n"
    path = write(tmp_path / "g/c.csv", rows.format("05/06/2026"))
    with pytest.raises(UserError, match="day or month may come first") as asked:
        add(tmp_path, "asked", path)
    assert "--format 'created_at=%m/%d/%Y'" in str(asked.value)
    said = [("created_at", "%m/%d/%Y"), ("updated_at", "%m/%d/%Y")]
    assert "'%m/%d/%Y'" in add(tmp_path, "said", path, formats=said).sql("c")
    known = add(tmp_path, "known", write(tmp_path / "k/c.csv", rows.format("05/26/2026")))
    assert "'%m/%d/%Y'" in known.sql("c") and "'%d/%m/%Y'" not in known.sql("c")


@pytest.mark.slow
def test_the_generated_models_are_valid_for_dbt_and_lint_free(tmp_path: Path):
    export_shop("german", tmp_path / "german")
    add(tmp_path, "german", tmp_path / "german")
    long_name = "a very long name of a column that somebody once typed into a sheet " * 2
    dates = "01/02/2026;2;x\n25.12.2025;3;y\n2026-01-02;4;z\n"
    add(tmp_path, "long", write(tmp_path / "long.csv", f"created at;id;{long_name}e-mail\n{dates}"),
        maps={"long": ["customer_records"]})  # fmt: skip
    export_shop("english", tmp_path / "english")
    added = add(tmp_path, "english", tmp_path / "english")
    manifest = parse(added.settings)
    model = manifest["nodes"]["model.customer_360.stg_english__order_items_orders"]
    assert model["config"]["meta"]["entity"] == "orders"
    assert "source.customer_360.english.order_items" in model["depends_on"]["nodes"]
    orders = manifest["nodes"]["model.customer_360.orders"]["depends_on"]["nodes"]
    assert "model.customer_360.stg_english__order_items_orders" in orders
    assert lint(added.folder.parent) == ""
    text = (added.folder / "stg_english__customers.yml").read_text()
    label = {c["name"]: c.get("config") for c in yaml.safe_load(text)["models"][0]["columns"]}
    assert label["email"] == {"meta": {"label": "I1"}}


@pytest.mark.parametrize("line", ["[1]", '"x"', "null", "7", "[{}]"])
def test_a_json_line_that_is_no_object_costs_itself_only(tmp_path: Path, line: str) -> None:
    good = [{"id": n, "email": f"a{n}@x.org"} for n in range(1, 31)]
    lines = [*map(json.dumps, good[:20]), line, *map(json.dumps, good[20:])]
    added = add(tmp_path, "log", write(tmp_path / "log" / "people.ndjson", "\n".join(lines)).parent)
    [(table, entity)] = added.feeds().items()
    assert entity == "customer_records"
    assert "1 line can't be read as a row" in " ".join(added.shown.split())
    con = added.staged(table)
    accepted = "select count(*), count(email) from staged.{} where reject_reason is null"
    assert con.execute(accepted.format(table)).fetchall() == [(30, 30)]
    rejected = "select line_number, line_text from landing.rejected_lines"
    assert con.execute(rejected).fetchall() == [(21, line)]
