"""Lights: motor faders, rings and lamps show what their Params are.

| a control that is | is told of                                                               |
|-------------------|--------------------------------------------------------------------------|
| absolute          | every turn but its own: a fader that is being moved is never pushed back |
| relative, toggle  | every turn: what it sends is not what it has to show                     |
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import genart


class Lights:
    """What every device shows, and what it ought to.

    Devices and controls are told apart by name; all methods may be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], int] = {}
        self._turned: dict[str, str] = {}  # who turned each Param last, by its path
        self._absolute: set[tuple[str, str]] = set()

    def turned(self, path: str, source: str) -> None:
        """Somebody turned a Param."""
        with self._lock:
            self._turned[path] = source

    def heard(self, device: str, source: str, x: float) -> bool:
        """A control says where it is; whether that is news, not what it was just told to show."""
        place = (device, source)
        with self._lock:
            known = self._shown.get(place) == round(x) and place in self._absolute
            if place in self._shown:
                self._shown[place] = round(x)
        return not known

    def forget(self, device: str) -> None:
        """A device went: when it comes again, everything has to be told anew."""
        with self._lock:
            self._shown = {place: x for place, x in self._shown.items() if place[0] != device}

    def due(
        self, lights: Iterable[genart.live.Light], devices: Sequence[str]
    ) -> Iterator[tuple[str, str, int]]:
        """The (device, source, x) that are to be sent now, and are taken to be shown from now on.

        Args:
            lights: where every control ought to be.
            devices: those that are here.
        """
        for light in lights:
            for device in devices:
                if light.device.lower() in device.lower() and self._is_news(light, device):
                    yield device, light.source, round(light.x)

    def _is_news(self, light: genart.live.Light, device: str) -> bool:
        place, x = (device, light.source), round(light.x)
        with self._lock:
            known, absolute = self._shown.get(place), light.mode == "absolute"
            (self._absolute.add if absolute else self._absolute.discard)(place)
            self._shown[place] = x
            own = self._turned.get(light.path) == f"midi {light.source} {device}"
        return known != x and not (absolute and own and known is not None)
