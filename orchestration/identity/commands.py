"""`c360 identity ...`: why two records are one person, what if, and taking people apart."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration.beginning import begin
from orchestration.errors import UserError
from orchestration.terminal import Console

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Explain who is who, try a policy out, take profiles apart, train and tune the scores.",
)
Record = Annotated[str, typer.Argument(help="A record, source_system:source_record_id.")]
Policy = Annotated[
    Path | None,
    typer.Option("--policy", help="Folder with policy files that stand in for the project's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@contextmanager
def _progress() -> Iterator[None]:
    """Progress on the error stream, so that what is printed can be read by a script."""
    from orchestration.progress import ConsoleReporter, SilentReporter, report_to

    with ConsoleReporter(Console(stderr=True)) as reporter:
        report_to(reporter)
        try:
            yield
        finally:
            report_to(SilentReporter())


def _print_json(answer: Any) -> None:
    print(json.dumps(answer, indent=2, default=str))


@app.command()
def explain(record_a: Record, record_b: Record, as_json: AsJson = False) -> None:
    """Say why two records are one person, or what was refused between them.

    Shows values as the systems wrote them, to whoever may read the warehouse; logs none.
    """
    from orchestration.identity.explain import explain as explain_records
    from orchestration.identity.explain import show

    answer = explain_records(begin(), record_a, record_b)
    if as_json:
        _print_json(answer)
    else:
        show(Console(), answer)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="Events, one a line, the newest last.")],
    policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Say who would be who after events such as "crm_id: ann, cookie: 42", one a line.

    The models of the identity layer run over these events and nothing else.
    """
    from orchestration.identity.simulate import read_events, show, simulate_events

    events = read_events(file)
    settings = begin()
    with _progress():
        people, refused = simulate_events(
            events, policy, settings.dbt_project_dir, settings.data_dir / "simulate"
        )
    if as_json:
        _print_json({"people": people, "refused": refused})
    else:
        show(Console(), people, refused)


@app.command()
def diff(policy: Policy = None, as_json: AsJson = False) -> None:
    """Say what the policy as it is now would change: people, segments, revenue.

    Builds the identity layer beside the published one and removes it again; nothing is published.
    """
    from orchestration.identity.diff import compare_policies, show

    settings = begin()
    with _progress():
        answer = compare_policies(settings, policy)
    if as_json:
        _print_json(answer)
    else:
        show(Console(), answer)


@app.command()
def unmerge(
    profile: Annotated[str | None, typer.Argument(help="The profile to take apart.")] = None,
    records: Annotated[
        tuple[str, str] | None,
        typer.Option("--records", help="Part only these two records from each other."),
    ] = None,
    author: Annotated[str | None, typer.Option(help="Who decides; default: your login.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever reads it later.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write never_link decisions so that a profile falls back into its records.

    The rows go to seeds/policy/identity_overrides.csv; the next run follows them.
    """
    from dataclasses import asdict

    from orchestration.identity.unmerge import REASON, plan_unmerge, write_plan

    if profile is None and records is None:
        raise UserError("Name a profile, or two records with --records A B.", 2)
    plan = plan_unmerge(begin(), profile, records or (), author, reason or REASON)
    out = Console(stderr=as_json)
    out.print(
        f"{plan.profile_id}: {len(plan.records)} records are kept apart from each other by "
        f"{len(plan.rows)} never_link rows"
        + (f" ({plan.already} pairs have one already)" if plan.already else "")
        + ".",
        highlight=False,
    )
    for record in plan.records:
        out.print(f"  {record}", highlight=False, markup=False)
    if plan.others:
        out.print(f"{plan.others} other records stay with whom their remaining links join them.")
    if plan.rows and not yes:
        if not sys.stdin.isatty():
            raise UserError("Nothing was written: add --yes, or answer at a terminal.", 2)
        if not typer.confirm(f"Add them to {plan.path.name}?", err=as_json):
            out.print("Nothing was written.")
            return
    if plan.rows:
        write_plan(plan)
        out.print(
            f"Wrote {plan.path}. The next `c360 run` refuses what joins them; the largest part "
            "keeps the id, others get new ones, and profile_ledger says what split from what. "
            "Take it back by removing the rows. `c360 identity diff` shows the outcome now.",
            highlight=False,
            soft_wrap=True,
        )
    else:
        out.print("There is nothing to write.")
    if as_json:
        _print_json(asdict(plan))


@app.command()
def train(as_json: AsJson = False) -> None:
    """Learn from the records of the last run what agreement between two records is worth.

    The new parameters are used from the next `c360 run` on. Ends with 1 when there is too little
    to learn from; the parameters in use then stay.
    """
    from orchestration.identity.blocking import blocking_table
    from orchestration.identity.train_again import train_again

    console = Console(stderr=as_json)
    with console.status("Comparing records ..."):
        model, trained = train_again(begin())
    if model is None:
        raise UserError(
            f"Nothing was learned: {trained.reason}. The parameters in use stay as they are; "
            "without any, only exact links count. The thresholds are in "
            "dbt_project/seeds/policy/match_settings.csv."
        )
    if as_json:
        found = {
            "model_version": model.model_version,
            "record_count": trained.record_count,
            "compared_pair_count": trained.pairs,
            "expected_match_count": round(trained.matches),
            "comparisons": [c["output_column_name"] for c in model.settings["comparisons"]],
            "blocking": trained.blocking_report,
            "expected_missed_count": round(trained.missed),
        }
        _print_json(found)
        return
    console.print(
        f"Learned from {trained.record_count:,} records, of which about {trained.matches:,.0f} "
        f"pairs are one person's; about {trained.missed:,.0f} more are never compared. Version "
        f"{model.model_version} is used from the next run on.",
        highlight=False,
        soft_wrap=True,
    )
    console.print(blocking_table(trained.found_by))


@app.command()
def tune(
    labels: Annotated[
        Path, typer.Argument(help="CSV file of labelled pairs: record_a, record_b, is_match.")
    ],
    sample: Annotated[
        int | None,
        typer.Option(
            min=1, help="Draw so many pairs and ask about those without a label, at a terminal."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number draws other pairs.")] = 360,
    as_json: AsJson = False,
) -> None:
    """Say from labelled pairs how good the people are and which policy rows would help.

    Writes nothing but answers to the file of labels, each at once, so a sample can be gone on with
    later. Shows values as the systems wrote them, to whoever may read the warehouse; logs none.
    """
    from orchestration.identity.tuning.labels import read_labels
    from orchestration.identity.tuning.report import report
    from orchestration.identity.tuning.sample import ask_for_labels, draw
    from orchestration.identity.tuning.show import show
    from orchestration.identity.warehouse import connect_identity

    settings = begin()
    if sample is not None:
        if not sys.stdin.isatty():
            raise UserError(
                "Nothing was asked: --sample shows pairs and reads answers at a terminal. Leave it "
                f"out to read the labels in {labels}.",
                2,
            )
        told = Console(stderr=as_json)
        with connect_identity(settings) as con:
            pairs = draw(con, sample, seed, read_labels(labels) if labels.exists() else [])
        # Not connected any more: answers take their time, and a run may want to write.
        written = ask_for_labels(labels, pairs, lambda text: typer.prompt(text, err=as_json), told)
        told.print(
            f"{written} answers were added to {labels}; {len(pairs) - written} pairs of the sample "
            "have none yet. The same command goes on with them.",
            soft_wrap=True,
        )
    found = read_labels(labels)
    with connect_identity(settings) as con:
        answer = report(con, found)
    if as_json:
        _print_json(answer)
    else:
        show(Console(), answer)
