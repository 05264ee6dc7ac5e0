"""CycleGAN and pix2pix: image-to-image translation. Networks written from the papers.

Only factories import torch, when a model is requested.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import genart

from .settings import CycleGANSettings, Pix2PixSettings


@genart.hookimpl
def register_stylizers(register: genart.Register[genart.Stylizer]) -> None:
    """Offer generators trained by CycleGAN or pix2pix."""
    register("cyclegan", genart.Spec(_cyclegan, offers=_shipped))
    register("pix2pix", _pix2pix)


@genart.hookimpl
def register_readers(register: genart.Register[genart.checkpoints.Reader]) -> None:
    """Offer the reader of such files."""
    register("translate", _reader)


@genart.hookimpl
def register_trainers(register: genart.Register[genart.Trainer]) -> None:
    """Offer the trainers of CycleGAN and pix2pix."""
    example = "--data photos/ --data-b paintings/ --out runs/paint"
    register("cyclegan", genart.Spec(_train_cyclegan, settings=CycleGANSettings, example=example))
    example = "--data pairs.zip --out runs/pairs"
    register("pix2pix", genart.Spec(_train_pix2pix, settings=Pix2PixSettings, example=example))


@genart.hookimpl
def register_benchmarks(register: genart.Register[Iterable[genart.benchmarks.BenchRow]]) -> None:
    """Offer the speed of a translated image."""
    register("translate", _benchmarks)


def _benchmarks(options: genart.benchmarks.BenchOptions) -> Iterable[genart.benchmarks.BenchRow]:
    """CycleGAN and pix2pix, beside the public code where a checkout is given."""
    from .benchmarks import rows

    return rows(options)


def _cyclegan(
    model: Any, *, dropout: bool = True, statistics: str = "own", seed: int = 0
) -> genart.Stylizer:
    """CycleGAN (Zhu et al. 2017): translates images between two domains, trained without pairs."""
    from .loading import open_translator

    return open_translator(model, dropout=dropout, statistics=statistics, seed=seed)


def _shipped() -> Iterable[str]:
    """The names of the bundled models."""
    from .loading import shipped

    return shipped()


def _pix2pix(
    model: Any, *, dropout: bool = True, statistics: str = "own", seed: int = 0
) -> genart.Stylizer:
    """A generator trained by pix2pix, from pairs of images."""
    from .loading import open_translator

    return open_translator(model, dropout=dropout, statistics=statistics, seed=seed)


def _reader() -> genart.checkpoints.Reader:
    """CycleGAN and pix2pix generators: genart's files, and the public *_net_G*.pth files."""
    from .loading import TranslationReader

    return TranslationReader()


def _train_cyclegan(device: Any = "cpu", **options: Any) -> genart.Trainer:
    """CycleGAN: two domains without pairs."""
    from .trainer import TranslationTrainer

    return TranslationTrainer("cyclegan", CycleGANSettings.from_options(options), device)


def _train_pix2pix(device: Any = "cpu", **options: Any) -> genart.Trainer:
    """pix2pix: pairs of images."""
    from .trainer import TranslationTrainer

    return TranslationTrainer("pix2pix", Pix2PixSettings.from_options(options), device)
