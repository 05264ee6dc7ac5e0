"""Inversion: find the latent of an image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import genart

from .encoder_settings import EncoderSettings


@genart.hookimpl
def register_inverters(register: genart.Register[genart.Inverter]) -> None:
    """Offer the projector, the encoder, pivotal tuning and the semantic search."""
    register("projector", genart.Spec(_projector, steps=500))
    register("semantic", genart.Spec(_semantic, steps=400))
    register("encoder", genart.Spec(_encoder, steps=0, offers=_shipped_encoders))
    register("pivotal", genart.Spec(_pivotal, steps=300, joint=True))


@genart.hookimpl
def register_readers(register: genart.Register[genart.checkpoints.Reader]) -> None:
    """Offer the reader of tuned generators, which are differences to another."""
    register("tuned", _tuned)


@genart.hookimpl
def register_trainers(register: genart.Register[genart.Trainer]) -> None:
    """Offer the trainer of encoders."""
    example = "--model mine.safetensors --out runs/encoder"
    made = genart.Spec(_encoder_trainer, settings=EncoderSettings, data=False, example=example)
    register("encoder", made)


@genart.hookimpl
def register_benchmarks(register: genart.Register[Iterable[genart.benchmarks.BenchRow]]) -> None:
    """Offer the speed of a step of the projector."""
    register("invert", _benchmarks)


def _benchmarks(options: genart.benchmarks.BenchOptions) -> Iterable[genart.benchmarks.BenchRow]:
    """A step of inversion."""
    from genart_invert.benchmarks import rows

    return rows(options)


def _shipped_encoders() -> Iterable[str]:
    """The models that an encoder is included for."""
    suffix = ".encoder.safetensors"
    files = Path(__file__).parent.glob(f"*{suffix}")
    return [file.name.removesuffix(suffix) for file in files]


def _encoder_trainer(device: Any = "cpu", **options: Any) -> genart.Trainer:
    """A network that estimates the latent of an image in one pass, for one generator."""
    from .encoder_trainer import EncoderTrainer

    return EncoderTrainer(EncoderSettings.from_options(options), device)


def _projector(**options: Any) -> genart.Inverter:
    """Optimisation in w or w+ with a perceptual loss, for generators with such spaces."""
    from genart_invert.projector import Projector

    return Projector(**options)


def _semantic(**options: Any) -> genart.Inverter:
    """Search in z by pixels and by what a classifier sees, for any generator."""
    from genart_invert.semantic import Semantic

    return Semantic(**options)


def _encoder(**options: Any) -> genart.Inverter:
    """An encoder network estimates the latent in one pass; `steps` refine it by a search."""
    from genart_invert.encoder_inverter import Encoder

    return Encoder(**options)


def _pivotal(**options: Any) -> genart.Inverter:
    """The projector in w, then a copy of the generator tuned to make the images there."""
    from genart_invert.pivotal import Pivotal

    return Pivotal(**options)


def _tuned() -> genart.checkpoints.Reader:
    """Tuned generators, kept as a difference to their parent."""
    from genart_invert.delta_reader import TunedReader

    return TunedReader()
