"""Writing an export: whole or not at all, for its owner alone, and never through a link."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class DestinationError(OSError):
    """The destination is not one that a file may be written to; the text says why."""


def check(path: Path) -> None:
    """Raises DestinationError where `write` would refuse `path`, before the work of rendering is done."""
    try:
        kind = os.lstat(path).st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise DestinationError(f"{path}: there is no folder {path.parent}") from None
        return
    except OSError as error:
        raise DestinationError(f"{path}: {error.strerror}") from None
    if stat.S_ISLNK(kind):
        raise DestinationError(f"{path}: this is a symbolic link, and links are not followed; name the file itself")
    if stat.S_ISDIR(kind):
        raise DestinationError(f"{path}: this is a folder")
    if not stat.S_ISREG(kind):
        raise DestinationError(f"{path}: this is no plain file; - writes to standard output")


def write(path: Path, text: str, *, replace: bool = True) -> None:
    """Put `text` into `path` in one step, with mode 0600. Without `replace` an existing file is refused.

    The text goes to a new file in the same folder first, so that a reader sees the old file or the
    new one, and a full disk leaves the old one as it was. Raises DestinationError or another OSError.
    """
    check(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp has made it with mode 0600
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(temporary, path)
        else:
            _link_new(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def rewrite(path: Path, text: str, backup: Path, *, replace: bool = False) -> None:
    """Replace the text of a file that exists; as it was, it stays under the name `backup`.

    Both keep its mode and owner. Without `replace` a backup that exists is refused. Raises OSError.
    """
    before = path.stat()
    old = path.read_bytes().decode()
    for each, content in ((backup, old), (path, text)):
        write(each, content, replace=replace or each is path)
        os.chmod(each, stat.S_IMODE(before.st_mode))
        with suppress(OSError):  # only root may give a file to others
            os.chown(each, before.st_uid, before.st_gid)


def _link_new(temporary: str, path: Path) -> None:
    """Give the file its name unless that is taken: unlike a look and a rename, in one step."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise DestinationError(f"{path}: it exists already, and is not overwritten") from None
    os.unlink(temporary)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
