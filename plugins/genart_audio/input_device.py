"""An input of the sound card, through PortAudio."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

import genart
from genart_audio.analysis import RATE

_WAITING = 200  # blocks that may wait; older ones are dropped
_SILENT = 3.0  # seconds without a block after which a device counts as gone
_LOOK = 0.2  # seconds between two checks whether to stop


class Microphone:
    """An open input.

    Args:
        source: part of its name, its number, or "" for the system's default.
        again: whether to search for devices again, as after one was plugged out.

    Attributes:
        name: the system's name of it.
        rate: samples per second.

    Raises:
        GenartError: there is no PortAudio, or no such input; the message names the inputs.
    """

    def __init__(self, source: str = "", again: bool = False) -> None:
        sound = _portaudio(again)
        device = int(source) if source.isdigit() else source or None
        try:
            found = sound.query_devices(device, "input")
            self.name, self.rate = str(found["name"]), _rate(sound, found)
            self._blocks: queue.Queue[NDArray[np.float32] | None] = queue.Queue(_WAITING)
            self._stream = sound.InputStream(
                device=found["index"], samplerate=self.rate, dtype="float32", latency="low",
                channels=min(2, found["max_input_channels"]), callback=self._take,
                finished_callback=lambda: self._put(None),
            )  # fmt: skip
            self._stream.start()
        except (ValueError, sound.PortAudioError) as error:
            raise genart.GenartError(_absent(sound, source, error)) from error

    def blocks(self, stopped: Event) -> Iterator[NDArray[np.float32]]:
        """Blocks of float (n, channels) as they arrive, until `stopped`.

        Raises:
            GenartError: the device is gone.
        """
        last = time.monotonic()
        while not stopped.is_set():
            try:
                block = self._blocks.get(timeout=_LOOK)
            except queue.Empty:
                if time.monotonic() - last > _SILENT:
                    raise genart.GenartError(f'"{self.name}" sends no more sound.') from None
                continue
            if block is None:
                raise genart.GenartError(f'"{self.name}" has gone.')
            last = time.monotonic()
            yield block

    def close(self) -> None:
        """Free the device."""
        self._stream.close(ignore_errors=True)

    def _take(self, block: NDArray[np.float32], *_: Any) -> None:
        self._put(block.copy())  # on the driver's thread

    def _put(self, block: NDArray[np.float32] | None) -> None:
        try:
            self._blocks.put_nowait(block)
        except queue.Full:
            self._blocks.get_nowait()
            self._blocks.put_nowait(block)


def check() -> None:
    """MissingExtra if there is no sounddevice; a missing PortAudio is reported later."""
    try:
        import sounddevice  # noqa: F401
    except ImportError:
        raise genart.errors.MissingExtra("sounddevice", "audio") from None
    except OSError:
        pass


def _portaudio(again: bool) -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise genart.GenartError(
            f"PortAudio is missing ({error}). Install libportaudio2 or your system's package."
        ) from error
    if again:  # its list of devices is made when it starts
        sounddevice._terminate()
        sounddevice._initialize()
    return sounddevice


def _rate(sound: Any, device: Any) -> int:
    try:
        sound.check_input_settings(
            device["index"], min(2, device["max_input_channels"]), "float32", samplerate=RATE
        )
    except sound.PortAudioError:
        return int(device["default_samplerate"])
    return RATE


def _absent(sound: Any, source: str, error: Exception) -> str:
    inputs = [f"{each['index']} {each['name']}" for each in sound.query_devices()
              if each["max_input_channels"] > 0]  # fmt: skip
    wanted = f'The input "{source}"' if source else "A sound input"
    known = f"Inputs: {'; '.join(inputs)}." if inputs else "There is no input on this machine."
    return f"{wanted} cannot be opened ({' '.join(str(error).split())}). {known}"
