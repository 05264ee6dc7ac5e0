"""Files that would run code or eat the machine are refused by name, and nothing runs."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from support import hostile, nvidia_format

from genart.checkpoints import Record, read_checkpoint
from genart.errors import CheckpointError, RefusedCheckpoint

_FORBIDDEN = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "compile",
              "pickle.find_class", "os.remove", "os.mkdir", "socket.connect"}  # fmt: skip
_heard: list[str] | None = None


def _listen(event: str, _args: object) -> None:
    if _heard is not None and event in _FORBIDDEN:
        _heard.append(event)


sys.addaudithook(_listen)  # hooks cannot be taken away again; this one sleeps between tests


@contextmanager
def nothing_runs() -> Iterator[None]:
    """Fails if Python reports that something was executed, found or compiled in between."""
    global _heard
    _heard = []
    try:
        yield
    finally:
        heard, _heard = _heard, None
        assert heard == []


def _refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    with pytest.raises(RefusedCheckpoint, match=why) as caught, nothing_runs():
        read_checkpoint(path)
    assert str(path) in str(caught.value)
    assert "Nothing in it was executed" in str(caught.value)


WRAPS = {
    "pickle": hostile.whole,
    "in a dict": hostile.entry,
    "zip": lambda body: hostile.zipped(hostile.whole(body, 2)),
    "legacy": lambda body: hostile.legacy(hostile.whole(body, 2)),
    "legacy system info": lambda body: (
        hostile.LEGACY[: hostile.LEGACY.rfind(b"\x80")] + hostile.whole(body, 2)
    ),
    "legacy keys": lambda body: hostile.LEGACY + b"\x80\x02}." + hostile.whole(body, 2),
    "nested": lambda body: hostile.entry(hostile.nested(hostile.legacy(hostile.whole(body, 2)))),
    "state": lambda body: hostile.entry(
        hostile.persistent(state=b"}" + hostile.text("x") + body + b"s")
    ),
}


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("program", hostile.programs(""))
def test_a_program_is_refused_by_name_wherever_it_hides(
    program: str, wrap: str, tmp_path: Path
) -> None:
    sentinel = tmp_path / "sentinel"
    body, named = hostile.programs(str(sentinel))[program]
    _refused(tmp_path, WRAPS[wrap](body), named)
    assert not sentinel.exists()


@pytest.mark.parametrize(
    "case",
    [*hostile.pickles(), *hostile.containers(), *hostile.legacies()],
    ids=lambda case: case.name,
)
def test_what_no_model_needs_is_refused(case: hostile.Hostile, tmp_path: Path) -> None:
    _refused(tmp_path, case.data, case.why)


_COLD = """
import sys, genart
from genart.data.file_info import info
for attempt in (genart.load, info):
    try:
        attempt(sys.argv[1])
    except genart.errors.CheckpointError as error:
        print(error)
print("torch" in sys.modules)
"""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.", 'asks for "posix.system"'),
        (b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", 'asks for "builtins.eval"'),
        (
            hostile.zipped(
                hostile.whole(hostile.tensor(hostile.storage(1 << 38), 0, (1 << 38,), (1,))),
                [("archive/data/0", bytes(64))],
            ),
            "claims 274,877,906,944 elements",
        ),
    ],
    ids=["system", "eval", "terabyte"],
)
def test_what_is_refused_does_not_wait_for_torch(data: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(data)
    command = [sys.executable, "-c", _COLD, str(tmp_path / "evil.pkl")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count(why) == 2
    assert said.endswith("False\n")


class _Evil(torch.nn.Module):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.module_src = source


def test_hostile_source_in_an_nvidia_pickle_is_text(tmp_path: Path) -> None:
    sentinel = tmp_path / "sentinel"
    source = f"open({str(sentinel)!r}, 'w')"
    path = nvidia_format.dump({"G_ema": _Evil(source)}, tmp_path / "evil.pkl")
    with nothing_runs():
        record = read_checkpoint(path).tree["G_ema"]
    assert isinstance(record, Record)
    assert (record.class_name, record.source) == ("_Evil", source)
    assert not sentinel.exists()


def test_module_names_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    module = _Evil("")
    module._parameters["x" * 100_000] = module._parameters.pop("weight")
    record = read_checkpoint(nvidia_format.dump({"G": module}, tmp_path / "evil.pkl")).tree["G"]
    with pytest.raises(RefusedCheckpoint, match="no proper name"):
        record.state_dict()


@pytest.mark.parametrize("count", [2, 8, 1 << 40])
def test_a_safetensors_header_that_does_not_fit_is_reported(count: int, tmp_path: Path) -> None:
    text = b'{"w":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}' % (count, 4 * count)
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    with pytest.raises(CheckpointError, match="header that does not fit"):
        read_checkpoint(path)


@pytest.mark.parametrize("text", [b'{"a":' * 100_000, b"{not json", b'{"__metadata__":{"a":1}}'])
def test_a_safetensors_header_that_is_none_is_reported(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(CheckpointError, match="header that is no"):
        read_checkpoint(path)
