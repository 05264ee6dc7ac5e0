"""The hooks: what a plug-in can offer, one sentence each.

Every hook receives `register` and calls `register(name, factory)` once per name. A factory takes
keyword options and returns the thing; it is called when the thing is needed, so import heavy
packages inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pluggy

if TYPE_CHECKING:
    import click

    from genart.contracts import (
        BenchRow,
        Control,
        Generator,
        Interpolator,
        Inverter,
        Reader,
        Sink,
        Stylizer,
        Trainer,
    )

hookspec = pluggy.HookspecMarker("genart")
hookimpl = pluggy.HookimplMarker("genart")

T_co = TypeVar("T_co", covariant=True)


class Register(Protocol[T_co]):
    """Adds one named factory to a registry."""

    def __call__(self, name: str, factory: Callable[..., Any]) -> None:
        """Offer `factory` under `name`; a name already taken sets the plug-in aside."""
        ...


@hookspec
def register_generators(register: Register[Generator]) -> None:
    """Offer generators: the factory takes `device` and returns a Generator."""


@hookspec
def register_readers(register: Register[Reader]) -> None:
    """Offer readers of model files: the factory takes nothing and returns a Reader."""


@hookspec
def register_inverters(register: Register[Inverter]) -> None:
    """Offer inverters: the factory takes the method's options and returns an Inverter."""


@hookspec
def register_interpolators(register: Register[Interpolator]) -> None:
    """Offer interpolators: the factory takes the walk's options and returns an Interpolator."""


@hookspec
def register_stylizers(register: Register[Stylizer]) -> None:
    """Offer stylizers: the factory takes the style's options and returns a Stylizer."""


@hookspec
def register_trainers(register: Register[Trainer]) -> None:
    """Offer trainers: the factory takes the training settings and returns a Trainer."""


@hookspec
def register_sinks(register: Register[Sink]) -> None:
    """Offer sinks, named by file suffix or device: the factory takes `path, fps, size, ...`."""


@hookspec
def register_controls(register: Register[Control]) -> None:
    """Offer controls: the factory takes the control's options and returns a Control."""


@hookspec
def register_commands(register: Register[click.Command]) -> None:
    """Offer subcommands of `genart`: the factory takes nothing and returns a click command."""


@hookspec
def register_benchmarks(register: Register[Iterable[BenchRow]]) -> None:
    """Offer rows of `genart bench`: the factory takes `options` and returns BenchRows."""
