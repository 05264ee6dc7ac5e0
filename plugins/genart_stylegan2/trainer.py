"""The trainer: a run of the shared loop, the metadata of its model and its sample grids."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

import genart

from .data import load_dataset
from .generator import StyleGAN2
from .settings import Settings
from .training import Training
from .transfer import start_from

_LOG = logging.getLogger("genart.stylegan2")
_LOOK = 8  # steps between looks at the figures
_STRIDE = 7919  # between the training images whose classes a sample sheet shows
_GRID = (8, 5)  # columns and rows of a sample sheet


class StyleGAN2Trainer(genart.training.LoopTrainer[Settings]):
    """Trains StyleGAN2 (Karras et al. 2020a, 2020b; discriminators in critics.py).

    Images that cannot be read are left out and named in `log.jsonl`.

    Args:
        settings: of the run.
        device: where to train.
    """

    what = "a training of StyleGAN2"
    holds = ("shown",)
    #: recon can change, but not between off and on.
    fixed = (
        "resolution", "cond", "z_dim", "w_dim", "mapping_layers", "channel_base", "channel_max",
        "critic", "critic_resolution", "seed",
    )  # fmt: skip

    def start(
        self, dataset: str | Path, folder: genart.training.RunFolder, resumed: bool
    ) -> genart.training.TrainingRun:
        """Read all images and make the networks."""
        data = load_dataset(dataset, self.settings.resolution, labels=self.settings.cond)
        folder.report(data.report)
        if data.warning:
            _LOG.warning("%s", data.warning)
        return _Run(self.settings, data, self.device)

    def changes(self, state: Mapping[str, Any]) -> list[str]:
        """Reconstruction that begins or ends."""
        then, now = state["settings"]["recon"], self.settings.recon
        return [f"recon was {then}, now {now}"] if bool(then) != bool(now) else []


class _Run(Training, genart.training.TrainingRun):
    """A training whose images are counted and whose averaged generator is kept."""

    ends_written = True
    model = "model.safetensors"
    _note = ""

    @property
    def done(self) -> int:
        return self.shown

    @property
    def total(self) -> float:
        return self.settings.kimg * 1000

    @property
    def snapshot_every(self) -> float:
        return self.settings.snapshot_kimg * 1000

    @property
    def mark(self) -> str:
        return f"{self.shown / 1000:010.3f}kimg"

    def start_from(self, model: str) -> None:
        start_from(self, model)

    def note(self, figures: Mapping[str, Any]) -> str:
        if self.steps % _LOOK == 1:  # a look at figures waits for the device
            first = [name for name in ("g", "d", "like", "sign", "p") if name in figures]
            self._note = " ".join(f"{name} {float(figures[name]):.3g}" for name in first)
        return self._note

    def progress(self, note: str) -> genart.Progress:
        return genart.Progress(self.shown / 1000, self.settings.kimg, "kimg", note)

    def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
        return {"kimg": self.shown / 1000, "images_per_s": rate, **figures}

    def save(self, folder: genart.training.RunFolder, figures: Mapping[str, float]) -> None:
        """Write the averaged generator and what it makes of the first seeds."""
        model = StyleGAN2.from_network(self.average.network, name=folder.path.name)
        model.metadata.update(self._card())
        model.save(folder.path / self.model)
        columns, rows = _GRID
        seeds = range(1, columns * rows + 1)
        images = torch.cat(
            [model(self._latent(model, seeds[i : i + 8])) for i in range(0, len(seeds), 8)]
        )
        folder.sheet(f"fakes-{self.shown / 1000:010.3f}.png", images.split(columns))

    def _latent(self, model: StyleGAN2, seeds: Sequence[int]) -> genart.Latent:
        """Latents of seeds; with classes, seed n has the class of one training image."""
        labels = self.data.labels if self.config.c_dim else None
        if labels is None:
            return model.sample(seeds)
        return model.sample(seeds, [int(labels[n * _STRIDE % len(labels)]) for n in seeds])

    def _card(self) -> dict[str, Any]:
        """The training metadata of the model file."""
        s = self.settings
        return {
            "kimg": f"{self.shown / 1000:g}",
            "training": f"{s.critic} discriminator, batch {s.batch}, {len(self.data)} images",
            **({"transfer": s.transfer} if s.transfer else {}),
            "licence": s.licence,
            "dataset": s.note or self.dataset,
        }
