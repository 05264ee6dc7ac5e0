"""Ports: opens those whose names match when they are plugged in, and closes them when they go."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import mido

import genart

#: The loopback port of ALSA, which sends back what it receives.
_LOOP = "Midi Through"
_JACK = "mido.backends.rtmidi/UNIX_JACK"
#: The numbers that ALSA and Windows append to a name.
_NUMBERS = re.compile(r"(\s+\d+(:\d+)?)+\s*$")
_SAME = re.compile(r"(.+) \(([2-9]|[1-9]\d+)\)")
#: The words that distinguish inputs from outputs.
_WAYS = re.compile(r"(?i)rtmidi(in|out)|capture|playback|\b(in|out)(put)?\b")

#: Called with a port's name and a message, on the thread of the port.
Heard = Callable[[str, Any], None]


def backend() -> Any:
    """The MIDI backend of this machine: the one MIDO_BACKEND names, or the first that works.

    Raises:
        GenartError: there is none.
    """
    named = os.environ.get("MIDO_BACKEND")
    errors = []
    for name in [named] if named else [None, _JACK]:
        try:
            found = mido.Backend(name)
            found.get_input_names()
        except Exception as error:  # rtmidi has a SystemError of its own
            errors.append(" ".join(str(error).split()))
        else:
            return found
    raise genart.GenartError(f"There is no MIDI on this machine: {errors[0]}")


class Ports:
    """All inputs whose names contain a text, with the outputs that belong to them.

    Of several devices of one name, the second is called "name (2)".

    Args:
        backend: a mido backend.
        wanted: part of a name, case ignored; "" for all but ALSA's loopback.
        heard: called with every message.
    """

    def __init__(self, backend: Any, wanted: str, heard: Heard) -> None:
        self._backend, self._wanted, self._heard = backend, wanted.strip().lower(), heard
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """The open inputs."""
        return list(self._inputs)

    @property
    def others(self) -> list[str]:
        """The inputs that are there but were not asked for."""
        return [name for name in self._backend.get_input_names() if not self._fits(name)]

    def scan(self, *, lights: bool) -> tuple[list[str], list[str], list[genart.GenartError]]:
        """Open what was plugged in, close what was plugged out; returns both, and the errors."""
        there = [name for name in self._backend.get_input_names() if self._fits(name)]
        here = numbered(there)
        gone = [name for name in self._inputs if name not in here]
        names = {_which(name, there)[0] for name in gone}
        for name in [each for each in self._inputs if _which(each, there)[0] in names]:
            self._close(name)  # of several devices of one name, any may be the one that is left
        came, failed = [], []
        for name in here:
            if name not in self._inputs:
                try:
                    self._open_input(name)
                    came.append(name)
                    if lights:
                        self._open_output(name)
                except genart.GenartError as error:  # such as one that another program holds
                    failed.append(error)
        return came, gone, failed

    def send(self, name: str, message: Any) -> None:
        """Send a message to the device of an input, if it has an output.

        Raises:
            GenartError: the device refuses it; nothing more is sent to it.
        """
        output = self._outputs.get(name)
        if output is None:
            return
        try:
            output.send(message)
        except Exception as error:
            self._outputs.pop(name, None)
            raise genart.GenartError(f"{name} refuses feedback for its lights: {error}") from error

    def close(self) -> None:
        """Close all ports."""
        for name in self.names:
            self._close(name)

    def _fits(self, name: str) -> bool:
        return self._wanted in name.lower() if self._wanted else _LOOP not in name

    def _open_input(self, name: str) -> None:
        device, index = _which(name, self._backend.get_input_names())
        with _named(name):
            port = self._backend.open_input(
                device, callback=lambda message: self._heard(name, message)
            )
            _connect(port, device, index)
            self._inputs[name] = port

    def _open_output(self, name: str) -> None:
        outputs = self._backend.get_output_names()
        output = partner(name, numbered(outputs))
        if output is not None:
            device, index = _which(output, outputs)
            with _named(output):
                port = self._backend.open_output(device)
                _connect(port, device, index)
                self._outputs[name] = port

    def _close(self, name: str) -> None:
        for port in (self._inputs.pop(name, None), self._outputs.pop(name, None)):
            if port is not None:
                port.close()


def numbered(names: Iterable[str]) -> list[str]:
    """Names of ports, of which the second of one name is called "name (2)"."""
    found, times = list[str](), dict[str, int]()
    for name in names:
        times[name] = times.get(name, 0) + 1
        found.append(f"{name} ({times[name]})" if times[name] > 1 else name)
    return found


def _which(name: str, names: Iterable[str]) -> tuple[str, int]:
    """The device's name of "name (2)", and which of several of that name it is, from 0."""
    match = None if name in names else _SAME.fullmatch(name)
    return (match[1], int(match[2]) - 1) if match else (name, 0)


def _connect(port: Any, device: str, index: int) -> None:
    """Connect a port to another device of the same name: mido opens the first."""
    driver = getattr(port, "_rt", None)
    if index and driver is not None:
        same = [i for i, each in enumerate(driver.get_ports()) if each == device]
        driver.close_port()
        driver.open_port(same[index])


def partner(name: str, outputs: list[str]) -> str | None:
    """The output of the device that an input belongs to, or None.

    It has the same name, or the same but for numbers and for words such as "in" and "playback", or
    starts with the same word: Windows numbers its ports, JACK distinguishes capture from playback,
    macOS calls them "nanoKONTROL2 SLIDER/KNOB" and "nanoKONTROL2 CTRL".
    """
    for same in (str, _plain, _first_word):
        found = [output for output in outputs if same(output) == same(name)]
        if found and same(name):
            return found[0]
    return None


def _plain(name: str) -> str:
    return _WAYS.sub("", _NUMBERS.sub("", name)).lower()


def _first_word(name: str) -> str:
    word = name.split(" ", 1)[0]
    return word if len(word) > 3 and word.lower() not in ("midi", "port") else ""


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise genart.GenartError(f'The port "{name}" cannot be opened: {error}') from error
