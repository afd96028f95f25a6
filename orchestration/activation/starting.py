"""`c360 activation new`: the two files of a sync, to be filled in."""

from __future__ import annotations

import re
from pathlib import Path

from orchestration.activation.definitions import FOLDER
from orchestration.errors import UserError
from orchestration.project_files import editing, write_all
from orchestration.settings import Settings

DESTINATION = """\
# Where it leaves to. Words: docs/destinations.md.
title: Files for an agency
owner: team:marketing
kind: file
folder: {name}
format: csv
marketing_actions: [email_targeting, export_to_third_party]
"""
SYNC = """\
# Who leaves with what. Words: docs/activation.md.
title: {title}
owner: team:marketing
destination: {name}
segment: win_back
mode: snapshot
purpose: commercial
channel: email
columns:
  email: {{from: profile.profiles.email, as: plain.email, required: true}}
  given_name: profile.profiles.given_name
"""


def start(settings: Settings, name: str) -> list[Path]:
    """Write a sync's file and a destination's of the same name where there is none.

    Parameters:
        settings: paths.
        name: lower-case letters, digits and underscores.

    Returns:
        The files that were written.

    Raises:
        UserError: the name can't be one, or the sync is there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise UserError(
            f"'{name[:40]}' can't be a sync's name. Take lower-case letters, digits and "
            "underscores, and begin with a letter.",
            2,
        )
    base = settings.dbt_project_dir / FOLDER
    sync, destination = (base / kind / f"{name}.yml" for kind in ("syncs", "destinations"))
    with editing(settings.dbt_project_dir):
        if sync.exists():
            raise UserError(f"{sync} is there already. Edit it, or take another name.", 2)
        texts = {sync: SYNC.format(name=name, title=name.replace("_", " ").capitalize())}
        if not destination.exists():
            texts[destination] = DESTINATION.format(name=name)
        for folder in {path.parent for path in texts}:
            folder.mkdir(parents=True, exist_ok=True)
        write_all(settings.dbt_project_dir, texts)
    return list(texts)
