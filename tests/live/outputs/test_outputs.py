"""Outputs of a performance: away and back, alpha all the way, cameras and shared textures.

Spout and Syphon need Windows and macOS. Here their sinks drive stand-ins that hold arguments to
what the packages document; they were not run on the real thing.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from fractions import Fraction
from threading import Event
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import genart
from genart.live.display.frame_blend import blend
from genart.live.factories import make_outputs
from genart.live.outputs.worker import OutputWorker
from genart.playback.faults import Faults
from genart.plugins import registry
from genart.testing import check_sink

LIVE = sorted(name for name, sink in registry("sink").items() if sink.spec.live)
EXTRAS = {"ndi": "NDIlib", "virtualcam": "pyvirtualcam", "spout": "SpoutGL", "syphon": "syphon"}
SYSTEMS = {"spout": "Windows", "syphon": "Darwin"}


def picture(depth: int = 3, size: tuple[int, int] = (6, 8)) -> np.ndarray:
    frame = np.random.default_rng(3).integers(0, 255, (*size, depth)).astype(np.uint8)
    frame.flags.writeable = False
    return frame


class Wire:
    """A sink whose other end may be gone."""

    def __init__(self) -> None:
        self.taken: list[np.ndarray] = []
        self.error: Exception | None = None
        self.closed = 0

    def write(self, frame: np.ndarray) -> None:
        if self.error:
            raise self.error
        self.taken.append(frame)

    def close(self) -> None:
        self.closed += 1


def test_an_output_that_goes_away_is_reported_once_and_once_when_it_is_back() -> None:
    lines: list[str] = []
    faults, wire, now = Faults(lines.append), Wire(), 100.0
    outlet = OutputWorker("wire", wire, faults, now=lambda: now)

    def put() -> None:
        outlet.write(picture())
        assert outlet.drained()
        outlet.write(picture())  # the one before has been dealt with when this one is taken
        assert outlet.drained()

    put()
    wire.error = genart.errors.OutputAway("The far end is gone.")
    put()
    wire.error = genart.errors.OutputAway("The far end does not answer.")
    for _ in range(4):
        now += 1
        put()
    assert outlet.away
    assert faults.now() == ["wire: The far end is gone."]
    now += 7
    wire.error = None
    put()
    outlet.close()
    assert lines == ["wire: The far end is gone.", "wire: back after 11 s."]
    assert not outlet.away
    assert not outlet.failed
    assert not faults.now()
    assert outlet.dropped >= 9
    assert wire.closed == 1


def test_an_output_that_breaks_is_closed_and_the_others_go_on() -> None:
    lines: list[str] = []
    bad, good, faults = Wire(), Wire(), Faults(lines.append)
    bad.error = OSError("No space left on device")
    outlets = [OutputWorker("bad", bad, faults), OutputWorker("good", good, faults)]
    for _ in range(3):
        for outlet in outlets:
            outlet.write(picture())
            assert outlet.drained()
    for outlet in outlets:
        outlet.close()
    assert lines == ["bad: OSError: No space left on device"]
    assert (bad.closed, good.closed) == (1, 1)
    assert good.taken


def test_two_outputs_of_a_kind_have_names_of_their_own() -> None:
    where = ["udp://127.0.0.1:9001", genart.MemorySink(), "udp://127.0.0.1:9002"]
    outlets = make_outputs(where, Faults(), fps=Fraction(30), size=(4, 4))
    assert [outlet.name for outlet in outlets] == ["udp", "MemorySink", "udp 2"]
    for outlet in outlets:
        outlet.close()


def test_no_output_stays_open_when_another_cannot_be() -> None:
    wire = Wire()
    with pytest.raises(genart.UsageError, match="bitrate=none"):
        make_outputs([wire, "udp://host:1?bitrate=none"], Faults(), fps=Fraction(30), size=(4, 4))
    assert wire.closed == 1


class Ghost(genart.Sketch):
    """Half clear, and an image; then a frame."""

    def draw(self, t: float, dt: float) -> Any:
        frame = np.zeros((*self.size, 4), np.uint8)
        frame[..., 0], frame[..., 3] = 200, 128
        return frame


class Closing(genart.MemorySink):
    """Ends the performance after some frames."""

    def __init__(self, live: genart.live.Live) -> None:
        super().__init__()
        self._live = live

    def write(self, frame: np.ndarray) -> None:
        super().write(frame)
        if len(self.frames) >= 4 and frame.shape[2] == 4:
            self._live.stop()


@pytest.mark.parametrize(
    ("sketch", "model"), [(Ghost, "plasma"), ("drift", "plasma-alpha")], ids=["frame", "image"]
)
def test_live_frames_keep_their_alpha(sketch: Any, model: str) -> None:
    live = genart.live.Live(sketch, model=model, size=16, fps=60, seconds=20)
    sink = Closing(live)
    live.run([sink])
    assert not live.faults.all()
    made = [frame for frame in sink.frames if frame.shape[2] == 4]  # others: a card at the start
    assert {frame.shape for frame in made} == {(16, 16, 4)}
    assert any(frame[..., 3].min() < 255 for frame in made)


def test_a_blackout_of_an_image_with_alpha_is_clear() -> None:
    live = genart.live.Live(Ghost, model="plasma", size=16, fps=60, seconds=20)
    live.store.put("output.blackout", True, "test")
    sink = Closing(live)
    live.run([sink])
    assert not sink.frames[-1].any()


def test_a_crossfade_into_nothing_keeps_its_colour() -> None:
    full = np.full((2, 2, 4), (240, 40, 80, 255), np.uint8)
    half = blend(full, np.zeros_like(full), 0.5)
    assert np.abs(half[0, 0].astype(int) - (240, 40, 80, 127)).max() <= 2
    assert (blend(full, full, 0.3) == full).all()


@pytest.mark.parametrize("name", LIVE)
def test_live_outputs_are_told_of_and_refused_as_films(name: str) -> None:
    assert registry("sink")[name].about
    with pytest.raises(genart.errors.UnknownName, match=f'No film format named "{name}"'):
        genart.render("drift", f"film.{name}", model="plasma", seconds=0.1, size=8)


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_a_missing_extra_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, EXTRAS[name], None)
    monkeypatch.setattr(platform, "system", lambda: SYSTEMS.get(name, "Linux"))
    with pytest.raises(genart.errors.MissingExtra, match=rf"pip install 'genart\[{name}\]'"):
        registry("sink").create(name, path="", fps=30, size=(4, 4))


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_on_another_system_it_is_reported_and_the_performance_goes_on(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    lines: list[str] = []
    made = make_outputs([name], Faults(lines.append), fps=Fraction(30), size=(4, 4))
    assert made == []
    assert len(lines) == 1
    assert lines[0].startswith(f"{name}: {name.title()} works on ")
    assert "Use ndi or" in lines[0]


class Screen:
    """A camera's device, driven by the real pyvirtualcam."""

    made: tuple[Any, ...] = ()
    shown: list[np.ndarray]

    def __init__(self, width: int, height: int, fps: float, fourcc: int, device: Any) -> None:
        Screen.made, Screen.shown = (width, height, fps, device), []

    def close(self) -> None: ...

    def device(self) -> str:
        return "screen"

    def native_fourcc(self) -> None: ...

    def send(self, frame: np.ndarray) -> None:
        Screen.shown.append(frame.reshape(Screen.made[1], Screen.made[0], 3).copy())


def test_a_virtual_camera_gets_even_images_with_alpha_on_black(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = pytest.importorskip("pyvirtualcam.camera", reason="the extra virtualcam is missing")
    monkeypatch.setattr(camera, "BACKENDS", {"screen": Screen})
    create = registry("sink").create
    sink = create("virtualcam", path="/dev/video7", fps=Fraction(30000, 1001), size=(7, 9))
    assert Screen.made[:2] == (8, 6)
    assert Screen.made[2] == pytest.approx(29.97, abs=0.001)
    assert Screen.made[3] == "/dev/video7"
    clear = picture(4, (7, 9))
    sink.write(clear)
    assert (Screen.shown[0] == genart.media.on_black(clear)[:6, :8]).all()
    sink.close()
    check_sink(create("virtualcam", path="", fps=30, size=(6, 8)), picture())
    assert Screen.made[3] is None


def test_without_a_virtual_camera_the_performance_goes_on() -> None:
    pytest.importorskip("pyvirtualcam", reason="the extra virtualcam is missing")
    lines: list[str] = []
    faults = Faults(lines.append)
    assert not make_outputs(["virtualcam:/dev/none"], faults, fps=Fraction(30), size=(4, 4))
    assert len(lines) == 1
    assert lines[0].startswith("virtualcam: No virtual camera: ")


class SpoutSender:
    """Takes what SpoutGL's `sendImage` takes, and refuses what that refuses."""

    refuses = 0

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def setSenderName(self, name: str) -> None:
        self.calls.append(("name", name))

    def sendImage(
        self, pixels: Any, width: int, height: int, kind: int, invert: bool, host: int
    ) -> bool:
        view = memoryview(pixels)
        assert view.c_contiguous, "Buffer must be contiguous"
        assert view.nbytes >= width * height * {0x1908: 4, 0x1907: 3}[kind], "not large enough"
        self.calls.append((width, height, kind, invert, host, bytes(view)))
        SpoutSender.refuses -= 1
        return SpoutSender.refuses < 0

    def setFrameSync(self, name: str) -> None:
        self.calls.append(("sync", name))

    def releaseSender(self) -> None:
        self.calls.append("released")


@pytest.fixture
def spout(monkeypatch: pytest.MonkeyPatch) -> Callable[[], SpoutSender]:
    made: list[SpoutSender] = []

    class Kept(SpoutSender):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    enums = SimpleNamespace(GL_RGBA=0x1908, GL_RGB=0x1907)
    module = SimpleNamespace(SpoutSender=Kept, enums=enums)
    monkeypatch.setitem(sys.modules, "SpoutGL", module)  # type: ignore[arg-type]
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    monkeypatch.setattr(SpoutSender, "refuses", 0)
    return lambda: made[-1]


def test_spout_gets_rows_from_the_top_with_alpha_if_there_is_one(
    spout: Callable[[], SpoutSender],
) -> None:
    sink = registry("sink").create("spout", path=" Stage ", fps=30, size=(6, 8))
    clear, opaque = picture(4), picture(3, (4, 10))
    sink.write(clear)
    sink.write(opaque[:, ::-1])
    sink.close()
    sink.close()
    assert spout().calls == [
        ("name", "Stage"),
        (8, 6, 0x1908, False, 0, clear.tobytes()),
        ("sync", "Stage"),
        (10, 4, 0x1907, False, 0, opaque[:, ::-1].tobytes()),
        ("sync", "Stage"),
        "released",
    ]
    check_sink(registry("sink").create("spout", path="", fps=30, size=(6, 8)), picture())


def test_spout_may_refuse_some_frames_and_is_away_when_it_refuses_all(
    spout: Callable[[], SpoutSender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpoutSender, "refuses", 12)
    sink = registry("sink").create("spout", path="", fps=30, size=(6, 8))
    told = []
    for _ in range(14):
        try:
            sink.write(picture())
        except genart.errors.OutputAway as error:
            told.append(str(error))
    assert len(told) == 2
    assert "graphics driver" in told[0]
    assert spout().calls.count(("sync", "genart")) == 2


class MetalServer:
    """A Syphon server as syphon-python documents it, without a GPU."""

    def __init__(self, name: str) -> None:
        self.name, self.device, self.has_clients = name, object(), True
        self.published: list[Any] = []
        self.stopped = Event()
        made.append(self)

    def publish_frame_texture(self, texture: Any, *, is_flipped: bool = False) -> None:
        self.published.append((texture["pixels"], is_flipped))

    def stop(self) -> None:
        self.stopped.set()


made: list[MetalServer] = []


@pytest.fixture
def syphon(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    textures: list[Any] = []

    def create(device: object, width: int, height: int) -> dict[str, Any]:
        textures.append((width, height))
        return {"size": (width, height)}

    def copy(image: np.ndarray, texture: dict[str, Any]) -> None:
        assert image.dtype == np.uint8
        assert image.shape == (texture["size"][1], texture["size"][0], 4)
        texture["pixels"] = image.copy()

    parts = {
        "syphon": {"SyphonMetalServer": MetalServer},
        "syphon.utils": {},
        "syphon.utils.numpy": {"copy_image_to_mtl_texture": copy},
        "syphon.utils.raw": {"create_mtl_texture": create},
    }
    for name, content in parts.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    made.clear()
    return textures


def test_syphon_gets_four_channels_the_right_way_up_and_nothing_while_nobody_looks(
    syphon: list[Any],
) -> None:
    sink = registry("sink").create("syphon", path="Stage", fps=30, size=(6, 8))
    server = made[0]
    assert server.name == "Stage"
    clear, opaque = picture(4), picture(3, (4, 10))
    for frame in (clear, clear, opaque):
        sink.write(frame)
    assert syphon == [(8, 6), (10, 4)]
    assert [flipped for _, flipped in server.published] == [True] * 3
    assert (server.published[1][0] == clear).all()
    assert (server.published[2][0][..., :3] == opaque).all()
    assert (server.published[2][0][..., 3] == 255).all()
    server.has_clients = False
    sink.write(clear)
    assert len(server.published) == 3
    sink.close()
    sink.close()
    assert server.stopped.is_set()
    check_sink(registry("sink").create("syphon", path="", fps=30, size=(6, 8)), picture())
