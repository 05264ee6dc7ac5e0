"""Services: what runs beside the loops of a performance, and the names it has in reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Protocol, TypeVar

from genart.contracts import Sink
from genart.playback.loop import step_name

T = TypeVar("T")


class Closable(Protocol):
    """Something that can be closed."""

    def close(self) -> None:
        """Stop, and free what it holds."""
        ...


class Service(Closable, Protocol):
    """Something that runs beside the engine, such as a server."""

    def start(self) -> None:
        """Start, in its own thread."""
        ...


def named_sinks(sinks: Iterable[Sink]) -> dict[str, Sink]:
    """Sinks by their names in reports; of several with one name, the second is "name 2"."""
    return _named(step_name, sinks)


def named_services(services: Iterable[T]) -> dict[str, T]:
    """Services or controls by their names in reports."""
    return _named(owner_name, services)


def callback_name(callback: Callable[..., object]) -> str:
    """The name of a callback in reports: that of its object, or its own."""
    owner = getattr(callback, "__self__", None)
    if owner is not None:
        return owner_name(owner)
    return str(getattr(callback, "__name__", "controls")).replace("<lambda>", "controls")


def owner_name(owner: object) -> str:
    """The name of an object in reports: its `name`, or its class."""
    return str(getattr(owner, "name", type(owner).__name__.lower()))


def needs_main_thread(sink: Sink) -> bool:
    """Whether a sink may be used from the main thread only, as a window."""
    return bool(getattr(sink, "main_thread", False))


def _named(name: Callable[[T], str], items: Iterable[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for each in items:
        names = (f"{name(each)} {k}" if k > 1 else name(each) for k in count(1))
        found[next(free for free in names if free not in found)] = each
    return found
