"""Controls and outputs of a performance, made from the names that plug-ins registered.

A text such as "midi:Launch Control" is a registered name, a colon, and an argument for the plug-in;
a URL such as "srt://host:9999" is passed on whole.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from fractions import Fraction
from itertools import count
from typing import Any

from genart.contracts import Control, Sink
from genart.errors import GenartError, UsageError
from genart.live.outputs.worker import OutputWorker
from genart.playback.faults import Faults
from genart.plugins import registry


def split_name(text: str) -> tuple[str, str]:
    """(name, rest) of "name:rest"; of a URL the rest is the whole URL."""
    name, _, rest = text.partition(":")
    return name.strip().lower(), text if rest.startswith("//") else rest


def make_controls(asked: Iterable[str | Control], faults: Faults) -> list[Control]:
    """Controls by name; one whose device is missing is reported and left out.

    Raises:
        UnknownName: no plug-in offers it.
        UsageError: a wrong text after the colon, or a missing extra.
    """
    made = [
        _tried(each, faults, lambda name, rest: registry("control").create(name, source=rest))
        if isinstance(each, str)
        else each
        for each in asked
    ]
    return [control for control in made if control is not None]


def make_outputs(
    asked: Iterable[str | Sink], faults: Faults, *, fps: Fraction, size: tuple[int, int]
) -> list[OutputWorker]:
    """Outputs by name, each in its own thread; one that cannot open is reported and left out.

    Args:
        asked: "ndi:genart", "srt://host:9999", or sinks.
        faults: where faults are reported.
        fps: frames per second.
        size: (h, w) of the frames.

    Raises:
        UnknownName: no plug-in offers it.
        UsageError: a wrong text after the colon, or a missing extra.
    """

    def create(name: str, rest: str) -> Any:
        if registry("sink")[name].spec.every_frame:
            raise UsageError(f'"{name}" writes films, which must have every frame: use --record.')
        return registry("sink").create(name, path=rest, fps=fps, size=size)

    workers: dict[str, OutputWorker] = {}
    try:
        for each in asked:
            if isinstance(each, str):
                name, sink = split_name(each)[0], _tried(each, faults, create)
            else:
                name, sink = type(each).__name__, each
            if sink is not None:
                name = _unused(name, workers)
                workers[name] = OutputWorker(name, sink, faults)
    except BaseException:
        for worker in workers.values():
            worker.close()
        raise
    return [*workers.values()]


def _unused(name: str, taken: Container[str]) -> str:
    """The name, or "name 2", "name 3" ... if it is taken."""
    names = (f"{name} {k}" if k > 1 else name for k in count(1))
    return next(each for each in names if each not in taken)


def _tried(text: str, faults: Faults, create: Callable[[str, str], Any]) -> Any:
    name, rest = split_name(text)
    try:
        return create(name, rest)
    except UsageError:
        raise
    except GenartError as error:
        faults.add(name, error)
        return None
