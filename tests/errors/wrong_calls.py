"""Calls that are wrong as they are written, whatever the state: exit code 2 and one paragraph."""

from __future__ import annotations

from pathlib import Path

from tests.errors.calls import HELP, Case
from tests.errors.commands import ANY_NUMBER, COMMANDS


def unknown_options() -> list[Case]:
    """Every command with an option that it does not have, and with one argument too many."""
    cases = []
    for command in COMMANDS:
        name = " ".join(command[:2])
        cases.append(Case(f"{name}: unknown option", (*command, "--nope"), 2, ("--nope", HELP)))
        if command not in ANY_NUMBER:
            cases.append(Case(f"{name}: one too many", (*command, "[red]x"), 2, ("[red]x", HELP)))
    return cases


def _refused(name: str, *arguments: str, says: tuple[str, ...]) -> Case:
    return Case(name, arguments, 2, says)


CALLS = [
    _refused(
        "segment compile: no such rule file",
        "segment",
        "compile",
        "nobody_knows",
        says=("no rule file 'nobody_knows'", "win_back"),
    ),
    _refused("no such command", "nope", says=("nope", HELP)),
    _refused("no such command, with markup", "[bold]x[/]", says=("[bold]x[/]", HELP)),
    _refused("no such command, with an escape", "\x1b[31mx", says=("x1b[31mx", HELP)),
    _refused("no such source command", "source", "nope", says=("nope", HELP)),
    _refused("no such identity command", "identity", "nope", says=("nope", HELP)),
    _refused("profile search: no word at all", "profile", "search", says=("text", HELP)),
    _refused("profile: no such day", "profile", "x", "--since", "1.2.2026", says=("since", HELP)),
    _refused("no such value command", "value", "nope", says=("nope", HELP)),
    _refused("no such template", "new", "nope", says=("nope", HELP)),
    _refused("query: nothing to ask", "query", says=("sql", HELP)),
    _refused("bench: no name", "bench", says=("name", HELP)),
    _refused("source check: no name", "source", "check", says=("name", HELP)),
    _refused("source add: no place", "source", "add", "x", says=("PATH_OR_URL", HELP)),
    _refused("source remove: no name", "source", "remove", says=("name", HELP)),
    _refused("source remove: no such source", "source", "remove", "x", "--yes", says=("x",)),
    _refused("source expectations: no name", "source", "expectations", says=("name", HELP)),
    _refused("explain: one record", "identity", "explain", "a:1", says=("record_b", HELP)),
    _refused("simulate: no file", "identity", "simulate", says=("file", HELP)),
    _refused("unmerge: nobody", "identity", "unmerge", says=("profile", "--records")),
    _refused("new measure: no name", "new", "measure", says=("name", HELP)),
    _refused("demo: nobody", "demo", "--customers", "0", says=("--customers", HELP)),
    _refused("demo: less than nobody", "demo", "--customers", "-1", says=("--customers", HELP)),
    _refused("demo: not a number", "demo", "--customers", "many", says=("--customers", HELP)),
    _refused("demo: a float", "demo", "--customers", "1e9", says=("--customers", HELP)),
    _refused("demo: no months", "demo", "--months", "0", says=("--months", HELP)),
    _refused("demo: too many months", "demo", "--months", "121", says=("--months", HELP)),
    _refused("demo: a seed in words", "demo", "--seed", "x", says=("--seed", HELP)),
    _refused("demo: no date", "demo", "--end-on", "31/02/2026", says=("--end-on", "2026-11-01")),
    _refused("run: no day", "run", "--as-of", "2026-31-31", says=("--as-of", "2026-11-01")),
    _refused("run: no landing folder", "run", "--landing", "/nowhere", says=("/nowhere", "folder")),
    _refused("run: landing is a file", "run", "--landing", __file__, says=(__file__, "folder")),
    _refused("run: landing without a value", "run", "--landing", says=("--landing", HELP)),
    _refused(
        "check: no landing folder",
        "source",
        "check",
        "x",
        "--landing",
        "/nowhere",
        says=("/nowhere", "folder"),
    ),
    _refused(
        "list: no landing folder",
        "source",
        "list",
        "--landing",
        "/nowhere",
        says=("/nowhere", "folder"),
    ),
    _refused(
        "add: no file", "source", "add", "x", "/nowhere/x.csv", "--yes", says=("/nowhere/x.csv",)
    ),
    _refused(
        "add: a name with blanks",
        "source",
        "add",
        "web shop",
        __file__,
        "--yes",
        says=("web shop",),
    ),
    _refused(
        "add: a map without a sign",
        "source",
        "add",
        "x",
        __file__,
        "--map",
        "nothing",
        says=("--map", "name=value"),
    ),
    _refused(
        "add: a rename without a sign",
        "source",
        "add",
        "x",
        __file__,
        "--rename",
        "nothing",
        says=("--rename", "name=value"),
    ),
    _refused("bench: unknown", "bench", "nothing", says=("nothing", "pipeline")),
    _refused(
        "bench: too small", "bench", "pipeline", "--customers", "99", says=("--customers", HELP)
    ),
    _refused("bench: never", "bench", "pipeline", "--repeat", "0", says=("--repeat", HELP)),
    _refused("simulate: no such file", "identity", "simulate", "/nowhere/x", says=("/nowhere/x",)),
    _refused(
        "simulate: a folder",
        "identity",
        "simulate",
        str(Path(__file__).parent),
        says=(str(Path(__file__).parent),),
    ),
    _refused("measure: capitals", "new", "measure", "Bad Name", says=("Bad Name", "gift_revenue")),
    _refused("measure: a keyword", "new", "measure", "select", says=("select",)),
    _refused(
        "measure: no such model", "new", "measure", "gifts", "--from", "nothing", says=("nothing",)
    ),
    _refused(
        "measure: no such function",
        "new",
        "measure",
        "gifts",
        "--function",
        "nope",
        says=("nope", "sum"),
    ),
    _refused(
        "measure: no such shape", "new", "measure", "gifts", "--shape", "x", says=("--shape", HELP)
    ),
    _refused(
        "measure: no such column", "new", "measure", "gifts", "--value", "[red]", says=("[red]",)
    ),
    _refused(
        "measure: taken", "new", "measure", "customer_attributes", says=("customer_attributes",)
    ),
    *(
        _refused(f"{command}: port {port}", command, "--port", port, says=("--port", HELP))
        for command in ("ui", "dashboard")
        for port in ("-1", "70000", "web")
    ),
]

QUERIES = [
    ("nothing", "", "statement"),
    ("blanks", "  \n ", "statement"),
    ("a comment", "/* what now */", "statement"),
    ("semicolons", ";;", "statement"),
    ("two statements", "select 1; select 2", "2 statements"),
    ("a deletion", "delete from insights.fact_profile", "select"),
    ("an update", "update insights.fact_profile set profile_count = 0", "select"),
    ("a new table", "create table insights.x as select 1", "select"),
    ("a setting", "set threads = 1", "select"),
    ("a transaction", "begin", "select"),
    ("an attachment", "attach '/etc/passwd' as x", "select"),
    ("an export", "copy insights.fact_profile to '/tmp/leak.csv'", "select"),
    ("a file", "from read_text('/etc/passwd')", "can't answer"),
    ("the network", "from read_csv('https://localhost/x.csv')", "can't answer"),
    ("no such table", "from insights.nothing", "show tables"),
    ("a table with markup", 'from "[red]nothing[/]"', "[red]nothing[/]"),
    ("a table with an escape", 'from "\x1b[31mnothing"', "x1b[31mnothing"),
    ("half a word", "selec", "can't answer"),
    ("a parameter", "select ?", "can't answer"),
    ("a value that is none", "select cast('x' as int)", "can't answer"),
    ("no such file", "/nowhere/question.sql", "/nowhere/question.sql"),
]


def _texts(data: Path, folder: Path) -> None:
    (folder / "empty.sql").write_text("")
    (folder / "latin.sql").write_bytes("select 'é'".encode("latin-1"))
    (folder / "zero.sql").write_bytes(b"select 1\0; drop table x")
    (folder / "folder.sql").mkdir()
    with (folder / "huge.sql").open("w") as handle:
        handle.truncate(10**9)
    (folder / "two.sql").write_text("select 1;\nselect 2;\n")


def queries() -> list[Case]:
    """Questions that are none, or that the published model has no answer to."""
    cases = [
        Case(f"query: {name}", ("query", sql), 2, (says,), base="published")
        for name, sql, says in QUERIES
    ]
    for name in ("empty", "latin", "zero", "folder", "huge", "two"):
        says = "statement" if name in ("empty", "two", "zero") else f"{name}.sql"
        cases.append(
            Case(
                f"query: {name}.sql",
                ("query", f"{{folder}}/{name}.sql"),
                2,
                (says,),
                _texts,
                base="published",
            )
        )
    for sql, says in (
        ("select 1 from fact_segmnt", "Nearest: fact_segment"),
        ("select a b c", "column 12"),
        ("select 'open", "quote"),
        ("select 1; select 2", "2 statements"),
        ("", "no statement"),
        ("drop table fact_segment", "no question"),
        ("select stdefp(1)", "line 1, column 8"),
        ("select ${day}", "${day}"),
        ("select * from read_csv('/etc/passwd')", "can't answer"),
    ):
        asked = ("query", sql, "--dialect", "redshift")
        cases.append(Case(f"query: redshift {sql}", asked, 2, (says,), base="published"))
    for option, value in (
        ("--dialect", "cobol"),
        ("--dialect", "\x1b[31m"),
        ("--limit", "0"),
        ("--limit", "-1"),
        ("--limit", "all"),
        ("--limit", "9" * 30),
        ("--format", "xml"),
        ("--format", ""),
    ):
        cases.append(
            Case(
                f"query: {option} {value[:9]}",
                ("query", "select 1", option, value),
                2,
                (option,),
                base="published",
            )
        )
    twice = ("query", "select 1 as a, 2 as a", "--format", "json")
    cases.append(Case("query: two names in JSON", twice, 2, ("'a'", "as"), base="published"))
    return cases
