"""genart.live: plays a sketch in real time. This module starts the parts and stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import numpy as np

from genart.contracts import Control, Frame, Generator, Sink
from genart.interrupts import stop_on_signals
from genart.live.background_log import BackgroundLog
from genart.live.console import LiveConsole
from genart.live.display.clock import LiveClock
from genart.live.display.frame_blend import FrameBlend
from genart.live.display.phase_lock import PhaseLock
from genart.live.outputs.video_recorder import Recorder
from genart.live.outputs.worker import OutputWorker
from genart.live.protocols import LiveControl
from genart.live.report import Durations, LiveReport, Meter
from genart.live.services import (
    Closable,
    Service,
    callback_name,
    named_services,
    named_sinks,
    needs_main_thread,
)
from genart.live.start_values import start_values
from genart.live.store import Store
from genart.live.store_control import StoreControl
from genart.media.film_spec import Size, parse_fps, parse_size
from genart.media.frames import as_frame
from genart.models.loading import in_aspect, load
from genart.playback.background_loader import BackgroundLoader, sketch_file
from genart.playback.background_pacing import BackgroundPacer
from genart.playback.clock import Tick
from genart.playback.faults import Faults
from genart.playback.loop import frames, run
from genart.playback.loop_thread import LoopThread, Watched
from genart.playback.message_card import message_card
from genart.playback.player import SketchPlayer
from genart.playback.quality import QualityController, QualityLevel, quality_levels
from genart.playback.resilient_player import ResilientPlayer
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch, load_sketch
from genart.playback.supervisor import Supervisor
from genart.profiling import WAITING, Profiler, count_frame, span
from genart.realtime import (
    DISPLAY,
    hastened,
    punctual,
    spare_threads,
)

GAP = 0.1  # seconds between two frames that are visible as a gap
_SHOW = 0.15  # seconds after which an output of the display's thread is left out
_FIRST = 0.9  # seconds to wait for the first frame before a card is shown
_START = 0.8  # seconds to wait until everything has started
_END, _CLOSE = 0.3, 1.5  # seconds to wait at the end: for the engine, for the rest


class Live:
    """A performance: an engine thread makes frames, and the caller of `run` shows them.

    Args:
        sketch: a shipped sketch's name, a .py file, or a Sketch class.
        model: a name, file, URL or a Generator; None takes the sketch's default.
        size: 512, (640, 360) or "640x360", width first; None takes the model's.
        fps: frames per second of the display, and at most of the engine.
        seconds: how long; None plays until `stop`.
        params: values by "owner.name" at the start.
        style: a stylizer that repaints the image, "fast:great_wave", or several, applied in order.
        seed: the seed of the sketch's random numbers.
        device: "auto", "cpu", "cuda" or "mps".
        blend: whether to blend frames while the model is slower than the display.
        hold_fps: whether to lower the image quality while the model is slower than the display,
            see `genart.playback.quality`.
        profile: whether the report contains the time spent on each step of a frame.
        recordings: the folder of recordings whose names come from the network.
        tell: called with one line for each new kind of fault.
        engine_clock: the engine's clock; the wall clock at `fps` by default.

    Attributes:
        name: the sketch's, as it was given.
        settings: the values by "owner.name" at the start.
        seed: of the sketch's random numbers.
        threads: how many threads a network on a CPU uses.
        quality: chooses the quality level.
        store: changes Params from any thread.
        faults: what went wrong.
        supervisor: calls everything beside the loops, and watches the threads.
        recorder: records the film.
        store_control: carries out triggers; `store_control.actions` may be added to before `run`.
        console: what controls use.
        services: what runs beside the engine; `run` starts and closes it.
        latencies: durations by name.
        on_tick: called with the tick's time in seconds and its beat after every frame.
        on_new_sketch: called when a reloaded sketch plays.

    Raises:
        UsageError: a wrong argument.
        SketchError: a sketch file that cannot be run.
        CheckpointError: a model that cannot be used.
    """

    def __init__(
        self,
        sketch: str | Path | type[Sketch] = "drift",
        *,
        model: str | Path | Generator | None = None,
        size: Size | None = None,
        fps: float | str | Fraction = 30,
        seconds: float | None = None,
        params: Mapping[str, Any] | None = None,
        style: str | Sequence[str] = (),
        seed: int = 0,
        device: str = "auto",
        blend: bool = True,
        hold_fps: bool = False,
        profile: bool = False,
        recordings: str | Path = "recordings",
        tell: Callable[[str], None] | None = None,
        engine_clock: LiveClock | None = None,
    ) -> None:
        self.fps, self.stopped = parse_fps(fps), Event()
        self._log = None if tell is None else BackgroundLog(tell)
        self.faults = Faults(self._log)
        self.supervisor = Supervisor(self.faults)
        kind = sketch if isinstance(sketch, type) else load_sketch(sketch)
        self._given = model if isinstance(model, Generator) else None
        self.name = kind.__qualname__ if isinstance(sketch, type) else str(sketch)
        sketched = kind()
        values = start_values(kind, model, style, params)
        settings = Settings(values, sketched)
        tree = settings.tree(sketched)
        self.settings, self.seed = {path: tree.value(path) for path in values}, seed
        self.threads = spare_threads()
        period = float(1 / self.fps)
        self.quality = QualityController(
            period, hold=hold_fps, say=partial(self.faults.note, "quality")
        )
        self.pacer = BackgroundPacer(self.supervisor)
        self.loader = BackgroundLoader(
            self._load, self.supervisor, sketch_file(sketch), device=device,
            prepare=self._as_played, warm=self._warm,
        )  # fmt: skip
        self.loader.on_sketch = partial(self.supervisor.hurry, "sketch")
        self._size = parse_size(size) if size else None
        self.size = self._size or self.loader.get(settings.model.name).resolution
        first = SketchPlayer(
            sketched, settings, load=self.loader.get, size=self.size, seed=seed, strict=True
        )
        self.engine_clock = engine_clock or LiveClock(self.fps)
        self.engine_clock.stop = self.stopped
        self.display_clock = LiveClock(self.fps, stop=self.stopped, seconds=seconds)
        self.store = Store(first.tree, clock=self.engine_clock.seconds)
        self.store.complaints.logged = lambda line, source: self.faults.logged(
            source.partition(" ")[0] or "osc", line
        )
        self.phase_lock = PhaseLock(period)
        self.frame_blend = FrameBlend(blend, self._shows, self.phase_lock.shown)
        self.store_control = StoreControl(self.store, self.supervisor, {}, self._took)
        self.console = LiveConsole(self.store, self.faults)
        self.player = ResilientPlayer(
            first, self.loader, self.supervisor, size=self.size, quality=self.quality,
            pacer=self.pacer, restored=lambda path, value: self.store.put(path, value, "engine"),
            changed=self._sketch_changed, now=self.engine_clock.now,
            swapped=lambda name: self.faults.note("model", f'"{name}" plays.'),
            played=self._played,
        )  # fmt: skip
        self.recorder = Recorder(Path(recordings), self.fps, self.size, self.faults)
        self.store_control.actions.update(
            {
                "record.start": lambda each: self.recorder.start(*each.args[:1]),
                "record.stop": lambda each: self.recorder.stop(),
                "quality.up": lambda each: self.quality.up(),
                "quality.down": lambda each: self.quality.down(),
            }
        )
        self.on_tick: list[Callable[[float, float], None]] = []
        self.on_new_sketch: list[Callable[[], None]] = []
        self.services: list[Service] = []
        self._meter = Meter(self.fps)
        self.latencies = {"param_to_frame": Durations()}
        self._profiler = Profiler() if profile else None
        self._black, self._sinks = np.zeros((*self.size, 3), np.uint8), dict[str, Sink]()
        self._engine = LoopThread(self.supervisor, "engine", self._make_frames)
        self._display = LoopThread(self.supervisor, "display", self._show_frames)

    @property
    def sketch(self) -> Sketch:
        """The sketch that plays now."""
        return self.player.sketch_player.sketch

    def stop(self) -> None:
        """End the performance, from any thread."""
        self.stopped.set()

    def close(self) -> None:
        """Close a performance that will not be run."""
        self.stop()
        for service in self.services:
            service.close()
        self.recorder.close()

    def run(self, sinks: Sequence[Sink] = (), controls: Sequence[Control] = ()) -> LiveReport:
        """Play until the time is over or `stop` is called; Ctrl-C ends it too.

        A sink, control or service that raises or does not return is reported and left out.

        Args:
            sinks: where frames go, written to from this thread. Wrap one that may be slow in an
                `OutputWorker`.
            controls: other sources of changes. One that cannot start is reported and left out.

        Returns:
            The report of the performance.
        """
        self.store_control.controls = controls
        self._sinks = named_sinks([*sinks, self.recorder])
        live_controls = named_services(c for c in controls if isinstance(c, LiveControl))
        services = named_services(self.services)
        with ExitStack() as stack:
            stack.enter_context(punctual(self.threads))
            stack.enter_context(stop_on_signals(self.stop))
            stack.callback(self._close, sinks, {**live_controls, **services})
            self._start(live_controls, services)
            self._profile_outputs(sinks)
            self._engine.start()
            self._wait_for_frames()
            self._display.run()
        return self.report(sinks)

    def _start(self, controls: Mapping[str, LiveControl], services: Mapping[str, Service]) -> None:
        """Start everything beside the loops; one that fails is reported and left out."""
        if self._log is not None:
            self._log.start()
        self.supervisor.start()
        starts: dict[str, Callable[[], object]] = {
            name: partial(control.start, self.console) for name, control in controls.items()
        }
        starts |= {name: service.start for name, service in services.items()}
        self.supervisor.together(starts, _START)
        self.supervisor.watched += [each for each in services.values() if isinstance(each, Watched)]
        self.loader.start()
        self.pacer.start()

    def _wait_for_frames(self) -> None:
        """Wait for the first frame; if it takes nearly a second, show a card."""
        if not self.frame_blend.ready.wait(_FIRST) and not self.stopped.is_set():
            self.frame_blend.write(message_card(self.size, self.name, "The first image is made."))

    def status(self) -> dict[str, Any]:
        """The state of the performance for a status line: plain numbers and text."""
        settings = self.player.sketch_player.settings
        return {
            "fps": round(self._meter.rate, 2),
            "phase": settings.transport.phase,
            "beat": settings.tempo.beat,
            "made": self.frame_blend.made,
            "synthesised": self.frame_blend.synthesised,
            "recording": self.recorder.recording,
            "model": settings.model.name,
            "loading": self.loader.loading,
            "quality": self.quality.level,
            **self.console.said,
            "errors": self.faults.history(),
            "faults": self.faults.now(),
            "refused": self.faults.history(logged=True),
        }

    def report(self, sinks: Sequence[Sink] = ()) -> LiveReport:
        """The report so far."""
        meter, fade = self._meter, self.frame_blend
        drops = {each.name: each.dropped for each in sinks if isinstance(each, OutputWorker)}
        drops["record"] = self.recorder.dropped
        return LiveReport(
            frames=meter.frames,
            fps=round(meter.mean_rate, 3),
            seconds=round(meter.seconds, 3),
            size=(self.size[1], self.size[0]),
            interval_ms=meter.intervals.summary(),
            gaps=meter.intervals.over(GAP),
            made=fade.made,
            synthesised=fade.synthesised,
            repeated=fade.repeated,
            skipped=self.display_clock.skipped,
            dropped=sum(drops.values()),
            drops=drops,
            osc={"received": self.store.received, "rejected": self.store.rejected},
            latency_ms={name: each.summary() for name, each in self.latencies.items()},
            quality={name: round(each, 3) for name, each in [*self.quality.spent.items()]},
            errors=self.faults.total,
            faults=self.faults.all(),
            recorded=str(self.recorder.finished[-1]) if self.recorder.finished else "",
            profile=None if self._profiler is None else self._profiler.profile(clocked=True),
        )

    def _lane(self, name: str, *, draws: bool = False) -> AbstractContextManager[object]:
        """Where this thread's time is counted when profiling."""
        return nullcontext() if self._profiler is None else self._profiler.lane(name, draws=draws)

    def _profile_outputs(self, sinks: Sequence[Sink]) -> None:
        for sink in sinks:
            if self._profiler is not None and isinstance(sink, OutputWorker):
                sink.lane = self._profiler.lane(sink.name, WAITING)

    def _make_frames(self) -> None:
        with self._lane("engine", draws=True):
            made = frames(self.player, self.engine_clock, [self.store_control, self.store])
            run(made, [self.frame_blend])

    def _show_frames(self) -> None:
        """Pass every frame to every sink; those of windows need the main thread."""
        is_main = current_thread() is main_thread()
        with hastened(DISPLAY), self._lane("display"):
            for frame in self._shown():
                for name, sink in self._sinks.items():
                    if is_main or not needs_main_thread(sink):
                        with span(name):
                            self.supervisor.call(name, sink.write, frame, limit=_SHOW)
                count_frame()

    def _played(self, tick: Tick) -> None:
        """After each frame: store the phase, and call everything that follows the ticks."""
        settings = self.player.sketch_player.settings
        self.store.observe("transport.phase", settings.transport.phase)
        for follower in self.on_tick:
            self.supervisor.call(
                callback_name(follower), follower, float(tick.t), settings.tempo.beat
            )

    def _shown(self) -> Iterator[Frame]:
        skipped = self.display_clock.skipped
        for frame in self.frame_blend.frames(self.display_clock):
            self._meter.beat()
            self.display_clock.shift(self.phase_lock.step())
            self.recorder.missed(self.display_clock.skipped - skipped)
            skipped = self.display_clock.skipped
            yield self._as_black(frame) if self.store.current("output.blackout") else frame

    def _as_black(self, frame: Frame) -> Frame:
        if self._black.shape != frame.shape:
            self._black = np.zeros_like(frame)
        return self._black

    def _took(self, at: float) -> None:
        self.frame_blend.asked = self.frame_blend.asked or at

    def _shows(self, asked: float) -> None:
        self.latencies["param_to_frame"].add(self.engine_clock.seconds() - asked)

    def _sketch_changed(self) -> None:
        self.store.set_tree(self.player.tree)
        for follower in self.on_new_sketch:
            self.supervisor.call(callback_name(follower), follower)

    def _load(self, name: str) -> Generator:
        given, device = self._given, self.loader.device
        if given is None or given.name != name:
            return load(name, device)
        if given.device.type not in self.loader.lost:
            return given
        return load(name if given.source is None else given.source, device)

    def _as_played(self, model: Generator) -> Generator:
        return in_aspect(model, self._size or getattr(self, "size", None))

    def _warm(self, model: Generator) -> None:
        """Use a model once at every quality level that may be chosen during the performance."""
        for level in quality_levels(model) if self.quality.hold else [QualityLevel("", model)]:
            picture = level.model(level.model.sample([0]))
            as_frame(picture, self.size)

    def _close(self, sinks: Sequence[Sink], beside: Mapping[str, Closable]) -> None:
        """Close everything; what takes long is left behind, but not a recording."""
        self.stop()
        self._engine.close(_END)
        self._display.close(0.0)
        for name, sink in named_sinks(sinks).items():
            if needs_main_thread(sink):
                self.supervisor.call(name, sink.close, pauses=False)
        parts: dict[str, Closable] = {
            name: sink for name, sink in named_sinks(sinks).items() if not needs_main_thread(sink)
        }
        parts |= {**beside, "loader": self.loader, "pacer": self.pacer}
        self.supervisor.watched.clear()
        steps = {name: part.close for name, part in parts.items()}
        for name, line in self.supervisor.together(steps, _CLOSE).items():
            self.faults.add(name, f"Not closed after {_CLOSE:g} s. It stands at {line}.")
        self.supervisor.call("record", self.recorder.close, pauses=False)
        self.supervisor.close()
        if self._log is not None:
            self._log.close()
