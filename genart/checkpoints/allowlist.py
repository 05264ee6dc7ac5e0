"""The globals a model file may name, each mapped to a few lines of genart.

Nothing is imported by name and nothing a file names is called. A global that is not in this list
is refused with its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from genart.checkpoints import tensors
from genart.checkpoints.containers import Blob, Containers, Unbuilt
from genart.checkpoints.limits import DIMENSIONS, Budget, damaged, refuse, shown
from genart.checkpoints.records import Record
from genart.checkpoints.tensors import ITEM_SIZES, ElementType, Storage, is_tensor

if TYPE_CHECKING:
    import torch


NETWORK = "dnnlib.tflib.network.Network"
_PERSISTENCE_VERSION = 6
_NAME = 256


class Builder(Protocol):
    """What a global's stand-in uses of the unpickler that reads the file."""

    budget: Budget
    grove: Containers
    namespaces: set[int]

    def nested_storage(self, data: object) -> Storage:
        """The storage saved as bytes inside this pickle."""
        ...


@dataclass(frozen=True)
class Global:
    """A name a file may use.

    Args:
        name: "module.name".
        call: what stands for calling it: (builder, arguments) to a value; None if it is a token.
        fresh: what stands for making an empty one, for NEWOBJ; None if it cannot be made so.
        dtype: the element type's name, if it names a storage.
    """

    name: str
    call: Callable[[Builder, tuple[Any, ...]], Any] | None = None
    fresh: Callable[[Builder], Any] | None = None
    dtype: str | None = None


def data_of(value: object, budget: Budget) -> memoryview:
    """The bytes of a byte string, or of a text that Python 2 wrote instead."""
    if isinstance(value, Blob):
        return value.view
    if isinstance(value, str):
        budget.encode(len(value))
        return memoryview(_latin1(value))
    if isinstance(value, bytes):
        return memoryview(value)
    damaged("has something other than bytes where numbers are stored")


def _latin1(text: str) -> bytes:
    try:
        return text.encode("latin1")
    except UnicodeEncodeError:
        damaged("stores bytes as a text that is not latin1")


def _persistent(builder: Builder, args: tuple[Any, ...]) -> Record:
    (meta,) = args
    if not isinstance(meta, dict) or meta.get("type") != "class":
        refuse("holds a persistent object of an unknown type")
    if meta.get("version") != _PERSISTENCE_VERSION:
        refuse(f"holds a persistent object of version {shown(meta.get('version'))}, not 6")
    name, state, source = (meta.get(key) for key in ("class_name", "state", "module_src"))
    if not (_is_name(name) and isinstance(source, str)):
        refuse("holds a persistent object whose class name is not an identifier")
    if not isinstance(state, dict):
        refuse("holds a persistent object without a state")
    record: Record = builder.grove.new(Record(name, state, source), like=meta)
    return record


def _is_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and len(name) <= _NAME and name.isidentifier()


def _mapping(builder: Builder, args: tuple[Any, ...]) -> dict[Any, Any]:
    made: dict[Any, Any] = builder.grove.new({})
    if not args:
        return made
    (content,) = args
    builder.budget.work(len(content))
    if isinstance(content, dict):
        builder.grove.update(made, [item for pair in content.items() for item in pair])
    elif isinstance(content, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in content
    ):
        builder.grove.update(made, [item for pair in content for item in pair])
    else:
        damaged("makes a dict of something that is not a list of pairs")
    return made


def _defaultdict(builder: Builder, args: tuple[Any, ...]) -> dict[Any, Any]:
    if len(args) > 1 or (args and not (args[0] is None or isinstance(args[0], Global))):
        refuse("makes a defaultdict of something unknown")
    return _mapping(builder, ())


def _namespace(builder: Builder) -> dict[Any, Any]:
    made = _mapping(builder, ())
    builder.namespaces.add(id(made))
    return made


def _set(builder: Builder, args: tuple[Any, ...]) -> set[Any]:
    made: set[Any] = builder.grove.new(set())
    if args:
        (items,) = args
        if not isinstance(items, list | tuple):
            damaged("makes a set of something that is not a list")
        builder.budget.work(len(items))
        builder.grove.add(made, items)
    return made


def _network(builder: Builder) -> Unbuilt:
    return Unbuilt("network")


def _rebuild_tensor(builder: Builder, args: tuple[Any, ...]) -> torch.Tensor:
    storage, offset, size, stride = args
    if not isinstance(storage, Storage):
        refuse("makes a tensor of something that is not a storage")
    return storage.view(offset, size, stride, builder.budget)


def _rebuild_tensor_v2(builder: Builder, args: tuple[Any, ...]) -> torch.Tensor:
    marks = args[6] if len(args) == 7 else None
    if not 6 <= len(args) <= 7 or not (marks is None or marks == {}):
        refuse("has a tensor with marks that are not read (conjugate or negative)")
    return _rebuild_tensor(builder, args[:4])


def _rebuild_parameter(builder: Builder, args: tuple[Any, ...]) -> torch.Tensor:
    data, _, _ = args
    if not is_tensor(data):
        refuse("makes a parameter of something that is not a tensor")
    return data


def _load_from_bytes(builder: Builder, args: tuple[Any, ...]) -> Storage:
    (data,) = args
    return builder.nested_storage(data)


def _size(builder: Builder, args: tuple[Any, ...]) -> tuple[Any, ...]:
    (size,) = args
    if not isinstance(size, tuple) or len(size) > DIMENSIONS:
        refuse("has a size that is not a tuple")
    return size


def _device(builder: Builder, args: tuple[Any, ...]) -> str:
    if not 1 <= len(args) <= 2 or not isinstance(args[0], str):
        damaged("names an unknown device")
    return ":".join(map(shown, args))


def _reconstruct(builder: Builder, args: tuple[Any, ...]) -> Unbuilt:
    if not args or getattr(args[0], "name", None) != "numpy.ndarray":
        refuse("makes an array of something that is not a numpy.ndarray")
    return Unbuilt("array")


def _scalar(builder: Builder, args: tuple[Any, ...]) -> int | float | bool:
    kind, data = args
    return tensors.scalar(kind, data_of(data, builder.budget))


def _dtype(builder: Builder, args: tuple[Any, ...]) -> ElementType:
    if not 1 <= len(args) <= 3:
        damaged("describes a numpy dtype in a way numpy does not")
    return ElementType(args[0])


def _encode(builder: Builder, args: tuple[Any, ...]) -> bytes:
    text, codec = args
    if codec not in ("latin1", "latin-1"):
        refuse(f"asks for the codec {shown(codec)!r}; only latin1 is read")
    if not isinstance(text, str):
        damaged("encodes something that is not a text")
    builder.budget.encode(len(text))
    return _latin1(text)


def _reconstructor(builder: Builder, args: tuple[Any, ...]) -> Any:
    kind, base, state = args
    if not (isinstance(kind, Global) and kind.fresh and isinstance(base, Global)):
        refuse("rebuilds an object of a class that is not mapped")
    if base.name == "builtins.object" and state is None:
        return kind.fresh(builder)
    if isinstance(state, dict) and kind.call is _mapping:
        return _mapping(builder, (state,))
    refuse(f"rebuilds {shown(kind)} from something unexpected")


def _empty_mapping(builder: Builder) -> dict[Any, Any]:
    return _mapping(builder, ())


_DICTS = (
    "dnnlib.util.EasyDict",
    "dnnlib.EasyDict",
    "collections.OrderedDict",
    "builtins.dict",
    "__builtin__.dict",
)
_STORAGES = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}
_NUMPY_HOMES = ("numpy", "numpy.core", "numpy._core")

_GLOBALS = [
    Global("torch_utils.persistence._reconstruct_persistent_obj", _persistent),
    *(Global(name, _mapping, _empty_mapping) for name in _DICTS),
    Global("collections.defaultdict", _defaultdict),
    Global("argparse.Namespace", None, _namespace),
    Global("builtins.set", _set),
    Global("__builtin__.set", _set),
    Global(NETWORK, None, _network),
    Global("torch._utils._rebuild_tensor", _rebuild_tensor),
    Global("torch._utils._rebuild_tensor_v2", _rebuild_tensor_v2),
    Global("torch._utils._rebuild_parameter", _rebuild_parameter),
    Global("torch.storage._load_from_bytes", _load_from_bytes),
    *(Global(f"torch.{name}Storage", dtype=dtype) for name, dtype in _STORAGES.items()),
    Global("torch.Size", _size),
    Global("torch.device", _device),
    *(Global(f"{home}.multiarray._reconstruct", _reconstruct) for home in _NUMPY_HOMES[1:]),
    *(Global(f"{home}.multiarray.scalar", _scalar) for home in _NUMPY_HOMES[1:]),
    Global("numpy.ndarray"),
    Global("numpy.dtype", _dtype),
    Global("_codecs.encode", _encode),
    Global("copyreg._reconstructor", _reconstructor),
    Global("copy_reg._reconstructor", _reconstructor),
    Global("builtins.object"),
    Global("__builtin__.object"),
]
#: dtype names become plain texts: torch.float32 is read as "float32".
_DTYPES = {f"torch.{dtype}" for dtype in ITEM_SIZES}
_ALLOWED = {one.name: one for one in _GLOBALS}


def named(module: str, name: str) -> Global | str:
    """The replacement of a global.

    Raises:
        RefusedCheckpoint: it is not in the list; the message names it.
    """
    full = f"{module}.{name}"
    if full in _DTYPES:
        return name
    if full not in _ALLOWED or "." in name:
        refuse(f'asks for "{shown(full)}", which is not among the names a model file may use')
    return _ALLOWED[full]
