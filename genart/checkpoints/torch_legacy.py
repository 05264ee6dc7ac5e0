"""Torch files from before the zip format: a run of pickles, then the storages."""

from __future__ import annotations

from typing import Any

from genart.checkpoints.allowlist import Global
from genart.checkpoints.byte_reader import ByteReader
from genart.checkpoints.limits import Budget, damaged, refuse, shown
from genart.checkpoints.tensors import Storage
from genart.checkpoints.unpickler import LoadNested, Unpickler

MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
#: The magic number in a pickle; near the start, whatever the pickle's protocol.
_MARK = b"\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"."


def is_legacy(head: bytes) -> bool:
    """Whether a file that starts with these bytes is a torch legacy file."""
    return head[:1] == b"\x80" and _MARK in head[:32]


def storage_id(pid: tuple[Any, ...]) -> tuple[Global, str, int]:
    """The storage type, key and number of elements of a torch persistent id.

    Raises:
        RefusedCheckpoint: the id is of another kind.
    """
    if len(pid) not in (5, 6) or pid[0] != "storage":
        refuse("refers to something outside itself that is not a storage")
    _, kind, key, _, numel = pid[:5]
    if not isinstance(kind, Global) or kind.dtype is None:
        refuse(f"has a storage of type {shown(kind)}, which is not read")
    if type(key) is not str or type(numel) is not int or numel < 0:
        refuse("has a storage without a proper key and length")
    if pid[5:] not in ((), (None,)):
        refuse("has a storage that is a view of another, which only very old files had")
    return kind, key, numel


class _Storages:
    """The storages a pickle asks for, to be filled from what follows it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._by_key: dict[str, Storage] = {}

    def find(self, pid: tuple[Any, ...]) -> Storage:
        """The storage of a persistent id, the same for the same key."""
        kind, key, numel = storage_id(pid)
        assert kind.dtype is not None
        storage = self._by_key.get(key)
        if storage is None:
            storage = self._by_key[key] = Storage(kind.dtype, numel, self._budget)
        elif (storage.dtype, storage.flat.numel()) != (kind.dtype, numel):
            refuse(f"describes storage {shown(key)} in two ways")
        return storage

    def fill(self, cursor: ByteReader, keys: Any) -> None:
        """Fill all from the bytes that follow, in the order of `keys`."""
        if not isinstance(keys, list) or len(keys) != len(self._by_key):
            refuse("lists other storages than it uses")
        for key in keys:
            if type(key) is not str or key not in self._by_key:
                refuse("lists other storages than it uses")
            storage = self._by_key[key]
            if cursor.number(8, signed=True) != storage.flat.numel():
                refuse(f"gives storage {shown(key)} another length than it announced")
            storage.fill(cursor.take(storage.nbytes))


def read_legacy(view: memoryview, budget: Budget) -> Any:
    """The value of a torch legacy file (n bytes).

    Raises:
        RefusedCheckpoint: it asks for something forbidden or is no such file.
    """
    cursor = ByteReader(view)

    def pickle(storages: _Storages | None = None, nested: LoadNested | None = None) -> Any:
        return Unpickler(cursor, budget, storages.find if storages else None, nested).run()

    start = pickle(), pickle()
    if not all(type(number) is int for number in start) or start != (MAGIC, _PROTOCOL):
        refuse("is not the torch legacy file it starts as")
    system = pickle()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        damaged("was written on a big-endian machine, which is not read")
    storages = _Storages(budget)
    tree = pickle(storages)
    storages.fill(cursor, pickle())
    if cursor.left:
        damaged(f"goes on for {cursor.left:,} bytes after its end")
    return tree


def read_nested(view: memoryview, budget: Budget) -> Storage:
    """The one storage that `torch.storage._load_from_bytes` would load; nothing else is read.

    Raises:
        RefusedCheckpoint: the bytes hold a zip, another nested file, or no bare storage.
    """
    if not is_legacy(bytes(view[:32])):
        refuse('hides something else than a storage in "torch.storage._load_from_bytes"')
    tree = read_legacy(view, budget)
    if not isinstance(tree, Storage):
        refuse('hides more than a storage in "torch.storage._load_from_bytes"')
    return tree
