"""Every container comes back as it was written, as plain data; other files are refused by name."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support import nvidia_format

from genart.checkpoints import Record, read_checkpoint, write_safetensors
from genart.checkpoints.outline import outline
from genart.errors import CheckpointError, RefusedCheckpoint, UsageError

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
          torch.int16, torch.int8, torch.uint8, torch.bool]  # fmt: skip


def same(mine: Any, theirs: Any) -> bool:
    """Equal in value, shape, dtype and in every type that a reader promises."""
    if isinstance(theirs, torch.Tensor):
        return mine.dtype == theirs.dtype and torch.equal(mine, theirs)
    if isinstance(theirs, argparse.Namespace):
        return same(mine, vars(theirs))
    if isinstance(theirs, dict):
        return (
            type(mine) is dict
            and list(mine) == list(theirs)
            and all(same(mine[key], theirs[key]) for key in theirs)
        )
    if isinstance(theirs, list | tuple):
        return (
            type(mine) is type(theirs) and len(mine) == len(theirs) and all(map(same, mine, theirs))
        )
    return type(mine) is type(theirs) and bool(mine == theirs)


def tree() -> dict[str, Any]:
    """What training checkpoints hold, in all its variety."""
    shared = torch.arange(24.0).reshape(4, 6)
    layer = torch.nn.Linear(3, 2)
    return {
        "weights": OrderedDict((str(dtype), torch.ones(3, 2).to(dtype)) for dtype in DTYPES),
        "model": layer.state_dict(),
        "parameter": layer.weight,
        "views": [shared, shared.t(), shared[1:, 2:], shared[2, 3], shared[:0]],
        "scalar": torch.tensor(2.5),
        "optimiser": {
            "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.randn(2, 3)}},
            "param_groups": [{"lr": 1e-3, "betas": (0.0, 0.99), "params": [0, 1]}],
        },
        "args": argparse.Namespace(size=64, lr=0.002, name="pomme, pêche"),
        "counts": defaultdict(dict, {1: {2.5: None, True: b"\x00\xff"}}),
        "numbers": (1, -1, 255, 65536, -(2**40), 2**62, 1.5, True, None),
        "set": {"a", "b"},
        ("layer", 3): "a key may be a tuple",
        "dtype": "float32",
        "bytes": [bytes(10), bytes(100_000), (bytes(100_000),)],
    }


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_torch_files_come_back(zipped: bool, protocol: int, tmp_path: Path) -> None:
    path, written = tmp_path / "model.pt", tree()
    torch.save(written, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    read = read_checkpoint(path)
    assert read.format == ("torch-zip" if zipped else "torch-legacy")
    assert same(read.tree, written)


def test_tensors_share_memory_where_they_did_and_may_be_written(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(tree(), path)
    before = path.read_bytes()
    whole, turned, *_ = read_checkpoint(path).tree["views"]
    whole[1, 0] = 99.0
    assert turned[0, 1] == 99.0
    assert path.read_bytes() == before


def test_a_tree_holds_nothing_but_plain_types(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(tree() | {"torch": [torch.float32, torch.device("cpu"), torch.Size([1, 2])]}, path)
    plain = read_checkpoint(path).tree
    assert plain["torch"] == ["float32", "cpu", (1, 2)]
    assert type(plain["model"]) is dict
    assert type(plain["parameter"]) is torch.Tensor
    assert not plain["parameter"].requires_grad


class Block(torch.nn.Module):
    """A module shaped like an official one: parameters, buffers, children, keyword arguments."""

    def __init__(self, depth: int = 2, **kwargs: Any) -> None:
        super().__init__()
        self._init_args, self._init_kwargs = (), nvidia_format.EasyDict(kwargs)
        self.weight = torch.nn.Parameter(torch.randn(4, 3, generator=torch.manual_seed(depth)))
        self.bias = None
        self.register_buffer("w_avg", torch.full([3], 0.5))
        self.register_buffer("scratch", torch.zeros(7), persistent=False)
        self.gain = np.float64(1.5)
        self.taps = np.arange(6, dtype=np.float32).reshape(2, 3)
        if depth:
            self.child = Block(depth - 1)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_nvidia_pickles_come_back_as_records(protocol: int, tmp_path: Path) -> None:
    generator, critic = Block(size=32), Block(1)
    path = tmp_path / "network.pkl"
    nvidia_format.dump(nvidia_format.snapshot(generator, critic), path, protocol)
    read = read_checkpoint(path)
    assert read.format == "nvidia-pickle"
    assert list(read.tree) == ["G", "D", "G_ema", "augment_pipe", "training_set_kwargs"]
    ema = read.tree["G_ema"]
    assert isinstance(ema, Record)
    assert ema.class_name == "Block"
    assert ema.source == nvidia_format.SOURCE
    assert ema.source_sha256 == hashlib.sha256(nvidia_format.SOURCE.encode()).hexdigest()
    assert same(ema.state_dict(), dict(generator.state_dict()))
    assert ema.state["_init_kwargs"] == {"size": 32}
    assert ema.state["gain"] == 1.5
    assert type(ema.state["gain"]) is float
    assert same(ema.state["taps"], torch.from_numpy(generator.taps))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "code", ["<f2", "<f4", "<f8", ">f4", "i1", "<i2", ">i4", "<i8", "u1", "<u2", "?"]
)
def test_tensorflow_era_networks_come_back_with_their_arrays(
    code: str, order: Any, tmp_path: Path
) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(code, order=order)
    network = nvidia_format.Network("G", {"w": values, "lod": np.zeros((), "f4")}, resolution=64)
    path = nvidia_format.dump((network, network, network), tmp_path / "network.pkl")
    read = read_checkpoint(path)
    assert read.format == "nvidia-tf-pickle"
    record = read.tree[2]
    assert record.class_name == "dnnlib.tflib.network.Network"
    assert record.source == nvidia_format.SOURCE
    assert record.state["static_kwargs"] == {"resolution": 64}
    (name, array), (_, scalar) = record.state["variables"]
    assert name == "w"
    assert array.shape == (2, 3, 4)
    assert np.array_equal(array.numpy(), values)
    assert scalar.shape == ()


def test_a_python_2_file_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    pairs = b"]q\x04]q\x05(U\x01bK\x01ea"
    path.write_bytes(b"\x80\x02}(U\x01accollections\nOrderedDict\n" + pairs + b"\x85Ru.")
    assert read_checkpoint(path).tree == {"a": {"b": 1}}


def test_safetensors_come_back_with_their_texts(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(2, 3), "b.c": torch.arange(3), "empty": torch.zeros(0, 2)}
    path = write_safetensors(tmp_path / "m.safetensors", tensors, {"licence": "MIT", "art": "é"})
    read = read_checkpoint(path)
    assert read.format == "safetensors"
    assert read.metadata == {"licence": "MIT", "art": "é"}
    assert read.tree.keys() == tensors.keys()
    assert all(same(read.tree[name], tensors[name]) for name in tensors)
    save_file(tensors, path)
    assert read_checkpoint(path).metadata == {}


def test_safetensors_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    base = torch.arange(6.0)
    texts = {str(n): str(n * n) for n in range(20)}
    files = [
        write_safetensors(
            tmp_path / f"{n}.safetensors",
            {"shared": base, "part": base[2:], "turned": base.reshape(2, 3).t()},
            dict(sorted(texts.items(), reverse=bool(n))),
        )
        for n in range(2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert torch.equal(read_checkpoint(files[0]).tree["turned"], base.reshape(2, 3).t())


def test_safetensors_are_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(UsageError, match=r"json\.dumps"):
        write_safetensors(path, {"a": torch.zeros(1)}, {"size": 64})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="__metadata__"):
        write_safetensors(path, {"__metadata__": torch.zeros(1)})
    assert list(tmp_path.iterdir()) == []


def test_an_outline_counts_shared_tensors_once(tmp_path: Path) -> None:
    path = tmp_path / "network.pkl"
    nvidia_format.dump(nvidia_format.snapshot(Block(), Block(0)), path)
    summary = outline(read_checkpoint(path))
    assert json.loads(json.dumps(summary)) == summary
    assert summary["format"] == "nvidia-pickle"
    assert summary["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (summary["tensors"], summary["parameters"]) == (16, 4 * (12 + 3 + 7 + 6))
    assert summary["dtypes"] == {"float32": 16}
    assert [entry["kind"] for entry in summary["entries"]] == ["Block"] * 3 + ["NoneType", "dict"]
    assert [entry["tensors"] for entry in summary["entries"]] == [12, 4, 12, 0, 0]


STRANGERS = {
    b"": "empty",
    b"<!DOCTYPE html><html>Quota exceeded": "web page",
    b"\n  <HTML>": "web page",
    b"version https://git-lfs.github.com/spec/v1\noid": "git lfs pull",
    b"\x1f\x8b\x08rest": "gzip: unpack",
    b"\x89PNG\r\n\x1a\n": "image",
    b"hello, this is a text": "is not a model file\\.",
    bytes(257) + b"ustar": "tar archive: unpack",
}


@pytest.mark.parametrize("data", STRANGERS, ids=lambda data: data[:9].decode("latin1"))
def test_a_stranger_is_told_what_it_is(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=STRANGERS[data]) as caught:
        read_checkpoint(path)
    assert not isinstance(caught.value, RefusedCheckpoint)
    assert str(path) in str(caught.value)


def test_a_missing_file_a_folder_and_another_zip_are_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        read_checkpoint(tmp_path / "none.pkl")
    with pytest.raises(CheckpointError, match="is not a file"):
        read_checkpoint(tmp_path)
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", b"x" * 100)
    with pytest.raises(CheckpointError, match=r"no data\.pkl"):
        read_checkpoint(tmp_path / "pictures.zip")


@pytest.mark.parametrize("kind", ["zip", "legacy", "nvidia", "safetensors"])
@pytest.mark.parametrize("keep", [0.2, 0.7, 0.999])
def test_a_file_cut_short_is_reported(kind: str, keep: float, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(files()[kind])
    read_checkpoint(path)
    path.write_bytes(files()[kind][: int(len(files()[kind]) * keep)])
    with pytest.raises(CheckpointError, match="Download it again"):
        read_checkpoint(path)


def test_a_big_endian_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(files()["zip"].replace(b"little", b"big___"))
    with pytest.raises(CheckpointError, match="big-endian"):
        read_checkpoint(path)


def files() -> dict[str, bytes]:
    """One small file of every container."""
    made = {}
    for kind, zipped in (("zip", True), ("legacy", False)):
        buffer = io.BytesIO()
        torch.save({"w": torch.arange(6.0), "n": 1}, buffer, _use_new_zipfile_serialization=zipped)
        made[kind] = buffer.getvalue()
    made["nvidia"] = nvidia_format.dumps(nvidia_format.snapshot(Block(1), Block(0)))
    network = nvidia_format.Network("G", {"w": np.arange(6.0)})
    made["tensorflow"] = nvidia_format.dumps((network, network, network))
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"a":"b"}}'
    made["safetensors"] = struct.pack("<Q", len(header)) + header + bytes(8)
    return made


def mutated(data: bytes, rng: np.random.RandomState) -> bytes:
    """The data with a few bytes changed, taken out or repeated."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        place, length = rng.randint(len(changed)), rng.randint(1, 9)
        piece = rng.bytes(length) if rng.rand() < 0.6 else data[place : place + length] * 2
        if rng.rand() < 0.5:
            piece = bytes([rng.choice(list(pickle.MARK + b"\x85\x93\x94RbQ.tuhqeas"))])
        end = place + (len(piece) if rng.rand() < 0.8 else length)
        changed[place:end] = piece
    return bytes(changed)


@pytest.mark.parametrize("kind", files())
def test_damage_ends_in_an_answer_or_a_checkpoint_error(kind: str, tmp_path: Path) -> None:
    rng, data, path = np.random.RandomState(7), files()[kind], tmp_path / "model"
    for _ in range(400):
        path.write_bytes(mutated(data, rng))
        with suppress(CheckpointError):
            outline(read_checkpoint(path))
