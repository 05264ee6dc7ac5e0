"""The one loop: clocks, performers, grids, and frames handed on without being kept."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from fractions import Fraction
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from support.films import Drift, Ramp, plasma

import genart
from genart.playback.clock import OfflineClock, Tick
from genart.playback.loop import frames, run
from genart.playback.player import SketchPlayer
from genart.playback.settings import Settings
from genart.rendering.seam import Seam
from genart.rendering.write import Background


def performer(
    sketch: genart.Sketch, size: tuple[int, int] = (32, 32), **settings: Any
) -> SketchPlayer:
    model = plasma()
    return SketchPlayer(sketch, Settings(settings), load=lambda _: model, size=size)


def first(player: SketchPlayer, count: int = 1) -> list[np.ndarray]:
    return list(frames(player, OfflineClock(count, Fraction(10))))


def test_an_offline_clock_is_exact() -> None:
    ticks = list(OfflineClock(4, Fraction(30000, 1001)))
    assert [tick.index for tick in ticks] == [0, 1, 2, 3]
    assert ticks[3].t == Fraction(3003, 30000)
    assert sum(tick.dt for tick in ticks) == Fraction(4004, 30000)


class Script:
    """A control that says fixed things at fixed times."""

    def __init__(self, *lines: tuple[float, str, Any]) -> None:
        self.lines = list(lines)

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        while self.lines and self.lines[0][0] <= t:
            _, path, value = self.lines.pop(0)
            yield path, value


def test_controls_turn_params_while_the_film_runs() -> None:
    player = performer(Ramp())
    script = Script((0.2, "output.blackout", True), (0.3, "output.blackout", False))
    greys = [int(f[0, 0, 0]) for f in frames(player, OfflineClock(5, Fraction(10)), [script])]
    assert greys == [20, 30, 0, 50, 60]


def test_freeze_holds_the_image() -> None:
    player = performer(Ramp())
    script = Script((0.2, "output.freeze", True), (0.4, "output.freeze", False))
    greys = [int(f[0, 0, 0]) for f in frames(player, OfflineClock(5, Fraction(10)), [script])]
    assert greys == [20, 30, 40, 40, 60], "the image of its own tick, whatever came before"


def test_changed_settings_make_keys_and_walk_anew_and_others_do_not() -> None:
    sketch = Drift()
    player = performer(sketch, **{"walk.seeds": "1-3"})
    first(player)
    keys, walk = sketch.keys, sketch.walk
    player.set("model.truncation", 0.2)
    first(player)
    assert sketch.keys is keys
    assert sketch.walk is walk
    player.set("walk.kind", "circle")
    first(player)
    assert sketch.keys is keys
    assert sketch.walk is not walk
    player.set("walk.seeds", "7,8")
    first(player)
    assert torch.equal(sketch.keys.values, plasma().sample([7, 8]).values)


@pytest.mark.parametrize(("space", "shape"), [("z", (3, 32)), ("w", (3, 32)), ("w+", (3, 8, 32))])
def test_keys_are_in_the_space_asked_for(space: str, shape: tuple[int, ...]) -> None:
    sketch = Drift()
    first(performer(sketch, **{"walk.space": space, "walk.seeds": "1-3"}))
    assert sketch.keys.space == space
    assert tuple(sketch.keys.values.shape) == shape


def test_a_walks_own_options_reach_it_only_where_it_takes_them() -> None:
    near = first(performer(Drift(), **{"walk.kind": "circle", "walk.radius": 0.0}), 3)
    far = first(performer(Drift(), **{"walk.kind": "circle", "walk.radius": 2.0}), 3)
    assert np.array_equal(near[0], near[2])
    assert not np.array_equal(far[0], far[2])
    first(performer(Drift(), **{"walk.kind": "slerp", "walk.radius": 2.0}))


class Dice(genart.Sketch):
    """Draws with torch's chance."""

    def draw(self, t: float, dt: float) -> Any:
        return torch.rand(1, 3, *self.size) * 2 - 1


def test_chance_belongs_to_the_frame_and_leaves_the_callers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    film = first(performer(Dice()), 3)
    assert torch.equal(torch.rand(3), expected)
    alone = performer(Dice()).frame(Tick(2, Fraction(2, 10), Fraction(1, 10)))
    assert np.array_equal(film[2], alone)
    assert not np.array_equal(film[1], film[2])


def test_a_frame_of_another_shape_covers_the_size() -> None:
    class Wide(genart.Sketch):
        def draw(self, t: float, dt: float) -> Any:
            return np.full((10, 40, 3), 99, np.uint8)

    assert first(performer(Wide(), size=(24, 24)))[0].shape == (24, 24, 3)


def test_frames_are_not_kept() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def made() -> Iterator[np.ndarray]:
        for _ in range(200):
            frame = np.zeros((8, 8, 3), np.uint8)
            alive.append(weakref.ref(frame))
            yield frame

    class Most:
        peak = 0

        def write(self, frame: np.ndarray) -> None:
            self.peak = max(self.peak, sum(ref() is not None for ref in alive))

        def close(self) -> None: ...

    most = Most()
    background = Background([Seam(), most])
    assert run(made(), [background]) == 200
    background.close()
    assert most.peak <= 10


class Slow:
    """A sink that waits to be let on."""

    def __init__(self) -> None:
        self.go, self.began, self.frames = Event(), Event(), 0

    def write(self, frame: np.ndarray) -> None:
        self.began.set()
        assert self.go.wait(30)
        self.frames += 1

    def close(self) -> None: ...


def test_making_goes_on_while_a_frame_is_encoded() -> None:
    sink, frame = Slow(), np.zeros((2, 2, 3), np.uint8)
    background = Background([sink], depth=3)
    background.write(frame)
    assert sink.began.wait(30)
    for _ in range(3):
        background.write(frame)  # returns though the first is not encoded yet
    assert sink.frames == 0
    sink.go.set()
    background.close()
    assert sink.frames == 4


def test_an_error_in_a_sink_ends_the_film_and_is_reported() -> None:
    class Broken(genart.MemorySink):
        def write(self, frame: np.ndarray) -> None:
            raise OSError("No space left on device")

    def endless() -> Iterator[np.ndarray]:
        while True:
            yield np.zeros((2, 2, 3), np.uint8)

    with pytest.raises(OSError, match="No space left"):
        genart.render(Drift, Broken(), model=plasma(), seconds=100000, fps=1, size=8)
    background = Background([Broken()])
    with pytest.raises(OSError, match="No space left"):
        run(endless(), [background])
    background.abort()
