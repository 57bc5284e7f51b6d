"""Where staged files lie: a folder, or an object store. A file appears there whole and at once, or not at all."""

from __future__ import annotations

import fnmatch
import importlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from uuid import uuid4

import duckdb

from activity_sync.errors import ConfigurationError

_ATOMIC = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "memory": "fsspec",
}
"""The stores in which an upload is seen when its last byte has arrived, and not before; and their Python packages."""

_NAMES_AN_ACCOUNT = frozenset({"az", "abfs", "abfss"})
"""There an address may well be CONTAINER@ACCOUNT."""

# Hidden and not named *.parquet: no view and no listing sees it.
_SCRATCH = ".scratch-"
# No writer takes a day.
_SCRATCH_SECONDS = 24 * 3600


class Place(Protocol):
    """A root with files under it. Paths are relative, with forward slashes."""

    def url(self, path: str) -> str:
        """What DuckDB opens; `path` may hold wild cards."""
        ...

    def listed(self, pattern: str) -> list[str]:
        """The paths of the files that match, sorted; `*` does not cross a slash."""
        ...

    def has(self, pattern: str) -> bool:
        """Whether any path matches."""
        ...

    def folders(self, path: str) -> list[str]:
        """The names of the folders right below `path`, sorted; none where there is no such path."""
        ...

    def publish(self, made: Path, path: str) -> None:
        """`made`, a file in the scratch folder, is at `path`, in place of any that was there."""
        ...

    def remove(self, path: str) -> None:
        """There is no file at `path`."""
        ...

    def scratch(self) -> Any:
        """A context manager: a folder on this machine for unfinished files, removed afterwards."""
        ...

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB that can open this place's files, and spills where only their owner can read."""
        ...


def place_at(root: str | Path) -> Place:
    """The place that `root` names: a folder (`file://` too), or an object store.

    ConfigurationError for what is neither, and for an address with credentials in it. Shares that are no object stores
    (sftp, hdfs and their like) are refused: a file would be seen half-written.
    """
    protocol, separator, rest = str(root).partition("://")
    if not separator:
        return Folder(Path(root))
    if protocol == "file":
        return Folder(Path(rest))
    if protocol not in _ATOMIC:
        raise ConfigurationError(
            f"ACTIVITY_SYNC_STAGING begins with {protocol}://, which is no object store: use a folder, or one of "
            f"{', '.join(f'{name}://' for name in _ATOMIC if name != 'memory')}.",
            setting="ACTIVITY_SYNC_STAGING",
        )
    user, at, _ = rest.partition("/")[0].rpartition("@")
    if at and (":" in user or protocol not in _NAMES_AN_ACCOUNT):
        # The address is no secret: it stands in messages, and so would what stands in it.
        raise ConfigurationError(
            f"ACTIVITY_SYNC_STAGING has credentials in its address: write {protocol}://BUCKET/PATH, and give them as "
            "the store's own environment variables, files or roles (docs/deployment.md).",
            setting="ACTIVITY_SYNC_STAGING",
        )
    try:
        return ObjectStore(str(root))
    except ImportError as error:
        raise ConfigurationError(
            f"ACTIVITY_SYNC_STAGING begins with {protocol}://: install the Python package {_ATOMIC[protocol]}.",
            setting="ACTIVITY_SYNC_STAGING",
        ) from error


class Folder:
    """A folder of this machine. Made on the first write, for its owner only: it holds what people wrote."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def url(self, path: str) -> str:
        """See Place."""
        return str(self.root / path)

    def listed(self, pattern: str) -> list[str]:
        """See Place."""
        return sorted(found.relative_to(self.root).as_posix() for found in self.root.glob(pattern))

    def has(self, pattern: str) -> bool:
        """See Place."""
        return any(True for _ in self.root.glob(pattern))

    def folders(self, path: str) -> list[str]:
        """See Place."""
        return sorted(found.name for found in (self.root / path).glob("*") if found.is_dir())

    def publish(self, made: Path, path: str) -> None:
        """See Place. The bytes are on the disk before the name is."""
        final = self.root / path
        final.parent.mkdir(parents=True, exist_ok=True)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(final)
        _sync_folder(final.parent)

    def remove(self, path: str) -> None:
        """See Place."""
        (self.root / path).unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """See Place. Beside the files: a rename must not cross file systems, nor must contents leave the folder."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """See Place. The folder appears only if something is spilled, and goes with the connection."""
        return _duckdb(self.root / f"{_SCRATCH}{uuid4().hex}")

    def _sweep(self) -> None:
        """Unfinished files of killed writers hold what people wrote: they do not stay."""
        for left in self.root.glob(f"{_SCRATCH}*"):
            try:
                if time.time() - left.stat().st_mtime > _SCRATCH_SECONDS:
                    shutil.rmtree(left)
            except FileNotFoundError:  # another process ended, or swept, at the same moment
                continue


class ObjectStore:
    """Anything fsspec knows, of what is `_ATOMIC`. No lock and no rename: an upload that was cut off leaves no object.

    A listing costs a request for every 1,000 names, however deep they lie, and one for every folder that is asked for
    by itself. Other processes write here too, so that nothing is remembered of an earlier listing.
    """

    def __init__(self, root: str) -> None:
        # Imported when needed, since a folder needs none of it.
        self._filesystem, self._base = importlib.import_module("fsspec.core").url_to_fs(root)
        self._root = root.rstrip("/")
        self._spilled = tempfile.TemporaryDirectory(prefix="activity-sync-spill-")

    def url(self, path: str) -> str:
        """See Place."""
        return f"{self._root}/{path}"

    def listed(self, pattern: str) -> list[str]:
        """See Place."""
        self._filesystem.invalidate_cache()
        wanted = pattern.split("/")
        base = PurePosixPath(self._base)
        paths = (PurePosixPath(one).relative_to(base) for one in self._filesystem.find(str(base / _certain(pattern))))
        return sorted(str(path) for path in paths if _is_like(path.parts, wanted))

    def has(self, pattern: str) -> bool:
        """See Place. At the first one that is met: a long history is not listed for it."""
        self._filesystem.invalidate_cache()
        base, wanted = PurePosixPath(self._base), pattern.split("/")
        for folder, _, files in self._filesystem.walk(str(base / _certain(pattern))):
            within = PurePosixPath(folder).relative_to(base).parts
            if any(_is_like((*within, name), wanted) for name in files):
                return True
        return False

    def folders(self, path: str) -> list[str]:
        """See Place."""
        self._filesystem.invalidate_cache()
        try:
            found = self._filesystem.ls(str(PurePosixPath(self._base) / path), detail=True)
        except FileNotFoundError:
            return []
        return sorted(PurePosixPath(one["name"]).name for one in found if one["type"] == "directory")

    def publish(self, made: Path, path: str) -> None:
        """See Place."""
        final = PurePosixPath(self._base) / path
        self._filesystem.makedirs(str(final.parent), exist_ok=True)
        self._filesystem.put_file(str(made), str(final))

    def remove(self, path: str) -> None:
        """See Place."""
        final = str(PurePosixPath(self._base) / path)
        if self._filesystem.exists(final):
            self._filesystem.rm_file(final)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """See Place."""
        with tempfile.TemporaryDirectory(prefix="activity-sync-staging-") as folder:
            yield Path(folder)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """See Place."""
        connection = _duckdb(Path(self._spilled.name) / uuid4().hex)
        connection.register_filesystem(self._filesystem)
        return connection


def _certain(pattern: str) -> str:
    """The folders of a pattern that come before its first wild card."""
    parts = pattern.split("/")
    known = [number for number, part in enumerate(parts) if "*" in part]
    return "/".join(parts[: known[0]] if known else parts[:-1])


def _is_like(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _duckdb(spill: Path) -> duckdb.DuckDBPyConnection:
    # Several steps run beside one another on one machine: none takes all of it, what does not fit is spilled.
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB", "temp_directory": str(spill)})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # it goes to stdout, amid a command's JSON
    return connection


def _sync_folder(folder: Path) -> None:
    """The name itself survives a power cut."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
