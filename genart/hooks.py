"""The hooks: what a plug-in can offer, one sentence each.

Every hook receives `register` and calls `register(name, factory)` once per name. A factory takes
keyword options and returns the object; genart calls it when the object is needed, so import heavy
packages inside it. Where more is known before that call, register a `Spec` that holds the factory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

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
#: Marks the hooks of a plug-in: `@genart.hookimpl` above a function named like a hook.
hookimpl = pluggy.HookimplMarker("genart")

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True)
class Spec(Generic[T_co]):
    """A factory and what is known about its product before it is called.

    Args:
        factory: takes keyword options and returns the object.
        about: one line for listings; the first line of the factory's docstring if empty.
        settings: for trainers, the dataclass whose fields become options of `genart train`.
        data: for trainers, whether they learn from a dataset; False for one that generates its
            own training images.
        example: for trainers, the options of the example in `genart train KIND --help`.
        offers: for stylizers, returns the names of the models or styles it comes with, which
            follow its own after a colon: "fast:great_wave"; for inverters, the names of the
            models it comes with weights for.
        several: for stylizers, whether the first option takes several styles at once.
        steps: for inverters, the number of steps unless the user asks for another.
        joint: for inverters, whether the images of one call share a result, such as a tuned
            generator, and are therefore inverted in one batch.
        live: for sinks, whether it is a stream or a device; False for a file.
        every_frame: for sinks, whether no frame may be dropped, as in a film.
        max_fps: for sinks, the highest rate in frames per second; None for any.
    """

    factory: Callable[..., T_co]
    about: str = ""
    settings: type[Any] | None = None
    data: bool = True
    example: str = ""
    offers: Callable[[], Iterable[str]] | None = None
    several: bool = False
    steps: int = 500
    joint: bool = False
    live: bool = False
    every_frame: bool = False
    max_fps: int | None = None


class Register(Protocol[T_contra]):
    """Adds one named factory to a registry."""

    def __call__(self, name: str, factory: Callable[..., T_contra] | Spec[T_contra]) -> None:
        """Register `factory` under `name`; a name that is taken disables the whole plug-in."""
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
