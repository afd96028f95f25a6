"""`c360`, the command line. Heavy imports happen inside the commands, so that help is quick."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.activation.commands import app as activation
from orchestration.alerts.commands import app as alerts
from orchestration.backup.commands import backup, restore
from orchestration.beginning import begin
from orchestration.calls import require_folder, run_command
from orchestration.errors import UserError
from orchestration.failures import STOPPED_CODE, in_words
from orchestration.identity.commands import app as identity
from orchestration.lineage.commands import lineage
from orchestration.lookup.commands import app as lookup
from orchestration.page_commands import build, dashboard, superset, ui
from orchestration.private_files import write_privately
from orchestration.progress import bar
from orchestration.publish.commands import app as publish
from orchestration.questions.commands import app as questions
from orchestration.segment_tools.commands import app as segments
from orchestration.settings import require_project
from orchestration.sources.commands import app as sources
from orchestration.terminal import Console, lacking, prepare_streams, styled, take_streams_back
from orchestration.value.commands import app as value
from orchestration.value.new_measure import app as new

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help=(
        "Customer 360: scattered customer records in, people, their value, their segments and a "
        "reporting model out.\n\nStart with [bold]c360 demo[/] and [bold]c360 run[/]; look with "
        "[bold]c360 dashboard[/], [bold]c360 ui[/] and [bold]c360 query[/]. The data folder is "
        "data/ in the project, or C360_DATA_DIR."
    ),
)
app.add_typer(sources, name="source")
app.add_typer(identity, name="identity")
app.add_typer(lookup, name="profile")
app.add_typer(value, name="value")
app.add_typer(segments, name="segment")
app.add_typer(activation, name="activation")
app.add_typer(questions, name="question")
app.add_typer(alerts, name="alert")
app.add_typer(new, name="new")
app.add_typer(publish, name="publish")
out = Console()
err = Console(stderr=True)

Landing = Annotated[
    Path | None,
    typer.Option("--landing", help="Folder with the source files; default <data>/landing."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def main() -> None:
    """Entry point: whatever happens ends in one paragraph and an exit code, never a stack trace."""
    # Who stops a service sends SIGTERM; it means what Ctrl-C means.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    prepare_streams()
    write_privately()
    try:
        require_folder()
        code = run_command(app)
    except BaseException as error:
        code = _tell(error)
    # DuckDB's binding complains about leaked objects when Python takes dbt apart at exit, so run
    # what was registered for the exit (logs, semaphores) and leave without the taking apart.
    atexit._run_exitfuncs()
    os._exit(_flushed(code))


def _tell(error: BaseException) -> int:
    """Say on the error stream what happened, and return the exit code."""
    take_streams_back()
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(bool(error.code))
    failure = in_words(error)
    if failure.text:
        mark = "" if failure.exit_code == STOPPED_CODE else "[red]✗[/] "
        with contextlib.suppress(OSError):
            err.print(styled(mark + "{}", failure.text), soft_wrap=True)
    return failure.exit_code


def _flushed(code: int) -> int:
    """The exit code, after what was printed has reached its reader, or could not."""
    try:
        if characters := lacking():
            err.print(
                f"{len(characters)} kinds of characters are written as escapes, because the output "
                f"is in {sys.stdout.encoding}, which lacks them. Set PYTHONIOENCODING=utf-8.",
                soft_wrap=True,
            )
        sys.stdout.flush()
    except OSError as error:
        code = code or _tell(error)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    return code


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=1, help="How many people.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 360,
    months: Annotated[int, typer.Option(min=1, max=120, help="Length of history.")] = 24,
    end_on: Annotated[str, typer.Option(help="First day after the history.")] = "2026-11-01",
    landing: Landing = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing when the landing folder has files.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the demo company: a web shop, a loyalty programme, web events, e-mail campaigns.

    The same people appear in several systems with typos, nicknames, shared addresses and
    placeholder values. What is true is written to <data>/truth, which no model reads.
    """
    from orchestration.demo import DemoParameters, generate

    settings = begin()
    try:
        end = date.fromisoformat(end_on)
    except ValueError:
        raise UserError(f"--end-on {end_on} is not a date like 2026-11-01.", 2) from None
    parameters = DemoParameters(customers=customers, seed=seed, months=months, end_on=end)
    target = (landing or settings.landing_dir).resolve()
    if if_missing and target.is_dir() and any(target.iterdir()):
        out.print(f"Using the files in {target}.", soft_wrap=True, highlight=False)
        return
    with bar(err) as progress:
        totals = generate(parameters, target, settings.truth_dir, progress)
    if as_json:
        print(json.dumps(totals, indent=2, default=str))
    else:
        out.print(f"Demo company with {customers:,} people is in {target}.", soft_wrap=True)


@app.command()
def run(
    landing: Landing = None,
    accept_drift: Annotated[
        bool,
        typer.Option("--accept-drift", help="Don't compare volumes with the last good run."),
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build every layer, also the unchanged ones.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(help="Replay a day, such as 2026-06-30; what lies after it is set aside."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the chain: landing files to published model, with a gate after every layer.

    Ends with 0 when everything passed and was published, with 1 when a check closed a gate; the
    published model then stays as it was. A second run started meanwhile waits for the first.
    Layers whose rows, SQL and day are those of their last build are taken over from it.
    Syncs that say `schedule: each_refresh` follow; one that fails leaves the refresh as it is.
    """
    from orchestration import clock, summary
    from orchestration.progress import ConsoleReporter
    from orchestration.run import refresh
    from orchestration.runs.status import as_dict

    if as_of is not None:
        clock.replay(as_of)
    settings = begin(landing)
    with ConsoleReporter(err if as_json else out) as reporter:
        record, syncs = refresh(settings, reporter, accept_drift, rebuild)
    for sentence in [*record.alerts, *(syncs.alerts if syncs else ())]:
        err.print(f"{sentence}.", soft_wrap=True)
    if not record.success:
        if as_json:
            print(json.dumps(as_dict(record), indent=2))
        raise UserError(record.failure, record.exit_code)
    if as_json:
        told = {"run": as_dict(record), "syncs": as_dict(syncs) if syncs else None}
        print(json.dumps({**told, **summary.collect(settings)}, indent=2))
    else:
        summary.show(out, settings, record)
    summary.tell_syncs(err, syncs)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say what is published, what runs now and how the last runs ended, from whatever door."""
    from orchestration.runs.status import read_status, show_status

    state = read_status(begin())
    if as_json:
        print(json.dumps(state, indent=2))
    else:
        show_status(out, state)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(help="One SQL statement over insights.*, a .sql file, or - for stdin.")
    ],
    output: Annotated[
        str, typer.Option("--format", help="table, csv or json.", show_default=True)
    ] = "table",
    limit: Annotated[int, typer.Option(min=1, max=100_000_000, help="Most rows to show.")] = 1000,
    layers: Annotated[
        bool, typer.Option("--layers", help="Ask the warehouse: profile.profiles and the like.")
    ] = False,
    personal_data: Annotated[
        bool, typer.Option("--personal-data", help="With columns labelled as personal data.")
    ] = False,
    dialect: Annotated[
        str, typer.Option(help="What the statement is written in, e.g. redshift; else DuckDB's.")
    ] = "",
) -> None:
    """Ask the published model, read-only: c360 query "from insights.fact_segment".

    --layers asks the tables before it, without the columns that are labelled as personal data.
    --dialect takes a statement of another database: docs/reporting-names.md.
    """
    from orchestration.query import run_query

    run_query(begin(), sql, output, limit, out, layers, personal_data, dialect)


app.command()(ui)
app.command()(dashboard)
segments.command()(build)
questions.command()(superset)


@app.command()
def docs() -> None:
    """Write dbt's documentation as one page that needs no server, and docs/contracts."""
    from orchestration.inspect import write_dbt_docs

    out.print(f"Open {write_dbt_docs(begin())}", soft_wrap=True, highlight=False)


app.command()(lineage)
app.command()(backup)
app.command()(restore)


@app.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="pipeline, overhead, ingest, graph, nightly, profile, deciles, rfm, clv, lookup, "
            "segments, insights or activation.",
        ),
    ],
    customers: Annotated[int, typer.Option(min=100, help="Size of the demo company.")] = 100_000,
    repeat: Annotated[int, typer.Option(min=1, help="How often; medians are reported.")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(help="For nightly: empty folder to work in and leave there."),
    ] = None,
    rules: Annotated[int, typer.Option(min=1, help="For segments: how many rules.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Measure: each measurement in a process of its own, with wall time, CPU, memory and sizes.

    [bold]nightly[/] runs over a company of its own without news, on the next day (a day is added to
    the process's clock, for which it takes a C compiler), with one per cent of news twice, and with
    a segment, a policy row and a comment edited; beside a full run, after which the published
    tables must be equal, or it ends with 1.
    """
    from benchmarks.harness import run_benchmark

    require_project()
    result: dict[str, Any] = run_benchmark(name, customers, repeat, err, keep, rules)
    if as_json:
        print(json.dumps(result, indent=2))
    if result["differing"]:
        raise UserError(f"Published tables differ: {', '.join(result['differing'])}.")


if __name__ == "__main__":
    main()
