"""The numbers of an item as CSV, at an address of their own: `/csv/<item>`, with its choices."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping

from flask import Flask, Response, request

from orchestration.dashboard.choices import NOTHING_CHOSEN
from orchestration.dashboard.pages import Page, control_id
from orchestration.dashboard.templates import ask, read_template
from orchestration.errors import UserError
from orchestration.settings import Settings

ENCODED = "b64_"


def serve_csv(server: Flask, settings: Settings, pages: Iterable[Page]) -> None:
    """Let the server answer `/csv/<item>`.

    Parameters:
        server: of the dashboard.
        settings: paths.
        pages: whose items can be had.
    """
    known = {item.id: (page, item) for page in pages for item in page.items}

    def answer(name: str) -> Response:
        if name not in known:
            return Response("There is no such item.\n", 404, mimetype="text/plain")
        page, item = known[name]
        reached = {s.variable: control_id(page.name, s.variable) for s in page.selectors}
        reached |= {s.variable: control_id(item.id, s.variable) for s in item.selectors}
        sent = {variable: request.args.get(control) for variable, control in reached.items()}
        try:
            rows = ask(settings, read_template(item.template), chosen(sent))
        except UserError as error:
            return Response(f"{error}\n", 503, mimetype="text/plain")
        headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
        return Response(rows.to_csv(index=False), headers=headers, mimetype="text/csv")

    server.add_url_rule("/csv/<name>", "csv", answer)


def chosen(sent: Mapping[str, str | None]) -> dict[str, str | None]:
    """The choices of an address, by variable; None for what is not chosen.

    Parameters:
        sent: plain, or as Vizro writes them: base64 of JSON.
    """
    return {variable: _plain(value) for variable, value in sent.items()}


def _plain(value: str | None) -> str | None:
    if value is not None and value.startswith(ENCODED):
        text = value.removeprefix(ENCODED)
        try:
            value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            return None
    return value if isinstance(value, str) and value != NOTHING_CHOSEN else None
