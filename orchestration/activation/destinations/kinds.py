"""The kinds of destinations, and what delivers to each: a kind stands here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

from orchestration.activation.destinations.files import FileDestination, FilesDestination
from orchestration.activation.destinations.http import HttpDestination
from orchestration.activation.destinations.postgresql import PostgresqlDestination
from orchestration.activation.destinations.stores import ObjectStoreDestination, SftpDestination
from orchestration.activation.destinations.webhook import WebhookDestination
from orchestration.activation.targets.protocol import BatchTarget, FileStore
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.activation.definitions import Sync

Destination = (
    FileDestination
    | SftpDestination
    | ObjectStoreDestination
    | HttpDestination
    | PostgresqlDestination
    | WebhookDestination
)
DESTINATION = Annotated[Destination, Field(discriminator="kind")]
KINDS = tuple(get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(Destination))
"""Their names in files."""


def batch_target(destination: Destination, sync: Sync) -> BatchTarget:
    """What takes a sync's batches at a destination; it is connected to when there is one.

    Raises:
        UserError: its secret is not there.
    """
    if isinstance(destination, PostgresqlDestination):
        from orchestration.activation.targets.postgresql import PostgresqlTarget

        return PostgresqlTarget(destination, sync)
    assert isinstance(destination, HttpDestination | WebhookDestination)
    from orchestration.activation.targets.http import HttpTarget

    return HttpTarget(destination)


def file_store(settings: Settings, destination: FilesDestination) -> FileStore:
    """What takes a destination's files.

    Raises:
        UserError: its secret is not there.
    """
    if isinstance(destination, SftpDestination):
        from orchestration.activation.targets.sftp import Sftp

        return Sftp(destination)
    if isinstance(destination, ObjectStoreDestination):
        from orchestration.activation.targets.object_store import ObjectStore

        return ObjectStore(destination)
    assert isinstance(destination, FileDestination)
    from orchestration.activation.targets.folder import Folder

    return Folder(settings.data_dir / "outbox" / destination.folder)
