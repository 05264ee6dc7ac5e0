"""The trainer of encoders: a run of the shared loop, and the metadata of the encoder file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import genart

from .encoder import SUFFIX, fingerprint, save_encoder
from .encoder_settings import EncoderSettings
from .encoder_training import EncoderTraining


class EncoderTrainer(genart.training.LoopTrainer[EncoderSettings]):
    """Trains an encoder on a generator's own images: there is no dataset.

    Args:
        settings: of the run.
        device: where to train.
    """

    what = "an encoder"
    holds = ("head", "seen")
    fixed = ("model", "batch", "memory", "width", "seed")

    def start(
        self, dataset: str | Path, folder: genart.training.RunFolder, resumed: bool
    ) -> genart.training.TrainingRun:
        """Load the generator and make the encoder; UsageError where there is a dataset."""
        if dataset:
            raise genart.UsageError(
                "An encoder is trained on images of its model: it takes no data."
            )
        generator = genart.load(self.settings.model, self.device)
        if not fingerprint(generator):
            raise genart.UsageError(
                f'"{generator.name}" has no file, so an encoder cannot identify it.'
            )
        return _Run(self.settings, generator)


class _Run(EncoderTraining, genart.training.TrainingRun):
    """A training that counts images and saves the encoder."""

    unit = "image"
    ends_written = True

    @property
    def done(self) -> int:
        return self.shown

    @property
    def total(self) -> float:
        return self.settings.samples

    @property
    def model(self) -> str:
        return f"{self.generator.name}{SUFFIX}"

    @property
    def mark(self) -> str:
        return f"{self.shown:09d}"

    def note(self, figures: Mapping[str, Any]) -> str:
        return f"unseen {figures['unseen']:.3f}"

    def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
        return {"pictures": self.shown, "pictures_per_s": rate, **figures}

    def save(self, folder: genart.training.RunFolder, figures: Mapping[str, float]) -> None:
        """Write the encoder; it has no sheet."""
        unseen = f"{figures.get('unseen', 1.0):.4f}"
        card = {
            "generator.name": self.generator.name,
            "generator.sha256": fingerprint(self.generator),
            "pictures": str(self.shown), "unseen": unseen, "licence": self.settings.licence,
        }  # fmt: skip
        save_encoder(folder.path / self.model, self.head, card)
