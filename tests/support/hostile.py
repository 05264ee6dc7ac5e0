"""Model files that must be refused, made by hand: each a name, its bytes, and a word of why."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

PROTO = b"\x80\x04"
LEGACY = b"".join(pickle.dumps(n, 2) for n in (0x1950A86A20F9469CFC6C, 1001)) + pickle.dumps(
    {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, 2
)


@dataclass(frozen=True)
class Hostile:
    """One file that must be refused.

    Args:
        name: what it tries.
        data: its bytes.
        why: a regular expression that the message matches.
    """

    name: str
    data: bytes
    why: str


# A pickle assembler: each function gives the opcodes that put one value on the stack.


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def data(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)


def name(full: str, dots: int = 1) -> bytes:
    """A global; `dots` more than 1 leaves the last dots in the attribute, as in "hub.os.system"."""
    module, *attribute = full.rsplit(".", dots)
    return text(module) + text(".".join(attribute)) + b"\x93"


def group(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def call(full: str, *args: bytes) -> bytes:
    return name(full) + group(*args) + b"R"


def plain(value: object) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def whole(body: bytes, protocol: int = 4) -> bytes:
    return bytes([0x80, protocol]) + body + b"."


def entry(value: bytes) -> bytes:
    """A file whose value stands in a dict, as a weight would."""
    return whole(b"}" + text("weight") + value + b"s")


def zipped(pickled: bytes, members: Iterable[tuple[str, bytes]] = (), **how: int) -> bytes:
    """A torch zip around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as archive:  # type: ignore[arg-type]
        archive.writestr("archive/data.pkl", pickled)
        for path, content in members:
            archive.writestr(path, content)
    return file.getvalue()


def legacy(pickled: bytes, keys: object = (), storages: bytes = b"") -> bytes:
    """A torch legacy file around a pickle."""
    return LEGACY + pickled + pickle.dumps(list(keys), 2) + storages  # type: ignore[call-overload]


def storage(numel: int, key: str = "0", kind: str = "torch.FloatStorage", *more: bytes) -> bytes:
    """A persistent storage."""
    return group(text("storage"), name(kind), text(key), text("cpu"), number(numel), *more) + b"Q"


def tensor(store: bytes, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    return call(
        "torch._utils._rebuild_tensor_v2",
        store,
        number(offset),
        group(*map(number, size)),
        group(*map(number, stride)),
        b"\x89",
        call("collections.OrderedDict"),
    )


def nested(content: bytes) -> bytes:
    return call("torch.storage._load_from_bytes", data(content))


def saved_storage(numel: int = 4) -> bytes:
    """What torch itself writes for a storage inside a pickle."""
    content = struct.pack("<q", numel) + bytes(4 * numel)
    return legacy(whole(storage(numel), 2), ["0"], content)


def array(dtype: bytes, shape: tuple[int, ...], content: bytes) -> bytes:
    start = call(
        "numpy.core.multiarray._reconstruct", name("numpy.ndarray"), plain((0,)), data(b"b")
    )
    return start + group(b"K\x01", plain(shape), dtype, b"\x89", content) + b"b"


def dtype(code: str) -> bytes:
    return call("numpy.dtype", text(code), b"\x89", b"\x88")


def persistent(**meta: bytes) -> bytes:
    official = {
        "type": text("class"),
        "version": b"K\x06",
        "module_src": text("pass"),
        "class_name": text("Generator"),
        "state": b"}",
    } | meta
    items = b"".join(text(key) + value for key, value in official.items())
    return call("torch_utils.persistence._reconstruct_persistent_obj", b"}(" + items + b"u")


def programs(sentinel: str) -> dict[str, tuple[bytes, str]]:
    """Pickle bodies that would create the file `sentinel`, each with the name to be refused."""
    touch = text(f"touch {sentinel}")
    python = text(f"open({sentinel!r}, 'w')")
    return {
        "os.system": (call("os.system", touch), "os.system"),
        "posix.system": (call("posix.system", touch), "posix.system"),
        "eval": (call("builtins.eval", python), "builtins.eval"),
        "exec": (call("builtins.exec", python), "builtins.exec"),
        "getattr": (call("builtins.getattr", text("os"), text("system")), "builtins.getattr"),
        "subprocess": (call("subprocess.Popen", group(touch)), "subprocess.Popen"),
        "importlib": (call("importlib.import_module", text("os")), "importlib.import_module"),
        "python2": (b"c__builtin__\neval\n" + group(python) + b"R", "__builtin__.eval"),
        "classic": (b"cos\nsystem\n" + group(touch) + b"R", "os.system"),
        "dotted": (name("torch.hub.os.system", 3) + group(touch) + b"R", "torch.hub.os.system"),
        "dotted line": (b"ctorch\nhub.os.system\n" + group(touch) + b"R", "torch.hub.os.system"),
        "dotted, mapped": (
            name("torch._utils._rebuild_tensor_v2", 2) + group() + b"R",
            "torch._utils._rebuild_tensor_v2",
        ),
        "torch.load": (call("torch.load", text(sentinel)), "torch.load"),
        "torch.jit.load": (call("torch.jit.load", text(sentinel)), "torch.jit.load"),
        "torch.hub.load": (call("torch.hub.load", text("a/b"), text("c")), "torch.hub.load"),
        "torch.serialization": (
            call("torch.serialization.load", text(sentinel)),
            "torch.serialization.load",
        ),
        "nameless": (call("os.\n\x1b[2J", touch), r"x1b\[2J"),
        "NEWOBJ": (name("subprocess.Popen") + group(touch) + b"\x81", "subprocess.Popen"),
    }


def _in(body: bytes) -> bytes:
    return entry(nested(body))


def _float(numel: int, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    """A legacy file of one storage of 16 elements and one tensor on it."""
    content = struct.pack("<q", 16) + bytes(64)
    return legacy(whole(tensor(storage(numel), offset, size, stride), 2), ["0"], content)


def _laughs() -> bytes:
    body = b"](K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01K\x01e"
    for _ in range(30):
        body = body + b"q\x00](" + b"h\x00" * 10 + b"e"
    return whole(body)


def containers() -> list[Hostile]:
    """Archives that are wrong before any pickle is read."""
    empty = whole(b"}")
    one = whole(tensor(storage(4), 0, (4,), (1,)))
    return [
        Hostile("torchscript code", zipped(empty, [("archive/code/a.py", b"x")]), "TorchScript"),
        Hostile("torchscript", zipped(empty, [("archive/constants.pkl", empty)]), "TorchScript"),
        Hostile("compressed", zipped(empty, compression=zipfile.ZIP_DEFLATED), "compressed"),
        Hostile(
            "bomb",
            zipped(one, [("archive/data/0", bytes(1 << 22))], compression=8),
            "larger than itself",
        ),
        Hostile("traversal", zipped(empty, [("archive/../x", b"")]), "path out of itself"),
        Hostile("absolute", zipped(empty, [("/etc/x", b"")]), "path out of itself"),
        Hostile("backslash", zipped(empty, [("archive\\x", b"")]), "path out of itself"),
        Hostile("two roots", zipped(empty, [("other/x", b"")]), "2 root folders"),
        Hostile("member twice", _twice(empty), "twice"),
        Hostile("larger than itself", _overlapping(one), "larger than itself"),
        Hostile(
            "4 TB",
            zipped(
                whole(tensor(storage(1 << 40), 0, (1 << 40,), (1,))),
                [("archive/data/0", bytes(64))],
            ),
            "1,099,511,627,776 elements",
        ),
        Hostile("endless directory", _endless(empty), "directory far too long"),
        Hostile("short storage", zipped(one, [("archive/data/0", bytes(15))]), "of 15 bytes"),
        Hostile("long storage", zipped(one, [("archive/data/0", bytes(17))]), "of 17 bytes"),
        Hostile(
            "named storage",
            zipped(whole(tensor(storage(4, "../0"), 0, (4,), (1,)))),
            "instead of a number",
        ),
        Hostile("nested in zip", zipped(entry(nested(saved_storage()))), "_load_from_bytes"),
    ]


def _twice(pickled: bytes) -> bytes:
    archive = zipped(pickled, [("archive/data.pkX", pickled)])
    return archive.replace(b"data.pkX", b"data.pkl")


def _endless(pickled: bytes) -> bytes:
    """A directory that says it has a gigabyte, which would take minutes to go through."""
    archive = bytearray(zipped(pickled))
    start = archive.rfind(b"PK\x05\x06")
    archive[start + 12 : start + 16] = struct.pack("<I", 1 << 30)
    return bytes(archive)


def _overlapping(pickled: bytes) -> bytes:
    """Many directory entries that all show the same bytes."""
    archive = bytearray(zipped(pickled, [(f"archive/data/{n}", bytes(8)) for n in range(50)]))
    start = archive.rfind(b"PK\x05\x06")
    place = int.from_bytes(archive[start + 16 : start + 20], "little")
    while archive[place : place + 4] == b"PK\x01\x02":
        archive[place + 20 : place + 28] = struct.pack("<II", len(archive), len(archive))
        place += 46 + sum(struct.unpack_from("<HHH", archive, place + 28))
    return bytes(archive)


def pickles() -> list[Hostile]:
    """Pickles that ask for a forbidden opcode, or for too much."""
    return [
        Hostile("inst", whole(b"(" + text("true") + b"ios\nsystem\n"), "opcode INST"),
        Hostile("obj", whole(b"(cos\nsystem\n" + text("true") + b"o"), "os.system"),
        Hostile("obj of nothing", whole(b"(No"), "opcode OBJ"),
        Hostile("ext1", whole(b"\x82\x01"), "opcode EXT1"),
        Hostile("ext2", whole(b"\x83\x01\x00"), "opcode EXT2"),
        Hostile("ext4", whole(b"\x84\x01\x00\x00\x00"), "opcode EXT4"),
        Hostile("persid", whole(b"P0\n"), "opcode PERSID"),
        Hostile("binpersid", entry(storage(4)), "persistent id"),
        Hostile("newobj_ex", whole(name("builtins.dict") + b")}\x92"), "opcode NEWOBJ_EX"),
        Hostile("long4", whole(b"\x8b\x01\x00\x00\x00\x01"), "opcode LONG4"),
        Hostile("bytearray", whole(b"\x96" + bytes(8)), "opcode BYTEARRAY8"),
        Hostile("buffer", whole(b"\x97"), "opcode NEXT_BUFFER"),
        Hostile("unknown opcode", whole(b"\xff"), "opcode 0xff"),
        Hostile("protocol 0", b"cos\nsystem\n(S'true'\ntR.", "protocol 0"),
        Hostile("protocol 0, marked", b"\x80\x00cos\nsystem\n(S'true'\ntR.", "protocol"),
        Hostile("protocol 1", b"\x80\x01}.", "protocol"),
        Hostile("protocol 9", b"\x80\x09}.", "protocol"),
        Hostile("bytes of 2^40", whole(b"\x8e" + struct.pack("<Q", 1 << 40)), "1,099,511,627,776"),
        Hostile("text of 2^40", whole(b"\x8d" + struct.pack("<Q", 1 << 40)), "1,099,511,627,776"),
        Hostile("bytes of 2^31", whole(b"B" + struct.pack("<I", 1 << 31)), "2,147,483,648"),
        Hostile("frame of 2^60", whole(b"\x95" + struct.pack("<Q", 1 << 60)), "frame"),
        Hostile("memo 2^31", whole(b"Nr" + struct.pack("<I", 1 << 31)), "memo entry 2,147,483,648"),
        Hostile("integer of 255 bytes", whole(b"\x8a\xff" + bytes(255)), "integer of 255 bytes"),
        Hostile("deep lists", whole(b"]" * 1_500_000 + b"a" * 1_499_999), "nested"),
        Hostile("deep tuples", whole(b")" + b"\x85" * 300), "nested more than 200"),
        Hostile("deep marks", whole(b"(" * 1_500_000), "nested more than 200"),
        Hostile("deep key", whole(b"}" + b")" + b"\x85" * 150 + b"Ns"), "dict key"),
        Hostile("list key", whole(b"}]Ns"), "dict key"),
        Hostile("long tuple key", whole(b"}(" + b"K\x01" * 50 + b"tNs"), "dict key"),
        Hostile("list cycle", whole(b"]q\x00h\x00a"), "contains itself"),
        Hostile("dict cycle", whole(b"}q\x00K\x01h\x00s"), "contains itself"),
        Hostile("long cycle", whole(b"]q\x00]h\x00aa"), "contain itself"),
        Hostile("billion laughs", _laughs(), "unfolds to more than 2,000,000"),
        Hostile("opcodes", whole(b"]" + b"Na" * 600_000), "1,000,000 pickle opcodes"),
        Hostile("item of a list", whole(b"]K\x01K\x02s"), "not a dict"),
        Hostile("item of a global", whole(name("torch.Size") + b"K\x01K\x02s"), "not a dict"),
        Hostile("append to a dict", whole(b"}K\x01a"), "not a list"),
        Hostile("state of a list", whole(b"]}b"), "sets the state"),
        Hostile("state of a global", whole(name("torch.Size") + b"}b"), "sets the state"),
        Hostile("state of a record", whole(persistent() + b"}b"), "sets the state"),
        Hostile("call of a text", whole(text("x") + b")R"), "calls x"),
        Hostile("call of a class", whole(name("builtins.object") + b")R"), "calls builtins.object"),
        Hostile("global as data", entry(name("torch.FloatStorage")), "torch.FloatStorage"),
        Hostile("global in a tuple", entry(group(name("torch.Size"))), "torch.Size"),
        Hostile("set of tuples", whole(b"\x8f((K\x01t\x90"), "set of something"),
        Hostile("set of lists", whole(b"\x8f(]\x90"), "set of something"),
        Hostile(
            "reconstructor",
            entry(
                call("copyreg._reconstructor", name("torch.Size"), name("builtins.object"), b"N")
            ),
            "mapped",
        ),
        Hostile("codec zip", entry(call("_codecs.encode", text("a"), text("zip"))), "codec 'zip'"),
        Hostile(
            "codec idna", entry(call("_codecs.encode", text("a"), text("idna"))), "codec 'idna'"
        ),
        Hostile("object array", entry(array(dtype("O8"), (1,), plain(["x"]))), "'O8'"),
        Hostile(
            "object scalar",
            entry(call("numpy.core.multiarray.scalar", dtype("|O"), data(b""))),
            r"'\|O'",
        ),
        Hostile("text array", entry(array(dtype("<U4"), (1,), data(bytes(16)))), "'<U4'"),
        Hostile("long doubles", entry(array(dtype("f16"), (1,), data(bytes(16)))), "'f16'"),
        Hostile(
            "structured array",
            entry(dtype("V8") + plain((3, "|", None, ("a",), {}, 8, 1, 0)) + b"b"),
            "'V8'",
        ),
        Hostile(
            "array with fields",
            entry(dtype("f4") + plain((3, "<", None, ("a",), {"a": 1}, 8, 1, 0)) + b"b"),
            "structured",
        ),
        Hostile(
            "array of 2^40", entry(array(dtype("f4"), (1 << 40,), data(bytes(64)))), "64 bytes"
        ),
        Hostile(
            "same array again",
            entry(array(dtype("f4"), (16,), data(bytes(64)) + b"q\x07") + b"0"),
            "opcode POP",
        ),
        Hostile("persistent function", entry(persistent(type=text("function"))), "unknown type"),
        Hostile("persistent version", entry(persistent(version=b"K\x07")), "version 7"),
        Hostile("persistent name", entry(persistent(class_name=text("os.system"))), "identifier"),
        Hostile("nested zip", _in(zipped(whole(b"}"))), "_load_from_bytes"),
        Hostile("nested pickle", _in(whole(b"}")), "_load_from_bytes"),
        Hostile("nested dict", _in(legacy(whole(b"}", 2))), "more than a storage"),
        Hostile("nested twice", _in(legacy(entry(nested(saved_storage())))), "_load_from_bytes"),
        Hostile("nested short", _in(saved_storage()[:-4]), "bytes but only"),
    ]


def legacies() -> list[Hostile]:
    """Torch legacy files whose tensors do not fit their storages."""
    fit = whole(tensor(storage(16), 0, (16,), (1,)), 2)
    content = struct.pack("<q", 16) + bytes(64)
    return [
        Hostile("out of bounds", _float(16, 0, (17,), (1,)), "outside its storage"),
        Hostile("offset out of bounds", _float(16, 1, (16,), (1,)), "outside its storage"),
        Hostile("stride out of bounds", _float(16, 0, (4, 4), (5, 1)), "outside its storage"),
        Hostile("negative offset", _float(16, -1, (4,), (1,)), "offset -1"),
        Hostile("negative stride", _float(16, 4, (4,), (-1,)), "not a shape"),
        Hostile("negative size", _float(16, 0, (-4,), (1,)), "not a shape"),
        Hostile("expanded", _float(16, 0, (1 << 20, 4), (0, 1)), "expanded"),
        Hostile("larger than its storage", _float(16, 0, (8, 8), (1, 1)), "outside its storage"),
        Hostile("nine dimensions", _float(16, 0, (1,) * 9, (1,) * 9), "not a shape"),
        Hostile("4 TB", _float(1 << 40, 0, (1 << 40,), (1,)), "more than 8 GiB"),
        Hostile("1 GB", _float(1 << 28, 0, (1 << 28,), (1,)), "bytes of tensors but has only"),
        Hostile("negative length", _float(-1, 0, (0,), (1,)), "key and length"),
        Hostile("other length", legacy(fit, ["0"], struct.pack("<q", 8) + bytes(64)), "length"),
        Hostile("short storage", legacy(fit, ["0"], content[:-1]), "63 are left"),
        Hostile("no storage", legacy(fit, []), "other storages"),
        Hostile("storage twice", legacy(fit, ["0", "0"], content * 2), "other storages"),
        Hostile("unknown storage", legacy(fit, ["1"], content), "other storages"),
        Hostile(
            "storage of two types",
            legacy(
                whole(
                    group(
                        tensor(storage(16), 0, (16,), (1,)),
                        tensor(storage(16, "0", "torch.IntStorage"), 0, (16,), (1,)),
                    )
                ),
                ["0"],
                content,
            ),
            "two ways",
        ),
        Hostile(
            "storage of objects",
            legacy(whole(storage(16, "0", "torch.Size"), 2), ["0"], content),
            "torch.Size",
        ),
        Hostile("nested in legacy", legacy(entry(nested(saved_storage()))), "_load_from_bytes"),
    ]
