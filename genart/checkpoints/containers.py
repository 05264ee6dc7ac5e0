"""The containers a pickle builds, with the height and expanded size of each.

A container may be changed only until it is part of another one. Honest pickles fill a container
before they put it away, so nothing is lost, and a tree built this way cannot contain itself: its
height and size are known at every moment, without a walk over it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genart.checkpoints.limits import CONTAINERS, DEPTH, NODES, Budget, damaged, refuse, shown
from genart.checkpoints.records import Record
from genart.checkpoints.tensors import is_tensor

if TYPE_CHECKING:
    import torch

_SCALARS = frozenset({str, int, float, bool, type(None), bytes})
_KEY_ITEMS = 16


class Blob:
    """A long byte string that is copied only if it ends up in the tree."""

    __slots__ = ("_bytes", "view")

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self._bytes: bytes | None = None

    def bytes(self) -> bytes:
        """The bytes, copied once."""
        if self._bytes is None:
            self._bytes = bytes(self.view)
        return self._bytes


class Unbuilt:
    """A placeholder for an array or network until BUILD sets its state.

    Args:
        what: "array" or "network".
    """

    __slots__ = ("value", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self.value: torch.Tensor | Record | None = None


class _Node:
    """What is known of one container; class attributes, because hundreds of thousands are made."""

    height = 1
    count = 1
    placed = False
    raw = False  # a tuple of arguments: may hold what no tree may hold
    settled: Any = None

    def __init__(self, value: Any) -> None:
        self.value = value  # keeps the object, and so its id, in use


class Containers:
    """Makes containers and puts values into them.

    Args:
        budget: counts keys that are tuples.
    """

    def __init__(self, budget: Budget) -> None:
        self._nodes: dict[int, _Node] = {}
        self._budget = budget

    def new(self, value: Any, like: Any = None) -> Any:
        """Register a fresh container, as high and large as the container `like`."""
        nodes = self._nodes
        node = nodes[id(value)] = _Node(value)
        if len(nodes) > CONTAINERS:
            refuse(f"holds more than {CONTAINERS:,} lists, dicts and tuples")
        if like is not None:
            node.height, node.count = nodes[id(like)].height, nodes[id(like)].count
        return value

    def tuple(self, items: Sequence[Any]) -> Any:
        """A tuple; unlike other containers it may hold globals and storages, as arguments do."""
        if not items:
            return ()
        value = self.new(tuple([item.value if _is_built(item) else item for item in items]))
        node = self._nodes[id(value)]
        for item in value:
            self._place(node, item)
        _check(node)
        return value

    def append(self, target: Any, items: Sequence[Any]) -> None:
        """Put values at the end of a list."""
        node = self._open(target, list, "list")
        for item in items:
            target.append(self._put(node, item))
        _check(node)

    def update(self, target: Any, flat: Sequence[Any]) -> None:
        """Put key, value, key, value ... into a dict."""
        node = self._open(target, dict, "dict")
        if len(flat) % 2:
            damaged("has a key without a value")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            target[self._key(key)] = self._put(node, value)
        _check(node)

    def add(self, target: Any, items: Sequence[Any]) -> None:
        """Put scalars into a set."""
        node = self._open(target, set, "set")
        for item in items:
            if not _is_scalar_key(item):
                refuse("holds a set of something other than plain values")
        target.update(items)
        node.count += len(items)
        _check(node)

    def settle(self, value: Any) -> Any:
        """The value in its form for the tree.

        Raises:
            RefusedCheckpoint: a global or a bare storage, which is no data.
        """
        if type(value) in _SCALARS:
            return value
        node = self._nodes.get(id(value))
        if node is None:
            return _settled_leaf(value)
        if node.raw and node.settled is None:
            node.settled = self.new(tuple(map(self.settle, value)), like=value)
        return node.settled if node.raw else value

    def _open(self, target: Any, kind: type, name: str) -> _Node:
        node = self._nodes.get(id(target))
        if node is None or type(target) is not kind:
            refuse(f"puts items into something that is not a {name}")
        if node.placed:
            refuse("changes a container after putting it into another: it may contain itself")
        return node

    def _put(self, node: _Node, value: Any) -> Any:
        if type(value) in _SCALARS:
            node.count += 1
            return value
        value = self.settle(value)
        self._place(node, value)
        return value

    def _place(self, node: _Node, value: Any) -> None:
        inner = self._nodes.get(id(value))
        if inner is None:
            node.count += 1
            node.raw = node.raw or not _is_leaf(value)
            return
        if inner is node:
            refuse("holds a container that contains itself")
        inner.placed = True
        node.raw = node.raw or inner.raw
        node.height = max(node.height, inner.height + 1)
        node.count += inner.count

    def _key(self, key: Any) -> Any:
        if isinstance(key, tuple) and len(key) <= _KEY_ITEMS and all(map(_is_scalar_key, key)):
            self._budget.tuple_key()
        elif not _is_scalar_key(key):
            refuse("has a dict key that is neither a plain value nor a flat tuple of them")
        return key


def _is_leaf(value: Any) -> bool:
    return type(value) in _SCALARS or is_tensor(value) or value == ()


def _settled_leaf(value: Any) -> Any:
    if _is_leaf(value):
        return value
    if isinstance(value, Blob):
        return value.bytes()
    if isinstance(value, Unbuilt):
        return value.value if _is_built(value) else damaged(f"never fills one {value.what}")
    refuse(f"keeps {shown(value)} where only data is allowed")


def _is_built(value: Any) -> bool:
    return isinstance(value, Unbuilt) and value.value is not None


def _is_scalar_key(key: Any) -> bool:
    return type(key) in _SCALARS and not (type(key) is int and not -(2**63) <= key < 2**63)


def _check(node: _Node) -> None:
    if node.height > DEPTH:
        refuse(f"is nested more than {DEPTH} deep")
    if node.count > NODES:
        refuse(f"unfolds to more than {NODES:,} values by repeating shared ones")
