"""Who is who: systems, flows, references to records, and the key under which we create."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

# Namespace of our own keys. It must never change: a key found in a target is compared with one computed today.
_NAMESPACE = uuid.UUID("6f1a0c6e-6c55-5c0e-9b5b-0a6f5f1d8c11")
_KEY_CHARS = 36
_KEY_VERSION = 5
_FILE_KEY = bytes.fromhex("f11ec0de")
"""How the key of every carried file begins, so that it shows in its id or its path, whatever else is lost."""
_FILE_KEY_VERSION = 8
"""RFC 9562: the version for what an application defines. No key of an activity has it."""


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """One direction. `name` is `hubspot_to_dynamics` or `dynamics_to_hubspot` (or a third system's)."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """The flow's name, as in asset keys and the configuration."""
        return f"{self.source}_to_{self.target}"

    @property
    def mirror(self) -> Flow:
        """The opposite direction."""
        return Flow(self.target, self.source)

    @classmethod
    def parse(cls, name: str) -> Flow:
        """The flow of a name; ValueError when it is not `SOURCE_to_TARGET`."""
        source, found, target = name.partition("_to_")
        if not (source and found and target):
            raise ValueError(f"{name!r} is not SOURCE_to_TARGET")
        return cls(source, target)


@dataclass(frozen=True, slots=True, order=True)
class RecordRef:
    """One record of one system. Ids are unique only inside (system, kind), and are strings everywhere."""

    system: str
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.system}:{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> RecordRef:
        """The reference written as `SYSTEM:TYPE/ID`; ValueError when it is not one."""
        system, colon, rest = text.partition(":")
        kind, slash, record_id = rest.partition("/")
        if not (system and colon and kind and slash and record_id):
            raise ValueError(f"{text!r} is not SYSTEM:TYPE/ID, for example hubspot:task/123")
        return cls(system, kind, record_id)


def own_key(*, account: str, source: RecordRef, generation: int) -> str:
    """The key under which we create `source`'s counterpart: a UUIDv5, the same whenever it is computed.

    `account` is the source system's own account id (HubSpot portal id, Dynamics organization id), so that two
    portals feeding one organisation never share a key. A later `generation` is a new life after an unlinking.
    """
    name = "\x1f".join((source.system, account, source.kind, source.id, str(generation)))
    return str(uuid.uuid5(_NAMESPACE, name))


def key_bytes(text: str) -> bytes | None:
    """The 16 bytes of what can be a key of ours, in any letter case; None for every other text."""
    if len(text) != _KEY_CHARS:
        return None
    try:
        key = uuid.UUID(text)
    except ValueError:
        return None
    return key.bytes if key.version == _KEY_VERSION else None


def file_key(*, account: str, activity: RecordRef, file_id: str, generation: int) -> str:
    """The key under which a file of `activity` is put on its counterpart: a UUIDv8 that shows what it is.

    The same whenever it is computed. A file that hangs on two activities is carried twice, under two keys; so is one
    whose counterpart had to be created again, in a later `generation`.
    """
    name = "\x1f".join((activity.system, account, activity.kind, activity.id, file_id, str(generation)))
    digest = hashlib.blake2b(name.encode(), key=_NAMESPACE.bytes, digest_size=12).digest()
    raw = bytearray(_FILE_KEY + digest)
    raw[6] = raw[6] & 0x0F | _FILE_KEY_VERSION << 4
    raw[8] = raw[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def is_file_key(text: str) -> bool:
    """Whether the text is a key of `file_key`, in any letter case. By chance one in 2^36 random ids is."""
    try:
        key = uuid.UUID(text) if len(text) == _KEY_CHARS else None
    except ValueError:
        return False
    return key is not None and key.version == _FILE_KEY_VERSION and key.bytes.startswith(_FILE_KEY)
