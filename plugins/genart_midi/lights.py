"""Lights: motor faders, LED rings and lamps show the values of their Params.

| a control that is | receives                                                                 |
|-------------------|--------------------------------------------------------------------------|
| absolute          | every change but its own: a fader that is being moved is not pushed back |
| relative, toggle  | every change: what it sends is not what it has to show                   |
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import genart


class Lights:
    """What every device shows, and what it should show.

    Devices and controls are identified by name; all methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], int] = {}
        self._changed_by: dict[str, str] = {}  # the source of each Param's last change, by path
        self._absolute: set[tuple[str, str]] = set()

    def changed(self, path: str, source: str) -> None:
        """A Param was changed."""
        with self._lock:
            self._changed_by[path] = source

    def heard(self, device: str, source: str, x: float) -> bool:
        """A control sent x; returns whether that is new, not the echo of what it was sent."""
        control = (device, source)
        with self._lock:
            known = self._shown.get(control) == round(x) and control in self._absolute
            if control in self._shown:
                self._shown[control] = round(x)
        return not known

    def forget(self, device: str) -> None:
        """A device was plugged out: when it comes back, everything is sent again."""
        with self._lock:
            self._shown = {control: x for control, x in self._shown.items() if control[0] != device}

    def due(
        self, lights: Iterable[genart.live.Light], devices: Sequence[str]
    ) -> Iterator[tuple[str, str, int]]:
        """The (device, source, x) to send now; they count as shown from now on.

        Args:
            lights: what every control should show.
            devices: the connected devices.
        """
        for light in lights:
            for device in devices:
                if light.device.lower() in device.lower() and self._is_news(light, device):
                    yield device, light.source, round(light.x)

    def _is_news(self, light: genart.live.Light, device: str) -> bool:
        control, x = (device, light.source), round(light.x)
        with self._lock:
            known, absolute = self._shown.get(control), light.mode == "absolute"
            (self._absolute.add if absolute else self._absolute.discard)(control)
            self._shown[control] = x
            own = self._changed_by.get(light.path) == f"midi {light.source} {device}"
        return known != x and not (absolute and own and known is not None)
