"""MIDI: what devices send, what their lights show, and clocks; over mido's own ports in memory."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import genart
from genart.live.console import LiveConsole
from genart.live.store import Store
from genart.params import Param, ParamTree
from genart.playback.faults import Faults
from genart.playback.settings import Settings
from genart.plugins import registry

mido = pytest.importorskip("mido")

from genart_midi.clock import Clock  # noqa: E402
from genart_midi.control import Midi  # noqa: E402
from genart_midi.messages import Reader, messages  # noqa: E402
from genart_midi.ports import backend, partner  # noqa: E402


class Owner:
    level = Param(0.5, 0.0, 1.0)
    fine = Param(0.0, 0.0, 16383.0)
    on = Param(False)
    count = Param(3, 0, 9)


class System:
    """A mido backend in memory: devices are plugged in and out, and record their messages."""

    def __init__(self) -> None:
        self.inputs: dict[str, Callable[[Any], None] | None] = {}
        self.shown: dict[str, list[Any]] = {}
        self.broken: set[str] = set()

    def plug(self, *names: str) -> None:
        for name in names:
            self.inputs[name] = None
            self.shown[name] = []

    def unplug(self, name: str) -> None:
        del self.inputs[name], self.shown[name]

    def get_input_names(self) -> list[str]:
        return list(self.inputs)

    def get_output_names(self) -> list[str]:
        return list(self.shown)

    def open_input(self, name: str, callback: Callable[[Any], None]) -> Any:
        if name in self.broken:
            raise OSError("another program has it")
        self.inputs[name] = callback
        return mido.ports.BaseInput(name)

    def open_output(self, name: str) -> Any:
        system = self

        class Output(mido.ports.BaseOutput):  # type: ignore
            def _send(self, message: Any) -> None:
                system.shown[name].append(message)

        return Output(name)

    def send(self, name: str, kind: str, **values: int) -> None:
        callback = self.inputs[name]
        assert callback is not None
        callback(mido.Message(kind, **values))

    def lights(self, name: str) -> list[str]:
        told, self.shown[name] = [str(message) for message in self.shown[name]], []
        return [text.removesuffix(" time=0") for text in told]


MAPPING = """
[[map]]
midi = "cc/1/1"
to = "sketch.level"
[[map]]
midi = "note/10/36"
mode = "toggle"
to = "sketch.on"
[[map]]
midi = "cc/1/16"
mode = "relative"
to = "sketch.count"
"""


class Rig:
    """A console with a MIDI control; nothing runs by itself."""

    def __init__(self, system: System, source: str = "", mapping: str = MAPPING) -> None:
        self.now = 0.0
        self.said: list[str] = []
        stage = Settings()
        tree = ParamTree({**stage.tree().owners, "sketch": Owner()})
        self.store = Store(tree, clock=lambda: self.now)
        self.console = LiveConsole(self.store, Faults(self.said.append))
        self.console.mapping._use(mapping)
        self.midi = Midi(source, system)
        self.midi._thread.start = lambda: None  # type: ignore[method-assign]
        self.midi.start(self.console)

    def current(self, name: str) -> Any:
        return self.store.current(f"sketch.{name}")


@pytest.fixture
def system() -> System:
    made = System()
    made.plug("Pads 20:0", "Desk 24:0")
    return made


@pytest.fixture
def rig(system: System) -> Iterator[Rig]:
    made = Rig(system)
    made.midi.flush()
    for name in system.inputs:
        system.lights(name)
    yield made
    made.midi.close()


class Twins(System):
    """A backend with devices of one name, which opens the first unless its driver is told."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names, self.at, self.sent = list(names), dict[int, Any](), dict[int, list[str]]()

    def get_input_names(self) -> list[str]:
        return list(self.names)

    get_output_names = get_input_names

    def open_input(self, name: str, callback: Callable[[Any], None]) -> Any:
        port = mido.ports.BaseInput(name)
        self.driven(
            port, self.names.index(name), lambda index: self.at.__setitem__(index, callback)
        )
        return port

    def open_output(self, name: str) -> Any:
        system = self

        class Output(mido.ports.BaseOutput):  # type: ignore
            def _send(self, message: Any) -> None:
                system.sent.setdefault(self.index, []).append(str(message))

        port = Output(name)
        self.driven(port, self.names.index(name), lambda index: setattr(port, "index", index))
        return port

    def driven(self, port: Any, index: int, connect: Callable[[int], object]) -> None:
        """Connect a port as mido's rtmidi does; its driver can connect it to another index."""
        connect(index)
        before = dict(self.at)
        port._rt = SimpleNamespace(
            get_ports=lambda: list(self.names), open_port=connect,
            close_port=lambda: self.at.update({k: before.get(k) for k in (index,)}),
        )  # fmt: skip


def test_two_controllers_of_one_name_are_both_open() -> None:
    system = Twins("nanoKONTROL2", "Desk (1)", "nanoKONTROL2", "Desk (2)")
    rig = Rig(system)
    assert rig.midi._ports.names == ["nanoKONTROL2", "Desk (1)", "nanoKONTROL2 (2)", "Desk (2)"]
    assert any("nanoKONTROL2 (2)" in line for line in rig.said)
    for index, value in ((0, 127), (2, 0)):
        system.at[index](mido.Message("control_change", control=1, value=value))
        assert rig.current("level") == value / 127
    rig.store.put("sketch.level", 1.0, "web")
    rig.midi.flush()
    assert {0, 2} <= system.sent.keys(), "the lights of both"
    system.names.pop(0)
    rig.midi.scan()
    system.names.insert(0, "nanoKONTROL2")
    rig.midi.scan()
    assert "nanoKONTROL2 (2)" in rig.midi._ports.names
    rig.midi.close()


def test_it_is_a_control_by_name() -> None:
    made = registry("control").create("midi", source="quiet:Launch")
    assert isinstance(made, Midi)
    assert isinstance(made, genart.live.LiveControl)
    assert list(made.changes(0.0)) == []


def test_a_fader_turns_its_param_at_once(rig: Rig, system: System) -> None:
    system.send("Desk 24:0", "control_change", channel=0, control=1, value=127)
    assert rig.current("level") == 1.0
    system.send("Desk 24:0", "control_change", channel=1, control=1, value=0)
    assert rig.current("level") == 1.0, "another channel"


@pytest.mark.parametrize(
    ("sent", "sources"),
    [
        ([("control_change", {"control": 74, "value": 5})], [("cc/1/74", 5)]),
        ([("control_change", {"control": 7, "value": 64, "channel": 1}),
          ("control_change", {"control": 39, "value": 3, "channel": 1})],
         [("cc/2/7", 64), ("cc/2/39", 3), ("cc14/2/7", 8195)]),
        ([("control_change", {"control": 39, "value": 3})], [("cc/1/39", 3)]),
        ([("note_on", {"note": 36, "velocity": 90}), ("note_on", {"note": 36, "velocity": 0})],
         [("note/1/36", 90), ("note/1/36", 0)]),
        ([("note_off", {"note": 36, "velocity": 64})], [("note/1/36", 0)]),
        ([("pitchwheel", {"pitch": -8192})], [("pitch/1", -8192)]),
        ([("aftertouch", {"value": 9})], [("pressure/1", 9)]),
        ([("polytouch", {"note": 2, "value": 9})], [("pressure/1/2", 9)]),
        ([("program_change", {"program": 5}), ("program_change", {"program": 5})],
         [("program/1", 5), ("program/1/5", 127),
          ("program/1", 5), ("program/1/5", 0), ("program/1/5", 127)]),
        ([("start", {}), ("clock", {})], [("start", 127), ("start", 0)]),
    ],
)  # fmt: skip
def test_messages_are_sources(
    sent: list[tuple[str, dict[str, int]]], sources: list[tuple[str, float]]
) -> None:
    reader = Reader()
    heard = [mido.Message(kind, **values) for kind, values in sent]
    assert [pair for message in heard for pair in reader.sources(message)] == sources


def test_what_is_shown_is_what_would_be_sent() -> None:
    for source, x in (("cc/3/74", 5), ("cc14/2/7", 8195), ("note/10/36", 90), ("pitch/1", -400)):
        reader = Reader()
        told = [pair for message in messages(source, x) for pair in reader.sources(message)]
        assert told[-1] == (source, x)
    assert messages("pressure/1", 9) == []
    assert messages("cc/1/1", 200)[0].value == 127


def test_a_fine_fader_has_fourteen_bits(system: System) -> None:
    rig = Rig(system, mapping='[[map]]\nmidi = "cc14/1/0"\nto = "sketch.fine"\n')
    for control, value in ((0, 100), (32, 57)):
        system.send("Desk 24:0", "control_change", control=control, value=value)
    assert rig.current("fine") == 100 * 128 + 57


def test_at_the_start_every_light_is_told(system: System) -> None:
    rig = Rig(system)
    rig.store.put("sketch.on", True)
    rig.midi.flush()
    assert system.lights("Desk 24:0") == [
        "control_change channel=0 control=1 value=64",
        "note_on channel=9 note=36 velocity=127",
        "control_change channel=0 control=16 value=42",
    ]
    rig.midi.flush()
    assert system.lights("Desk 24:0") == [], "once"


def test_a_fader_is_told_what_others_turn_and_never_its_own(rig: Rig, system: System) -> None:
    system.send("Desk 24:0", "control_change", control=1, value=100)
    rig.midi.flush()
    assert system.lights("Desk 24:0") == []
    assert system.lights("Pads 20:0") == ["control_change channel=0 control=1 value=100"]
    rig.store.put("sketch.level", 0.0, "web")
    rig.midi.flush()
    assert system.lights("Desk 24:0") == ["control_change channel=0 control=1 value=0"]


def test_a_fader_is_not_pushed_to_the_nearest_of_few_values(system: System) -> None:
    rig = Rig(system, mapping='[[map]]\nmidi = "cc/1/2"\nto = "sketch.count"\n')
    rig.midi.flush()
    system.lights("Desk 24:0")
    system.send("Desk 24:0", "control_change", control=2, value=64)
    rig.midi.flush()
    assert rig.current("count") == 5
    assert system.lights("Desk 24:0") == []
    assert system.lights("Pads 20:0")[-1].endswith("value=71")
    rig.store.put("sketch.count", 4, "web")
    rig.midi.flush()
    assert system.lights("Desk 24:0") == ["control_change channel=0 control=2 value=56"]


def test_a_motor_fader_that_repeats_what_it_is_told_turns_nothing(rig: Rig, system: System) -> None:
    rig.store.put("sketch.level", 0.3, "web")
    rig.midi.flush()
    (told,) = system.lights("Desk 24:0")
    assert told.endswith("value=38")
    system.send("Desk 24:0", "control_change", control=1, value=38)
    assert rig.current("level") == 0.3
    system.send("Desk 24:0", "control_change", control=1, value=39)
    assert rig.current("level") == pytest.approx(39 / 127)


def test_a_pads_light_stays_on_though_the_pad_is_let_go(rig: Rig, system: System) -> None:
    for velocity in (80, 0):
        system.send("Pads 20:0", "note_on", channel=9, note=36, velocity=velocity)
        rig.midi.flush()
        assert "note_on channel=9 note=36 velocity=127" in system.lights("Pads 20:0")
    assert rig.current("on") is True
    system.send("Pads 20:0", "note_on", channel=9, note=36, velocity=80)
    rig.midi.flush()
    assert system.lights("Pads 20:0") == ["note_on channel=9 note=36 velocity=0"]


def test_an_encoders_ring_follows_its_own_turns(rig: Rig, system: System) -> None:
    system.send("Desk 24:0", "control_change", control=16, value=1)
    assert rig.current("count") == 4
    rig.midi.flush()
    assert system.lights("Desk 24:0") == ["control_change channel=0 control=16 value=56"]


def test_a_device_that_goes_is_reported_and_found_again(rig: Rig, system: System) -> None:
    system.unplug("Desk 24:0")
    rig.midi.scan()
    assert rig.said[-1] == "midi: Desk 24:0 is gone; waiting for it."
    assert rig.console.said["midi"] == "Pads 20:0"
    assert rig.console.faults.now()
    system.plug("Desk 24:0")
    rig.midi.scan()
    assert rig.said[-1] == "midi: listens to Desk 24:0"
    assert rig.console.faults.now() == []
    rig.midi.flush()
    assert len(system.lights("Desk 24:0")) == 3, "it receives everything again"
    system.send("Desk 24:0", "control_change", control=1, value=0)
    assert rig.current("level") == 0.0


def test_only_the_ports_that_were_asked_for_are_opened(system: System) -> None:
    system.plug("Midi Through:Midi Through Port-0 14:0")
    rig = Rig(system, "desk")
    assert rig.console.said["midi"] == "Desk 24:0"
    every = Rig(system)
    assert every.console.said["midi"] == "Pads 20:0, Desk 24:0"
    quiet = Rig(system, "quiet: Pads")
    quiet.midi.flush()
    assert quiet.console.said["midi"] == "Pads 20:0"
    assert system.lights("Pads 20:0") == []


def test_a_port_that_is_not_there_yet_is_waited_for(system: System) -> None:
    rig = Rig(system, "Launch")
    assert rig.said == [
        'midi: There is no input named "Launch" yet; waiting for it. There is Pads 20:0, Desk 24:0.'
    ]
    system.plug("Launch Control 28:0")
    rig.midi.scan()
    assert rig.console.faults.now() == []
    assert rig.console.said["midi"] == "Launch Control 28:0"


def test_a_port_that_cannot_be_opened_is_reported_and_leaves_the_others(system: System) -> None:
    system.broken.add("Pads 20:0")
    rig = Rig(system)
    rig.midi.scan()
    assert "another program has it" in rig.said[0]
    assert rig.console.said["midi"] == "Desk 24:0"


def test_a_machine_without_midi_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "no_midi.py").write_text("raise SystemError('no sequencer')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MIDO_BACKEND", "no_midi")
    with pytest.raises(genart.GenartError, match="no MIDI on this machine: no sequencer"):
        backend()


@pytest.mark.parametrize(
    ("name", "outputs", "found"),
    [
        ("Desk 24:0", ["Pads 20:0", "Desk 24:0"], "Desk 24:0"),
        ("Launch Control 1", ["Launch Control 2"], "Launch Control 2"),
        ("nanoKONTROL2 SLIDER/KNOB", ["nanoPAD", "nanoKONTROL2 CTRL"], "nanoKONTROL2 CTRL"),
        ("RtMidiOut Client:Desk", ["RtMidiIn Client:Pads", "RtMidiIn Client:Desk"],
         "RtMidiIn Client:Desk"),
        ("a2j:BCR [20] (capture): BCR MIDI 1", ["a2j:BCR [20] (playback): BCR MIDI 1"],
         "a2j:BCR [20] (playback): BCR MIDI 1"),
        ("MIDI In", ["MIDI Monster"], None),
        ("Desk", [], None),
    ],
)  # fmt: skip
def test_an_input_finds_the_output_of_its_device(
    name: str, outputs: list[str], found: str | None
) -> None:
    assert partner(name, outputs) == found


def ticks(
    clock: Clock, start: float, count: int, bpm: float, jitter: float = 0.0, seed: int = 1
) -> float:
    """Tick so often; when the next tick would be."""
    chance, step = random.Random(seed), 60 / bpm / 24
    for i in range(count):
        clock.tick(start + i * step + chance.uniform(-jitter, jitter))
    return start + count * step


@pytest.mark.parametrize("bpm", [40.0, 127.5, 300.0])
def test_a_clock_with_jitter_has_a_steady_tempo_and_beat(bpm: float) -> None:
    clock = Clock()
    clock.start()
    end = ticks(clock, 5.0, 24 * 8, bpm, jitter=0.002)
    assert clock.bpm == pytest.approx(bpm, rel=1e-3)
    assert clock.beat(end) == pytest.approx(8, abs=0.02)


def test_ticks_that_are_held_up_do_not_bend_the_tempo() -> None:
    clock, chance, step = Clock(), random.Random(3), 60 / 128 / 24
    held = 0.0
    for i in range(24 * 16):
        if chance.random() < 0.02:
            held = (i + 4) * step  # a busy computer delivers five at once
        clock.tick(max(i * step + chance.uniform(0, 0.003), held))
    assert clock.bpm == pytest.approx(128, abs=0.15)
    assert abs(clock.bpm - 128) < max(clock.doubt, 0.05)


def test_a_tempo_that_is_changed_is_noticed_within_two_beats() -> None:
    clock = Clock()
    clock.start()
    end = ticks(clock, 0.0, 24 * 8, 120, jitter=0.001)
    end = ticks(clock, end, 48, 140, jitter=0.001)
    assert clock.bpm == pytest.approx(140, rel=0.01)
    assert clock.beat(end) == pytest.approx(10, abs=0.05)


def test_a_song_may_stop_and_go_on_elsewhere() -> None:
    clock = Clock()
    assert clock.bpm is None
    assert clock.beat(0.0) is None
    end = ticks(clock, 0.0, 24, 120)
    assert not clock.counts
    clock.locate(32)  # the third bar
    end = ticks(clock, end, 24, 120)
    assert clock.counts
    assert clock.beat(end) == pytest.approx(9, abs=0.01)
    ticks(clock, end + 10, 5, 120)
    assert clock.bpm is None, "after a pause it has to be heard again"


def test_the_tempo_follows_a_clock_and_the_bar_its_start(system: System) -> None:
    rig = Rig(system, "clock:Pads")
    tempo, stage_beat = rig.console.tempo, 0.0
    tempo.observe(0.0, stage_beat)
    chance = random.Random(2)
    step = 60 / 150 / 24
    for i in range(24 * 8):
        if i == 48:
            system.send("Pads 20:0", "start")
        rig.now = 1.0 + i * step + chance.uniform(0, 0.001)
        system.send("Pads 20:0", "clock")
    assert rig.store.current("tempo.bpm") == pytest.approx(150, abs=0.2)
    beat = tempo.beat(rig.now)
    assert beat is not None
    assert (beat - 143 / 24 + 2) % 4 - 2 == pytest.approx(0, abs=0.02)
    assert rig.console.said["midi/clock"] == "Pads 20:0"
    system.send("Pads 20:0", "control_change", control=1, value=0)
    assert rig.current("level") == 0.5, "a clock's port plays nothing else"


def test_its_own_thread_finds_ports_and_tells_lights_and_ends(system: System) -> None:
    rig = Rig(system)
    rig.midi.close()
    told = Midi("", system)
    told.start(rig.console)
    told.close()
    assert not told._thread.is_alive()
    assert system.inputs
