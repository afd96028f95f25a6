"""The kinds of destinations, and what delivers to each: a kind stands here and nowhere else."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from orchestration.activation.destinations.files import FileDestination, FilesDestination
from orchestration.activation.destinations.http import HttpDestination
from orchestration.activation.targets.protocol import BatchTarget, FileStore
from orchestration.settings import Settings

Destination = FileDestination | HttpDestination
DESTINATION = Annotated[Destination, Field(discriminator="kind")]
KINDS = tuple(get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(Destination))
"""Their names in files."""


def batch_target(destination: Destination) -> BatchTarget:
    """What takes a destination's batches.

    Raises:
        UserError: its secret is not there.
    """
    assert isinstance(destination, HttpDestination)
    from orchestration.activation.targets.http import HttpTarget

    return HttpTarget(destination)


def file_store(settings: Settings, destination: FilesDestination) -> FileStore:
    """What takes a destination's files.

    Raises:
        UserError: its secret is not there.
    """
    assert isinstance(destination, FileDestination)
    from orchestration.activation.targets.folder import Folder

    return Folder(settings.data_dir / "outbox" / destination.folder)
