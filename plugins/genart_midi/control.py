"""The control: MIDI ports change Params, and receive the changes of others as feedback."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import genart
from genart_midi.clock import SIXTEENTH, Clock
from genart_midi.lights import Lights
from genart_midi.messages import Reader, messages
from genart_midi.ports import Ports, backend

_FLUSH = 1 / 30  # seconds between two updates of the lights
_SCAN = 30  # updates between two scans of the ports
_OPTIONS = ("clock", "quiet")
#: A tempo is reported when it differs by this many beats per minute and by its uncertainty.
_NEWS = 0.05


class Midi:
    """Listens to the ports whose names contain a text; they may be plugged in and out.

    Messages reach the console on the thread they arrive on. Another thread updates lights and
    ports.

    Args:
        source: part of a port's name; "clock:" or "quiet:" may stand before it.
        system: a mido backend; None takes the machine's.
    """

    name = "midi"

    def __init__(self, source: str = "", system: Any = None) -> None:
        option, colon, rest = source.partition(":")
        chosen = option.strip().lower() if colon else ""
        self._option = chosen if chosen in _OPTIONS else ""
        self._wanted = (rest if self._option else source).strip()
        self._system = system
        self._readers: dict[str, Reader] = {}
        self._lights = Lights()
        self._clock, self._reported = Clock(), 0.0
        self._stopped = Event()
        self._thread = Thread(target=self._work, name="genart-midi", daemon=True)
        self._leave: Callable[[], None] = lambda: None

    def changes(self, t: float) -> tuple[()]:
        """No changes: MIDI uses the console."""
        return ()

    def start(self, console: genart.live.Console) -> None:
        """Open the ports that are there, and start to listen.

        Raises:
            GenartError: there is no MIDI on this machine.
        """
        self._console = console
        self._ports = Ports(self._system or backend(), self._wanted, self._heard)
        self._leave = console.subscribe(lambda path, value, by: self._lights.changed(path, by))
        self.scan()
        if not self._ports.names:
            self._console.fault(self.name, self._missing())
        self._thread.start()

    def close(self) -> None:
        """Close every port."""
        self._leave()
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(2)
        self._ports.close()

    def scan(self) -> None:
        """Open ports that were plugged in, close those that were plugged out, and report both."""
        try:
            came, gone, failed = self._ports.scan(lights=not self._option)
        except Exception as error:
            self._console.fault(self.name, error)
            return
        for device in gone:
            self._lights.forget(device)
            self._console.fault(self.name, f"{device} is gone; waiting for it.")
        if came:
            self._console.settle(self.name)
        for each in failed:
            self._console.fault(self.name, each)
        if came:
            self._console.note(self.name, f"listens to {', '.join(came)}")
        if came or gone:
            self._console.say(self._status, ", ".join(self._ports.names))

    def flush(self) -> None:
        """Send what the lights have to show."""
        if self._option:
            return
        due = self._lights.due(self._console.lights("midi"), self._ports.names)
        for device, source, x in due:
            for message in messages(source, x):
                try:
                    self._ports.send(device, message)
                except genart.GenartError as error:
                    self._console.fault(self.name, error)

    @property
    def _status(self) -> str:
        return "midi/clock" if self._option == "clock" else "midi"

    def _missing(self) -> str:
        what = f'no input named "{self._wanted}"' if self._wanted else "no input"
        others = ", ".join(self._ports.others)
        there = f" There is {others}." if others else ""
        return f"There is {what} yet; waiting for it.{there}"

    def _heard(self, device: str, message: Any) -> None:
        """A message, on the thread of its port."""
        try:
            if self._option == "clock":
                self._timed(message)
            else:
                self._played(device, message)
        except Exception as error:  # rtmidi would ignore it
            self._console.fault(self.name, error)

    def _played(self, device: str, message: Any) -> None:
        reader = self._readers.setdefault(device, Reader())
        for source, x in reader.sources(message):
            if self._lights.heard(device, source, x):
                self._console.feed("midi", f"{source} {device}", x)

    def _timed(self, message: Any) -> None:
        clock, now = self._clock, self._console.clock()
        if message.type == "start":
            clock.start()
        elif message.type == "songpos":
            clock.locate(message.pos)
        elif message.type == "clock":
            clock.tick(now)
            if clock.ticks % SIXTEENTH == 0 and clock.bpm is not None:
                self._follow(now, clock.bpm)

    def _follow(self, now: float, bpm: float) -> None:
        """Follow the clock, and its beat once its number is known."""
        if abs(bpm - self._reported) >= max(_NEWS, self._clock.doubt if self._reported else 0.0):
            self._reported = round(bpm, 2)
        beat = self._clock.beat(now) if self._clock.counts else None
        if beat is None:
            self._console.put("tempo.bpm", self._reported, "midi clock")
        else:
            self._console.follow(now, beat, self._reported, "midi clock")

    def _work(self) -> None:
        turn = 0
        while not self._stopped.wait(_FLUSH):
            turn += 1
            try:
                if turn % _SCAN == 0:
                    self.scan()
                self.flush()
            except Exception as error:  # an error of a driver must not end this thread
                self._console.fault(self.name, error)
