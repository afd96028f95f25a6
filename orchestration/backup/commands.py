"""`c360 backup` and `c360 restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.beginning import begin
from orchestration.progress import bar
from orchestration.terminal import Console

out = Console()
err = Console(stderr=True)


def backup(folder: Annotated[Path, typer.Argument(help="A new folder for it.")]) -> None:
    """Copy the installation with checksums; waits for a run that is writing it.

    What a run makes again is left out, and so are logs and source files outside the data folder.
    Policy and models are in git. `c360 restore` puts it back.
    """
    from orchestration.backup.save import back_up

    settings = begin()
    with bar(err) as progress:
        made = back_up(settings, folder, progress, lambda text: err.print(text, soft_wrap=True))
    out.print(
        f"{len(made.files)} files, {made.bytes / 1e6:,.1f} MB, are in {folder}.", soft_wrap=True
    )
    left_out = list(made.left_out)
    if not settings.landing_dir.is_relative_to(settings.data_dir):
        left_out.append(str(settings.landing_dir))
    if left_out:
        out.print(f"Not in it: {', '.join(left_out)}.", soft_wrap=True)


def restore(
    folder: Annotated[Path, typer.Argument(help="What `c360 backup` has written.")],
    force: Annotated[
        bool, typer.Option("--force", help="Move what is in the data folder aside, within it.")
    ] = False,
) -> None:
    """Put a backup back into an empty data folder, after every file of it was proved whole."""
    from orchestration.backup.manifest import made_by_another
    from orchestration.backup.restore import restore as put_back

    settings = begin()
    with bar(err) as progress:
        made = put_back(settings, folder, force, progress)
    out.print(
        f"{settings.data_dir} is as it was on {made.made_at}. {made_by_another(made)}",
        soft_wrap=True,
    )
