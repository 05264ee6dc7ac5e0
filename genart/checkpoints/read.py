"""Reads a file as a Checkpoint: finds the container format and explains failures."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, NoReturn

from genart.checkpoints.allowlist import NETWORK
from genart.checkpoints.byte_reader import ByteReader
from genart.checkpoints.limits import Budget, damaged, refuse
from genart.checkpoints.records import Checkpoint, Record
from genart.checkpoints.safetensors_file import is_safetensors, read_safetensors
from genart.checkpoints.tensors import Storage
from genart.checkpoints.torch_legacy import is_legacy, read_legacy, read_nested
from genart.checkpoints.torch_zip import read_torch_zip
from genart.checkpoints.unpickler import Unpickler
from genart.errors import CheckpointError, RefusedCheckpoint

_ADVICE = "Download it again, or ask its author for the weights as .safetensors."
_READ = "Model files are .pkl (NVIDIA), .pt, .pth and .safetensors"
_STRANGERS = {
    b"version https://git-lfs": "is a Git LFS pointer, not the model: run `git lfs pull`",
    b"\x1f\x8b": "is compressed with gzip: unpack it first",
    b"BZh": "is compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "is compressed with xz: unpack it first",
    b"7z\xbc\xaf": "is a 7-Zip archive: unpack it first",
    b"Rar!": "is a RAR archive: unpack it first",
    b"\x89HDF": "is an HDF5 file (Keras), which is not supported",
    b"\x89PNG": "is an image (PNG)",
    b"\xff\xd8\xff": "is an image (JPEG)",
    b"GGUF": "is a GGUF file, which is not supported",
    b"\x93NUMPY": "is a NumPy array",
}


class _UnknownFile(CheckpointError):
    """A file of another kind; its message already says what to do."""


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a model file as inert data; nothing it names is imported or called.

    Args:
        path: an NVIDIA pickle, a torch file of either format, or safetensors; known by content,
            whatever its suffix.

    Returns:
        The Checkpoint, its tensors on the CPU in memory of their own.

    Raises:
        RefusedCheckpoint: the file asks for something forbidden or for too much; the message
            names it.
        CheckpointError: no such file, or one that is damaged or no model.
    """
    path = Path(path)
    try:
        return _read(path)
    except RefusedCheckpoint as error:
        raise RefusedCheckpoint(
            f'"{path}" is refused: it {error}. Nothing in it was executed. {_ADVICE}'
        ) from error
    except CheckpointError as error:
        advice = "" if isinstance(error, _UnknownFile) else f" {_ADVICE}"
        raise CheckpointError(f'"{path}" cannot be read: it {error}.{advice}') from error
    except OSError as error:
        raise CheckpointError(f'"{path}" cannot be read: {error.strerror}.') from error


def _read(path: Path) -> Checkpoint:
    if path.exists() and not path.is_file():
        raise _UnknownFile(f"is not a file. {_READ}")
    with path.open("rb") as file:
        if not file.seek(0, 2):
            damaged("is empty: its download may have failed")
        # FilmControl, so that the weights are copied once, into memory of torch's own.
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    budget = Budget(len(view))
    head = bytes(view[:512])
    if is_safetensors(head):
        tensors, metadata = read_safetensors(path, view)
        return Checkpoint(path, "safetensors", tensors, metadata)
    if head.startswith(b"PK\x03\x04"):
        return Checkpoint(path, "torch-zip", _plain(read_torch_zip(path, view, budget)))
    if is_legacy(head):
        return Checkpoint(path, "torch-legacy", _plain(read_legacy(view, budget)))
    if head.startswith(b"\x80"):
        tree = _read_pickle(view, budget)
        return Checkpoint(path, _pickle_format(tree), tree)
    _explain(head, bytes(view[-1:]))


def _read_pickle(view: memoryview, budget: Budget) -> Any:
    cursor = ByteReader(view)
    tree = _plain(Unpickler(cursor, budget, load_nested=read_nested).run())
    if cursor.left:
        damaged(f"goes on for {cursor.left:,} bytes after its end")
    return tree


def _plain(tree: Any) -> Any:
    return tree.flat if isinstance(tree, Storage) else tree


def _pickle_format(tree: Any) -> str:
    """Which pickle it is, by the Records at its top."""
    values = tree.values() if isinstance(tree, dict) else tree
    top = [tree, *values] if isinstance(tree, dict | list | tuple) else [tree]
    records = [value for value in top if isinstance(value, Record)]
    if not records:
        return "pickle"
    tensorflow = any(record.class_name == NETWORK for record in records)
    return "nvidia-tf-pickle" if tensorflow else "nvidia-pickle"


def _explain(head: bytes, last: bytes) -> NoReturn:
    """Explain what an unreadable file is, and what to do with it."""
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        damaged("is a web page: the download gave a page instead of the model")
    for start, what in _STRANGERS.items():
        if head.startswith(start):
            raise _UnknownFile(f"{what}. {_READ}")
    if head[257:262] == b"ustar":
        raise _UnknownFile(f"is a tar archive: unpack it first. {_READ}")
    if head[:1] in b"(]}cdlIJKLMNSTUVXFG" and last == b".":
        refuse("is a pickle of protocol 0 or 1, which no model file needs")
    raise _UnknownFile(f"is not a model file. {_READ}")
