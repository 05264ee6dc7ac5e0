"""StyleGAN2 and StyleGAN2-ADA: networks written from the papers, and readers of their files.

Only factories import torch, when a model is requested.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import genart

from .settings import Settings


@genart.hookimpl
def register_readers(register: genart.Register[genart.checkpoints.Reader]) -> None:
    """Offer readers of NVIDIA's pickles, rosinality's .pt files and genart's files."""
    register("stylegan2", _native)
    register("stylegan2-nvidia", _nvidia)
    register("stylegan2-rosinality", _rosinality)


@genart.hookimpl
def register_trainers(register: genart.Register[genart.Trainer]) -> None:
    """Offer the trainer of StyleGAN2."""
    register("stylegan2", genart.Spec(_trainer, settings=Settings))


@genart.hookimpl
def register_benchmarks(register: genart.Register[Iterable[genart.benchmarks.BenchRow]]) -> None:
    """Offer the speed of synthesis, mapping and training, and the memory they take."""
    register("stylegan2", _benchmarks)


def _benchmarks(options: genart.benchmarks.BenchOptions) -> Iterable[genart.benchmarks.BenchRow]:
    """StyleGAN2, beside NVIDIA's code where a checkout is given."""
    from .benchmarks import rows

    return rows(options)


def _trainer(device: Any = "cpu", **options: Any) -> genart.Trainer:
    """StyleGAN2 with adaptive augmentation, or with a projected discriminator."""
    from .trainer import StyleGAN2Trainer

    return StyleGAN2Trainer(Settings.from_options(options), device)


def _native() -> genart.checkpoints.Reader:
    """StyleGAN2 in genart's own .safetensors."""
    from genart_stylegan2.safetensors_reader import NativeReader

    return NativeReader()


def _nvidia() -> genart.checkpoints.Reader:
    """NVIDIA pickles of StyleGAN2-ADA, and of StyleGAN3's stylegan2 configuration."""
    from genart_stylegan2.nvidia_reader import NvidiaReader

    return NvidiaReader()


def _rosinality() -> genart.checkpoints.Reader:
    """Checkpoints of rosinality's stylegan2-pytorch, .pt."""
    from genart_stylegan2.rosinality_reader import RosinalityReader

    return RosinalityReader()
