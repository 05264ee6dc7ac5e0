"""Files appear complete or not at all; what the system refuses is one sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.disk import small_files

from genart.errors import GenartError, UsageError, WriteError, explain, out_of_memory
from genart.files import atomic, check_writable


def _torch(path: Path) -> None:
    torch.save({"a": torch.zeros(50_000)}, path)


def _safetensors(path: Path) -> None:
    save_file({"a": torch.zeros(50_000)}, path)


def _numpy(path: Path) -> None:
    np.savez(path, a=np.zeros(50_000))


def _bytes(path: Path) -> None:
    path.write_bytes(bytes(200_000))


@pytest.mark.parametrize("write", [_torch, _safetensors, _numpy, _bytes])
def test_a_file_that_the_system_cuts_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, write: Any
) -> None:
    final = tmp_path / "a.npz"
    final.write_text("before")
    with small_files(20_000), pytest.raises(WriteError) as refused, atomic(final) as partial:
        write(partial)
    text = str(refused.value)
    assert text.startswith(f"{final} cannot be written: the ")
    assert text.count(".npz") == 1
    assert "\n" not in text
    assert "0x" not in text
    assert "inline_container" not in text
    assert final.read_text() == "before"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "there is no permission"),
        (errno.EDQUOT, "the disk quota is used up"),
    ],
)
def test_errors_of_the_system_are_found_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def refusing(path: Path, data: bytes) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "write_bytes", refusing)
    with pytest.raises(WriteError, match=rf"a\.png cannot be written: {says}\."):
        check_writable(tmp_path / "a.png")
    with pytest.raises(WriteError, match=says):
        check_writable(tmp_path / "new" / "folder", folder=True)


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.png")
    check_writable(tmp_path)
    check_writable(tmp_path / "new" / "folder", folder=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match=r"new\" does not exist; create it first"):
        check_writable(tmp_path / "new" / "a.png")


@pytest.mark.parametrize("letter", ["a", "\N{CYRILLIC SMALL LETTER ZHE}"])
def test_a_name_as_long_as_the_system_allows_is_written(tmp_path: Path, letter: str) -> None:
    stem = letter * (251 // len(letter.encode()))
    final = tmp_path / f"{stem}.png"
    check_writable(final)
    with atomic(final) as partial:
        assert partial.suffix == ".png"
        partial.write_text("whole")
    assert final.read_text() == "whole"
    longer = final.with_stem(stem + letter)
    for call in (check_writable, lambda path: atomic(path).__enter__()):
        with pytest.raises(WriteError, match="the name is "):
            call(longer)


def test_an_error_of_the_caller_passes_unchanged(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^mine$"), atomic(tmp_path / "a"):
        raise RuntimeError("mine")
    with pytest.raises(KeyError), atomic(tmp_path / "a"):
        raise KeyError("a")


def test_running_out_of_memory_says_what_to_reduce() -> None:
    for error in (
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: 8"
        ),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ):
        assert out_of_memory(error)
        assert "not enough memory. Use a smaller --size" in str(explain(error))


def test_other_errors_are_not_explained() -> None:
    assert explain(ValueError("x")) is None
    assert explain(GenartError("x")) is None
    assert explain(FileNotFoundError(errno.ENOENT, "No such file", "/a/b")) == (
        "/a/b: there is no such file or folder."
    )
    assert issubclass(WriteError, OSError)


def test_an_error_about_another_file_is_not_about_the_output(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(FileNotFoundError, match="in/none"), atomic(tmp_path / "out.png"):
        (tmp_path / "in" / "none").read_bytes()
