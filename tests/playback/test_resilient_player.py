"""Never black: the last good frame is held, sketches and models change while they play."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import deque
from pathlib import Path
from typing import Any

import pytest
import torch
from support.live_parts import SAVED, Painted, Tinted, steady, tick

import genart
from genart.playback.background_loader import BackgroundLoader
from genart.playback.device_errors import lost_device
from genart.playback.quality import QualityController


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("raise", "no such colour"),
        ("nan", "not finite"),
        ("memory", "Memory ran out"),
        ("exit", "SystemExit"),
    ],
)
def test_whatever_a_sketch_does_the_last_good_frame_is_held_and_the_fault_reported_once(
    how: str, says: str
) -> None:
    player, _, faults = steady()
    player.set("sketch.level", 1.0)
    good = player.frame(tick(0))
    player.set("sketch.fail", how)
    for k in range(1, 40):
        assert player.frame(tick(k)) is good
    assert [says in each.message for each in faults.all()] == [True]
    assert 2 <= faults.all()[0].count < 20  # tried again, at longer and longer waits
    player.set("sketch.fail", "")
    player.set("sketch.level", -1.0)
    later = [player.frame(tick(k)) for k in range(40, 62)]
    assert later[-1].max() == 0
    assert faults.now() == []


def test_one_bad_frame_costs_one_frame() -> None:
    player, _, _ = steady()
    shown = []
    for k in range(6):
        player.set("sketch.level", k / 10)
        player.set("sketch.fail", "raise" if k == 2 else "")
        shown.append(int(player.frame(tick(k))[0, 0, 0]))
    assert shown[2] == shown[1]
    assert sorted(set(shown)) == [shown[0], shown[1], shown[3], shown[4], shown[5]]


@pytest.mark.parametrize(
    ("path", "good", "wrong"), [("walk.seeds", "3-5", "one,two"), ("model.label", -1, 7)]
)
def test_what_a_walk_or_model_refuses_is_set_back(path: str, good: Any, wrong: Any) -> None:
    back: list[tuple[str, Any]] = []
    player, _, faults = steady(restored=lambda path, value: back.append((path, value)))
    player.set(path, good)
    player.frame(tick(0))
    player.set(path, wrong)
    player.frame(tick(1))
    assert back == [(path, good)]
    assert player.tree.value(path) == good
    player.frame(tick(2))
    assert faults.total == 1
    assert faults.now() == []


def test_a_saved_sketch_takes_over_with_its_values_and_a_broken_one_does_not(
    tmp_path: Path,
) -> None:
    file = tmp_path / "saved.py"
    file.write_text(SAVED.format(default=0.1, extra="", value="self.level"))
    from genart.playback.sketch import load_sketch

    changed: list[str] = []
    player, loader, faults = steady(load_sketch(file), file, changed=lambda: changed.append("new"))
    player.set("sketch.level", 1.0)
    assert player.frame(tick(0))[0, 0, 0] == 255

    file.write_text("class Saved(genart.Sketch:\n")
    loader.look()
    assert player.frame(tick(1))[0, 0, 0] == 255
    assert "line 1" in faults.now()[0]

    file.write_text(SAVED.format(default=0.1, extra="", value="self.levle"))
    loader.look()
    assert player.frame(tick(2))[0, 0, 0] == 255
    assert "levle" in faults.now()[-1]
    assert changed == []

    more = "more = genart.Param(0.5)"
    file.write_text(SAVED.format(default=0.1, extra=more, value="-self.level"))
    loader.look()
    assert player.frame(tick(3))[0, 0, 0] == 0
    assert player.tree.value("sketch.level") == 1.0
    assert player.tree.value("sketch.more") == 0.5
    assert changed == ["new"]
    assert faults.now() == []


def test_a_file_saved_twice_in_a_second_is_read_twice(tmp_path: Path) -> None:
    from genart.playback.sketch import load_sketch

    file = tmp_path / "quick.py"
    for value in ("0.25", "0.75"):
        file.write_text(SAVED.format(default=value, extra="", value="self.level"))
        assert load_sketch(file).level.default == float(value)  # type: ignore[attr-defined]
    assert not (tmp_path / "__pycache__").exists()


def test_a_model_is_loaded_while_the_old_one_plays() -> None:
    swapped: list[str] = []
    player, loader, faults = steady(
        Painted, load=lambda name: Tinted(name, SHADES[name]), swapped=swapped.append
    )
    assert player.frame(tick(0)).max() == 0
    loading, go, ready = threading.Event(), threading.Event(), threading.Event()

    def slowly(name: str) -> genart.Generator:
        loading.set()
        assert go.wait(10)
        return Tinted(name, SHADES[name])

    loader._load, loader._models_ready = slowly, Bell(ready)  # type: ignore[assignment]
    loader.start()
    player.set("model.name", "white")
    assert loading.wait(10)
    assert player.frame(tick(1)).max() == 0
    assert player.tree.value("model.name") == "plasma"
    assert loader.loading == "white"
    go.set()
    assert ready.wait(10)
    loader.close()
    assert player.frame(tick(2)).min() == 255
    assert swapped == ["white"]
    assert (faults.total, loader.loading) == (0, "")


SHADES = {"plasma": -1.0, "white": 1.0, "grey": 0.0}


class Bell(deque[str]):
    """Rings when something is put in."""

    def __init__(self, ready: threading.Event) -> None:
        super().__init__()
        self.ready = ready

    def append(self, item: str) -> None:
        super().append(item)
        self.ready.set()


def test_a_model_that_cannot_be_had_is_reported_and_the_name_set_back() -> None:
    back: list[tuple[str, Any]] = []
    player, loader, faults = steady(restored=lambda path, value: back.append((path, value)))
    player.frame(tick(0))
    player.set("model.name", "plasme")
    loader.fetch()
    player.frame(tick(1))
    assert back == [("model.name", "plasma")]
    assert 'Did you mean "plasma"' in faults.lately()[0]


def test_a_model_whose_first_frame_fails_gives_way_to_the_one_before() -> None:
    back: list[tuple[str, Any]] = []
    player, loader, faults = steady(
        Painted, load=lambda name: Tinted(name, 1.0 if name == "plasma" else float("nan")),
        restored=lambda path, value: back.append((path, value)),
    )  # fmt: skip
    player.frame(tick(0))
    player.set("model.name", "broken")
    loader.fetch()
    assert [player.frame(tick(k)).min() for k in range(1, 4)] == [255] * 3
    assert back == [("model.name", "plasma")]
    assert [each.where for each in faults.all()] == ["model"]
    assert not player.failing


def test_a_name_turned_ten_times_loads_the_last_alone() -> None:
    loaded: list[str] = []

    def load(name: str) -> genart.Generator:
        loaded.append(name)
        return Tinted(name)

    player, loader, _ = steady(Painted, load=load)
    player.frame(tick(0))
    for k in range(10):
        player.set("model.name", f"model {k}")
    loader.fetch()
    loader.fetch()
    player.frame(tick(1))
    assert loaded == ["plasma", "model 9"]
    assert player.tree.value("model.name") == "model 9"


def test_what_was_asked_for_last_plays_though_another_is_loaded_later() -> None:
    player, loader, _ = steady(Painted, load=lambda name: Tinted(name, SHADES[name]))
    player.frame(tick(0))
    player.set("model.name", "white")
    player.set("model.name", "plasma")  # here already
    loader.fetch()
    assert player.frame(tick(1)).max() == 0
    assert player.tree.value("model.name") == "plasma"


def test_old_models_are_let_go() -> None:
    alive: weakref.WeakSet[genart.Generator] = weakref.WeakSet()

    def load(name: str) -> genart.Generator:
        model = Tinted(name)
        alive.add(model)
        return model

    player, loader, _ = steady(Painted, load=load)
    for k in range(12):
        player.set("model.name", f"model {k}")
        loader.fetch()
        player.frame(tick(k))
    gc.collect()
    assert len(alive) == 4
    loader.slim("model 11")
    gc.collect()
    assert [each.name for each in alive] == ["model 11"]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate "
                     "memory: you tried to allocate 4096 bytes. Error code 12"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)  # fmt: skip
def test_memory_that_runs_out_in_a_model_is_seen_and_the_ladder_steps_down(
    error: Exception,
) -> None:
    sides: list[int] = []

    def work(side: int) -> None:
        sides.append(side)
        if broke and side > 64:
            raise error

    broke = False
    quality = QualityController(0.1)
    player, _, faults = steady(
        Painted, load=lambda name: Tinted(name, 1.0, 256, work=work), quality=quality
    )
    assert player.frame(tick(0)).min() == 255
    broke = True
    for k in range(1, 30):
        assert player.frame(tick(k)).min() == 255
    assert sides[:5] == [256, 256, 256, 128, 64]  # once more after memory was given back
    assert (quality.level, sides[-1]) == ("1/4 size", 64)
    assert faults.said == [  # type: ignore[attr-defined]
        "memory: Memory ran out; the last frame is held."
    ]
    assert faults.now() == []


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), "cuda"),
        (RuntimeError("CUDA error: unspecified launch failure"), "cuda"),
        (RuntimeError("cuDNN error: an illegal memory access was encountered"), "cuda"),
        (RuntimeError("MPS backend: device lost"), "mps"),
    ],
)
def test_on_a_lost_device_the_model_is_loaded_again_elsewhere_and_reported_once(
    error: Exception, lost: str
) -> None:
    devices: list[str] = []
    places: list[BackgroundLoader] = []

    def load(name: str) -> genart.Generator:
        devices.append(places[-1].device if places else "auto")
        return Tinted(name, 0.0 if len(devices) == 1 else 1.0, work=work)

    def work(side: int) -> None:
        if broke and len(devices) == 1:
            raise error

    broke = False
    player, loader, faults = steady(Painted, load=load)
    places.append(loader)
    player.set("sketch.level", 0.75)
    good, sketch = player.frame(tick(0)), player.sketch_player.sketch
    broke = True
    for k in range(1, 9):
        assert player.frame(tick(k)) is good
    assert faults.now() == [f'device: Device "{lost}" was lost; "plasma" is loaded on "cpu".']
    loader.fetch()
    assert player.frame(tick(9)).min() == 255
    assert devices == ["auto", "cpu"]
    assert player.sketch_player.sketch is not sketch  # what it had kept on the device is gone
    assert player.tree.value("sketch.level") == 0.75
    player.frame(tick(10))
    assert (faults.total, faults.now()) == (1, [])


def test_any_other_error_is_no_lost_device() -> None:
    for text in ("device-side assert", "CUDA error: invalid argument", "no such colour"):
        assert lost_device(RuntimeError(text)) is None
    assert lost_device(ValueError("CUDA error: device-side assert triggered")) is None
