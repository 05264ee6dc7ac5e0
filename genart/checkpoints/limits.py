"""Limits on the size of a model file's contents, and the counts while one is read.

Official files need 17 to 60 thousand opcodes; the limits leave room and still end a hostile file
in well under a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from genart.errors import CheckpointError, RefusedCheckpoint

OPCODES = 1_000_000
MEMO = 500_000  #: entries a pickle may remember
NODES = 2_000_000  #: values, after shared references are expanded
DEPTH = 200
STACK = 65_536  #: values waiting to be put into a container
DIMENSIONS = 8
TEXT = 16 << 20  #: bytes of one string
TENSOR_BYTES = 8 << 30  #: all tensors together
CONTAINERS = 250_000
TENSORS = 20_000
TUPLE_KEYS = 4_096  #: their hashes can be made to collide
INTEGER_BYTES = 16
_SHOWN = 120  # characters
DIRECTORY = 2 << 20  #: bytes of a zip's directory
HEADER = 16 << 20  #: bytes of a safetensors header


def refuse(reason: str) -> NoReturn:
    """Stop at something forbidden; `reason` continues "the file ..." and ends in no full stop."""
    raise RefusedCheckpoint(reason)


def damaged(reason: str) -> NoReturn:
    """Stop at something that makes no sense; `reason` continues "the file ..."."""
    raise CheckpointError(reason)


def shown(value: object) -> str:
    """A value from a file in a few characters; never the text of a whole container."""
    if isinstance(value, str):
        return value[:_SHOWN] if value.isascii() and value.isprintable() else ascii(value[:_SHOWN])
    if isinstance(value, int | float | None):
        return repr(value)
    return str(getattr(value, "name", f"a {type(value).__name__}"))


@dataclass
class Budget:
    """What is left of a file's allowance.

    Args:
        size: bytes of the file; its tensors and byte strings can never need more.
    """

    size: int
    opcodes: int = 0
    tensor_bytes: int = 0
    tensors: int = 0
    encoded: int = 0
    tuple_keys: int = 0

    def work(self, count: int) -> None:
        """Count work as long as that of `count` opcodes."""
        self.opcodes += count
        if self.opcodes > OPCODES:
            refuse(f"holds more than {OPCODES:,} pickle opcodes")

    def claim(self, nbytes: int) -> None:
        """Count the bytes of a tensor's storage, before it is allocated."""
        self.tensor_bytes += nbytes
        if self.tensor_bytes > TENSOR_BYTES:
            refuse(f"claims tensors of more than {TENSOR_BYTES >> 30} GiB")
        if self.tensor_bytes > self.size:
            refuse(f"claims {self.tensor_bytes:,} bytes of tensors but has only {self.size:,}")

    def tensor(self) -> None:
        """Count one tensor."""
        self.tensors += 1
        if self.tensors > TENSORS:
            refuse(f"holds more than {TENSORS:,} tensors")

    def encode(self, nbytes: int) -> None:
        """Count bytes that are written as text."""
        self.encoded += nbytes
        if self.encoded > self.size:
            refuse("encodes the same text again and again")

    def tuple_key(self) -> None:
        """Count one dict key that is a tuple."""
        self.tuple_keys += 1
        if self.tuple_keys > TUPLE_KEYS:
            refuse(f"holds more than {TUPLE_KEYS:,} keys that are tuples")
