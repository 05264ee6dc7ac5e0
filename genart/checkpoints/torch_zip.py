"""Torch's zip files: `.pt` and `.pth` since torch 1.6."""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path
from typing import Any

from genart.checkpoints.byte_reader import ByteReader
from genart.checkpoints.limits import DIRECTORY, Budget, damaged, refuse, shown
from genart.checkpoints.tensors import ITEM_SIZES, Storage
from genart.checkpoints.torch_legacy import storage_id
from genart.checkpoints.unpickler import Unpickler
from genart.errors import CheckpointError

_KEY = re.compile(r"[0-9]{1,9}")
_END, _END64 = b"PK\x05\x06", b"PK\x06\x06"
_END_SIZE, _END64_SIZE, _LOCATOR_SIZE = 22, 56, 20
_PROGRAM = re.compile(r"[^/]+/(code/.*|constants\.pkl)")
_LOCAL = b"PK\x03\x04"


class Members:
    """The files in a zip, read without extracting them.

    Args:
        path: the zip.
        view: its bytes.

    Raises:
        RefusedCheckpoint: compressed, encrypted, duplicate or oddly named members, more than one
            root folder, or sizes that do not fit the file.
    """

    def __init__(self, path: Path, view: memoryview) -> None:
        self._view = view
        entries = _directory(path, view)
        if any(_PROGRAM.fullmatch(entry.orig_filename) for entry in entries):
            refuse(
                "is a TorchScript archive, which contains a program. Save the state_dict() instead"
            )
        if not any(entry.orig_filename.endswith("/data.pkl") for entry in entries):
            damaged("is a zip, but not a model that torch wrote (it has no data.pkl)")
        if sum(entry.file_size for entry in entries) > len(view):
            refuse("has members larger than itself")
        self._entries: dict[str, zipfile.ZipInfo] = {}
        roots = {_checked_name(entry).partition("/")[0] for entry in entries}
        if len(roots) != 1:
            refuse(f"has {len(roots)} root folders where torch writes one")
        for entry in entries:
            name = entry.orig_filename.partition("/")[2]
            if name in self._entries:
                refuse(f'holds "{shown(name)}" twice')
            self._entries[name] = entry

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> memoryview:
        """The bytes of a member, not copied."""
        if name not in self._entries:
            damaged(f'lacks its member "{shown(name)}"')
        entry = self._entries[name]
        cursor = ByteReader(self._view)
        cursor.take(entry.header_offset)
        header = cursor.take(30)
        if header[:4] != _LOCAL:
            damaged("has a directory that does not fit its members")
        cursor.take(sum(struct.unpack("<HH", header[26:30])))
        return cursor.take(entry.file_size)


def _directory(path: Path, view: memoryview) -> list[zipfile.ZipInfo]:
    if _directory_size(view) > DIRECTORY:
        refuse("has a directory far too long for a model file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise CheckpointError(f"is a damaged or incomplete zip ({error})") from error
    return entries


def _directory_size(view: memoryview) -> int:
    """The length of the central directory, read before zipfile parses it."""
    tail = bytes(view[-(1 << 16) - _END_SIZE - _LOCATOR_SIZE - _END64_SIZE :])
    end = tail.rfind(_END)
    if end < 0 or end + _END_SIZE > len(tail):
        damaged("is an incomplete zip")
    (size,) = struct.unpack_from("<L", tail, end + 12)
    end64 = end - _LOCATOR_SIZE - _END64_SIZE
    if size == 0xFFFFFFFF and end64 >= 0 and tail[end64 : end64 + 4] == _END64:
        (size,) = struct.unpack_from("<Q", tail, end64 + 40)
    return int(size)


def _checked_name(entry: zipfile.ZipInfo) -> str:
    name = entry.orig_filename
    parts = name.split("/")
    if "\\" in name or "\0" in name or ":" in name or ".." in parts or "" in parts[:-1]:
        refuse(f'holds a member with a path out of itself ("{shown(name)}")')
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        refuse(f'holds a compressed member ("{shown(name)}"); torch stores them as they are')
    if entry.flag_bits & 1:
        refuse(f'holds an encrypted member ("{shown(name)}")')
    return name


def read_torch_zip(path: Path, view: memoryview, budget: Budget) -> Any:
    """The value of a torch zip file.

    Raises:
        RefusedCheckpoint: it asks for something forbidden, or holds a program (TorchScript).
        CheckpointError: it is damaged, or a zip of another kind.
    """
    members = Members(path, view)
    if "byteorder" in members and bytes(members.read("byteorder")) != b"little":
        damaged("was written on a big-endian machine, which is not read")
    cursor = ByteReader(members.read("data.pkl"))
    tree = Unpickler(cursor, budget, _Finder(members, budget)).run()
    if cursor.left:
        damaged(f"goes on for {cursor.left:,} bytes after its end")
    return tree


class _Finder:
    """Finds storages by key among the members, each as large as its entry."""

    def __init__(self, members: Members, budget: Budget) -> None:
        self._members, self._budget = members, budget
        self._known: dict[str, Storage] = {}

    def __call__(self, pid: tuple[Any, ...]) -> Storage:
        kind, key, numel = storage_id(pid)
        if not _KEY.fullmatch(key):
            refuse(f'has a storage called "{shown(key)}" instead of a number')
        assert kind.dtype is not None
        storage = self._known.get(key)
        if storage is None:
            data = self._members.read(f"data/{key}")
            if len(data) != numel * ITEM_SIZES[kind.dtype]:
                refuse(f"claims {numel:,} elements for storage {key} of {len(data):,} bytes")
            storage = self._known[key] = Storage(kind.dtype, numel, self._budget).fill(data)
        elif (storage.dtype, storage.flat.numel()) != (kind.dtype, numel):
            refuse(f"describes storage {key} in two ways")
        return storage
