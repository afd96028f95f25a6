"""Commands that open a page, or write one. Heavy imports happen inside: help is quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.terminal import Console
from orchestration.web import stopping

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one.")]
ListenOn = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen on; default C360_LISTEN or 127.0.0.1."),
]


def ui(port: Port = 3000, host: ListenOn = None) -> None:
    """Open Dagster with the chain, its checks, schedule and sensor, and serve the data docs.

    Only browsers on this machine are answered, unless the environment says otherwise; see
    docs/access.md.
    """
    with _until_stopped(stopping.DAGSTER) as stop:
        from orchestration.serve import serve_dagster
        from orchestration.web.access import Access

        serve_dagster(begin(), Access.from_env(host), port, Console(), stop)


def dashboard(port: Port = 8050, host: ListenOn = None) -> None:
    """Open the dashboard over the published model.

    Only browsers on this machine are answered, unless the environment says otherwise; see
    docs/access.md. With users and their roles it has the customer page; see docs/customer-page.md.
    """
    with _until_stopped(stopping.DASHBOARD) as stop:
        from orchestration.customers.roles import Users
        from orchestration.web.access import Access

        settings = begin()
        users = Users.from_env(settings.dbt_project_dir)
        access = Access.from_env(host, users=users.logins.values() if users else ())

        from orchestration.dashboard.app import serve

        serve(settings, access, port, stop, users)


def build(port: Port = 8060) -> None:
    """Open the page on which rule files are built, over the warehouse of the last run.

    It answers on this machine only, and to who has the address that is printed. Saving writes
    segment_rules/NAME.yml; c360 segment compile makes the segment of it.
    """
    with _until_stopped(stopping.BUILDER) as stop:
        from orchestration.rule_builder.app import serve

        serve(begin(), port, stop)


def superset(
    page: Annotated[str, typer.Argument(help="Of the dashboards, such as overview.")],
    output: Annotated[Path, typer.Option("--output", help="A new folder.")],
) -> None:
    """Write a page's questions and charts as a dashboard that Superset imports."""
    from orchestration.dashboard.superset import write_superset

    begin()
    write_superset(page, output)
    Console().print(f"{output} is ready; docs/connect.md says how Superset takes it.")


@contextmanager
def _until_stopped(sentence: str) -> Iterator[stopping.Stop]:
    """SIGINT and SIGTERM end a page once, with one sentence and the exit code 130."""
    with stopping.one_stop() as stop:
        try:
            yield stop
        except KeyboardInterrupt:
            stop.begin_ending()
            Console(stderr=True).print(sentence, soft_wrap=True)
            raise SystemExit(stopping.EXIT_CODE) from None
