"""Neural style: repaint an image in the style of another, by optimisation or in one pass.

Only factories import torch, when a stylizer is requested.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import genart

from .fast_settings import FastSettings

if TYPE_CHECKING:
    import click


@genart.hookimpl
def register_stylizers(register: genart.Register[genart.Stylizer]) -> None:
    """Offer neural style by optimisation, and by a network in one pass."""
    register("gatys", genart.Spec(_gatys, several=True))
    register("fast", genart.Spec(_fast, offers=_shipped))


@genart.hookimpl
def register_trainers(register: genart.Register[genart.Trainer]) -> None:
    """Offer the trainer of fast styles."""
    example = "--data photos/ --style wave.jpg --out runs/wave"
    register("fast", genart.Spec(_fast_trainer, settings=FastSettings, example=example))


@genart.hookimpl
def register_readers(register: genart.Register[genart.checkpoints.Reader]) -> None:
    """Offer the reader of fast-style files."""
    register("fast-style", _fast_reader)


@genart.hookimpl
def register_benchmarks(register: genart.Register[Iterable[genart.benchmarks.BenchRow]]) -> None:
    """Offer the speed of fast styles, and of a step of neural style."""
    register("fast-style", _fast_benchmarks)
    register("neural-style", _benchmarks)


@genart.hookimpl
def register_commands(register: genart.Register[click.Command]) -> None:
    """Offer the strokes command."""
    register("strokes", _strokes)


def _gatys(style: Any, **options: Any) -> genart.Stylizer:
    """Neural style after Gatys, Ecker and Bethge 2016: each image is optimised by itself."""
    from .gatys import Gatys

    return Gatys(style, **options)


def _fast(style: str = "", model: str = "") -> genart.Stylizer:
    """Fast neural style (Johnson et al. 2016): a network repaints an image in one pass."""
    from .fast import fast

    return fast(style, model)


def _shipped() -> Iterable[str]:
    """The names of the bundled styles."""
    from .fast import shipped

    return shipped()


def _fast_trainer(device: Any = "cpu", **options: Any) -> genart.Trainer:
    """A network that paints in one style or several, in one pass."""
    from .fast_trainer import FastTrainer

    return FastTrainer(FastSettings.from_options(options), device)


def _fast_reader() -> genart.checkpoints.Reader:
    """Files of fast styles: genart's, and those of the PyTorch examples."""
    from .fast_files import FastReader

    return FastReader()


def _fast_benchmarks(
    options: genart.benchmarks.BenchOptions,
) -> Iterable[genart.benchmarks.BenchRow]:
    """An image repainted by an included style and by the paper's network."""
    from .fast_benchmarks import rows

    return rows(options)


def _benchmarks(options: genart.benchmarks.BenchOptions) -> Iterable[genart.benchmarks.BenchRow]:
    """Losses and gradient of one image, beside neural-style-pt."""
    from .benchmarks import rows

    return rows(options)


def _strokes() -> click.Command:
    """What each layer alone takes from a style and preserves of a photo."""
    from .command import command

    return command
