"""A pickle machine that only builds data: protocols 2 to 5, no imports, no calls."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from genart.checkpoints import tensors
from genart.checkpoints.allowlist import (
    NETWORK,
    Global,
    data_of,
    named,
)
from genart.checkpoints.byte_reader import ByteReader
from genart.checkpoints.containers import Blob, Containers, Unbuilt
from genart.checkpoints.limits import (
    DEPTH,
    INTEGER_BYTES,
    MEMO,
    OPCODES,
    STACK,
    Budget,
    damaged,
    refuse,
    shown,
)
from genart.checkpoints.records import Record
from genart.checkpoints.tensors import ElementType, Storage
from genart.errors import CheckpointError

_LONG_BYTES = 1 << 16  # longer byte strings stay where they are until they are needed

FindStorage = Callable[[tuple[Any, ...]], Storage]
LoadNested = Callable[[memoryview, Budget], Storage]


class Unpickler:
    """Reads one pickle.

    Args:
        cursor: stands at the pickle's first byte; afterwards behind its last.
        budget: the file's allowance.
        find_storage: answers a persistent id; None where such ids are not allowed.
        load_nested: reads a storage saved inside the pickle; None where that is not allowed.
    """

    def __init__(
        self,
        cursor: ByteReader,
        budget: Budget,
        find_storage: FindStorage | None = None,
        load_nested: LoadNested | None = None,
    ) -> None:
        self.cursor, self.budget = cursor, budget
        self.grove = Containers(budget)
        self.namespaces: set[int] = set()
        self._find_storage, self._load_nested = find_storage, load_nested
        self._nested: dict[int, tuple[object, Storage]] = {}
        self._memo: dict[int, Any] = {}
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []

    def run(self) -> Any:
        """The value the pickle describes.

        Raises:
            RefusedCheckpoint: it asks for something forbidden or for too much.
            CheckpointError: it makes no sense.
        """
        if self.cursor.byte() != 0x80 or not 2 <= self.cursor.byte() <= 5:
            refuse("holds a pickle of a protocol other than 2 to 5")
        try:
            return self._loop()
        except (LookupError, ValueError, TypeError, RuntimeError, ArithmeticError) as error:
            raise CheckpointError(
                f"holds a pickle that makes no sense ({type(error).__name__})"
            ) from error

    def _loop(self) -> Any:
        byte, budget = self.cursor.byte, self.budget
        while (code := byte()) != _STOP:
            budget.opcodes += 1
            if budget.opcodes > OPCODES:
                refuse(f"holds more than {OPCODES:,} pickle opcodes")
            step = _STEPS.get(code)
            if step is None:
                refuse(f"uses the pickle opcode {_opcode_name(code)}, which no model file needs")
            step(self)
            if len(self._stack) > STACK:
                refuse(f"keeps more than {STACK:,} values waiting: too long or too deeply nested")
        if self._outer or len(self._stack) != 1:
            damaged("ends with a pickle that is not finished")
        value = self._stack.pop()
        return value if isinstance(value, Storage) else self.grove.settle(value)

    def nested_storage(self, data: object) -> Storage:
        """The storage saved as bytes inside this pickle; the same bytes give the same storage."""
        if self._load_nested is None:
            refuse('asks for "torch.storage._load_from_bytes" inside another torch file')
        known = self._nested.get(id(data))
        if known is None:
            known = data, self._load_nested(data_of(data, self.budget), self.budget)
            self._nested[id(data)] = known
        return known[1]

    # What each opcode does.

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _frame(self) -> None:
        length = self.cursor.number(8)
        if length > self.cursor.left:
            refuse(f"announces a frame of {length:,} bytes where {self.cursor.left:,} are left")

    def _mark(self) -> None:
        if len(self._outer) >= 2 * DEPTH:
            refuse(f"is nested more than {DEPTH} deep")
        self._outer.append(self._stack)
        self._stack = []

    def _marked(self) -> list[Any]:
        items, self._stack = self._stack, self._outer.pop()
        return items

    def _bytes(self, length: int) -> None:
        view = self.cursor.take(length)
        self._push(Blob(view) if length > _LONG_BYTES else bytes(view))

    def _old_string(self, length: int) -> None:
        data = bytes(self.cursor.take(length))
        try:
            self._push(data.decode("utf-8"))
        except UnicodeDecodeError:
            self._push(data)

    def _integer(self, length: int) -> None:
        if length > INTEGER_BYTES:
            refuse(f"holds an integer of {length} bytes; at most {INTEGER_BYTES} are read")
        self._push(self.cursor.number(length, signed=True))

    def _global(self) -> None:
        module = self.cursor.line()
        self._push(named(module, self.cursor.line()))

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            refuse("names a global by something that is not a text")
        self._push(named(module, name))

    def _put(self, index: int) -> None:
        if index >= MEMO or len(self._memo) >= MEMO:
            refuse(f"uses memo entry {index:,}; at most {MEMO:,} are kept")
        self._memo[index] = self._stack[-1]

    def _get(self, index: int) -> None:
        if index not in self._memo:
            damaged(f"recalls memo entry {index:,}, which it never made")
        self._push(self._memo[index])

    def _tuple(self, length: int) -> None:
        items = self._stack[-length:]
        if len(items) < length:
            damaged("makes a tuple of more values than it has")
        self._stack[-length:] = [self.grove.tuple(items)]

    def _append(self, items: list[Any]) -> None:
        self.grove.append(self._stack[-1], items)

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self.grove.update(self._stack[-1], [key, value])

    def _set_items(self) -> None:
        items = self._marked()
        self.grove.update(self._stack[-1], items)

    def _add_items(self) -> None:
        items = self._marked()
        self.grove.add(self._stack[-1], items)

    def _append_items(self) -> None:
        items = self._marked()
        self._append(items)

    def _persistent_id(self) -> None:
        pid = self._stack.pop()
        if self._find_storage is None or not isinstance(pid, tuple):
            refuse("refers to a storage outside itself (a persistent id)")
        self._push(self._find_storage(pid))

    def _reduce(self) -> None:
        args, function = self._stack.pop(), self._stack.pop()
        if not (isinstance(function, Global) and function.call and isinstance(args, tuple)):
            refuse(f"calls {shown(function)}, which is not allowed")
        self._push(function.call(self, args))

    def _new_object(self) -> None:
        args, kind = self._stack.pop(), self._stack.pop()
        if not (isinstance(kind, Global) and kind.fresh and args == ()):
            refuse(f"makes an object of {shown(kind)}, which is not allowed")
        self._push(kind.fresh(self))

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Unbuilt) and target.value is None:
            self._finish(target, state)
        elif isinstance(target, ElementType):
            target.build(state)
        elif not (isinstance(target, dict) and isinstance(state, dict)):
            refuse("sets the state of something that has none")
        elif id(target) in self.namespaces:
            self.budget.work(len(state))
            self.grove.update(target, [item for pair in state.items() for item in pair])

    def _finish(self, target: Unbuilt, state: Any) -> None:
        if target.what == "array":
            data = state[4] if isinstance(state, tuple) and len(state) == 5 else None
            target.value = tensors.array(state, data_of(data, self.budget), self.budget)
        elif isinstance(state, dict):
            source = state.get("build_module_src")
            record = Record(NETWORK, state, source if isinstance(source, str) else "")
            target.value = self.grove.new(record, like=state)
        else:
            refuse("holds a network without a state")


def _opcode_name(code: int) -> str:
    names = (name for name in pickle.__all__ if getattr(pickle, name) == bytes([code]))
    return next(names, f"0x{code:02x}")


def _sized(step: Callable[[Unpickler, int], None], width: int) -> Callable[[Unpickler], None]:
    """A step that reads an unsigned number of `width` bytes first."""
    return lambda machine: step(machine, machine.cursor.number(width))


def _pushed(value: Any) -> Callable[[Unpickler], None]:
    return lambda machine: machine._stack.append(value)


_STOP = ord(".")
_STEPS: dict[int, Callable[[Unpickler], None]] = {
    0x95: Unpickler._frame,
    ord("("): Unpickler._mark,
    ord("N"): _pushed(None),
    0x88: _pushed(True),
    0x89: _pushed(False),
    ord("K"): lambda m: m._push(m.cursor.byte()),
    ord("M"): lambda m: m._push(m.cursor.number(2)),
    ord("J"): lambda m: m._push(m.cursor.number(4, signed=True)),
    0x8A: _sized(Unpickler._integer, 1),
    ord("G"): lambda m: m._push(m.cursor.real()),
    0x8C: lambda m: m._push(m.cursor.text(m.cursor.byte())),
    ord("X"): lambda m: m._push(m.cursor.text(m.cursor.number(4))),
    0x8D: lambda m: m._push(m.cursor.text(m.cursor.number(8))),
    ord("C"): _sized(Unpickler._bytes, 1),
    ord("B"): _sized(Unpickler._bytes, 4),
    0x8E: _sized(Unpickler._bytes, 8),
    ord("U"): _sized(Unpickler._old_string, 1),
    ord("T"): _sized(Unpickler._old_string, 4),
    ord("]"): lambda m: m._stack.append(m.grove.new([])),
    ord("}"): lambda m: m._stack.append(m.grove.new({})),
    0x8F: lambda m: m._push(m.grove.new(set())),
    ord(")"): _pushed(()),
    0x85: lambda m: m._tuple(1),
    0x86: lambda m: m._tuple(2),
    0x87: lambda m: m._tuple(3),
    ord("t"): lambda m: m._push(m.grove.tuple(m._marked())),
    ord("a"): lambda m: m._append([m._stack.pop()]),
    ord("e"): Unpickler._append_items,
    ord("s"): Unpickler._set_item,
    ord("u"): Unpickler._set_items,
    0x90: Unpickler._add_items,
    ord("q"): _sized(Unpickler._put, 1),
    ord("r"): _sized(Unpickler._put, 4),
    0x94: lambda m: m._put(len(m._memo)),
    ord("h"): _sized(Unpickler._get, 1),
    ord("j"): _sized(Unpickler._get, 4),
    ord("c"): Unpickler._global,
    0x93: Unpickler._stack_global,
    ord("Q"): Unpickler._persistent_id,
    ord("R"): Unpickler._reduce,
    0x81: Unpickler._new_object,
    ord("b"): Unpickler._build,
}
