"""What the system's error numbers mean for an installation: rights, disks, names, ports."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import stat
from pathlib import Path

from orchestration.settings import Settings

MOVE = "or point C360_DATA_DIR to a folder that is yours"

TEXTS: dict[int, str] = {
    errno.EROFS: "{path} is on a disk that is mounted read-only. Mount it for writing, " + MOVE,
    errno.ENOSPC: "The disk of {path} is full{free}. Free some space, or move the data folder to a "
    "larger disk with C360_DATA_DIR, and start again",
    errno.EDQUOT: "Your share of the disk of {path} is used up. Free some space, or ask for more, "
    "and start again",
    errno.EFBIG: "{path} would become larger than this system allows. Raise the limit (`ulimit -f "
    "unlimited`), or take a disk that holds large files",
    errno.ENOENT: "There is no {path}. Check the name; what the product makes itself, `c360 run` "
    "makes again",
    errno.ENOTDIR: "{path} is a file where a folder is needed, or is below one. Move that file "
    "away, or name another folder",
    errno.EEXIST: "{path} is there already and is something else than is needed. Move it away, "
    + MOVE,
    errno.EISDIR: "{path} is a folder where a file is needed. Move it away, or name a file",
    errno.ENAMETOOLONG: "{path} is longer than this system allows. Take a shorter name, or a data "
    "folder higher up with C360_DATA_DIR",
    errno.ELOOP: "{path} leads in a circle of links. Remove the link that points to itself",
    errno.EMFILE: "This process has as many files open as it may ({path}). Raise the limit "
    "(`ulimit -n 4096`) and start again",
    errno.ENFILE: "This machine has as many files open as it can ({path}). Close other programs "
    "and start again",
    errno.EIO: "The disk of {path} did not take or give what was asked of it. Check that it has "
    "room{free} and takes files of that size (`ulimit -f`), and that it is not failing",
    errno.ESTALE: "{path} is on a network disk that has gone away. Mount it again and start again",
    errno.ENOLCK: "The disk of {path} can't lock files, which keeps two runs apart. Take a disk of "
    "this machine for the data folder with C360_DATA_DIR",
    errno.ETXTBSY: "{path} is in use. Wait until it is free and start again",
    errno.EBUSY: "{path} is in use. Wait until it is free and start again",
    errno.EINVAL: "{path} can't be used as asked. Check its name and the disk it is on",
    errno.EADDRINUSE: "A port that is needed is taken ({path}). Choose another with --port",
    errno.EADDRNOTAVAIL: "This machine has no such address ({path}). Use one of its own",
    errno.ECONNREFUSED: "A server does not answer ({path}). Check that it runs and that its "
    "address is right",
    errno.ETIMEDOUT: "A server did not answer in time ({path}). Check that it can be reached",
    errno.EAGAIN: "The machine has no room for another process or thread ({path}). Close other "
    "programs, or raise the limit (`ulimit -u`)",
}


def system_error(number: int, path: str, settings: Settings | None) -> str:
    """The paragraph for an error number of the system, empty when it is none of those known.

    Parameters:
        number: as in `errno`.
        path: the file it is about; the data folder is named where the error does not say.
        settings: of the installation.
    """
    place = path or (str(settings.data_dir) if settings else "a file")
    if number in (errno.EACCES, errno.EPERM):
        return _no_permission(Path(place))
    if number == errno.EEXIST and not Path(place).is_dir():
        number = errno.ENOTDIR
    text = TEXTS.get(number, "")
    return f"{text.format(path=place, free=_free(Path(place)))}." if text else ""


def _no_permission(path: Path) -> str:
    there = _nearest(path)
    try:
        found = there.stat()
        rights = f"{there} belongs to {_name(found.st_uid)} and has the mode {_mode(found.st_mode)}"
    except OSError:
        rights = "its folder can't be looked into"
    return (
        f"{_name(os.geteuid())} has no permission for {path}: {rights}. Run the command as its "
        f"owner, ask the owner to give you the right, {MOVE}."
    )


def _nearest(path: Path) -> Path:
    """The path itself, or what of it is there and can be seen."""
    for candidate in (path, *path.parents):
        try:
            candidate.lstat()
        except OSError:
            continue
        return candidate
    return path


def _mode(mode: int) -> str:
    return f"{stat.S_IMODE(mode):04o}"


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _free(path: Path) -> str:
    try:
        return f" ({shutil.disk_usage(_nearest(path)).free / 1e6:,.0f} MB free now)"
    except OSError:
        return ""
