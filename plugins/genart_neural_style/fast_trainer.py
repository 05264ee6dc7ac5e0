"""The trainer `fast`: a run of the shared loop, the metadata of its model and its sample sheets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

import genart

from .fast_data import ContentImages
from .fast_files import save_fast
from .fast_settings import FastSettings
from .fast_training import FastTraining, style_names

_SHOWN = 4  # images on a sample sheet


class FastTrainer(genart.training.LoopTrainer[FastSettings]):
    """Trains a fast style (Johnson et al. 2016), or several in one network (Dumoulin et al. 2017).

    Images that cannot be read are left out and named in `log.jsonl`.

    Args:
        settings: of the run.
        device: where to train.
    """

    what = "a fast style"
    holds = ("fast_style", "styles")
    fixed = ("net", "width", "blocks")

    def start(
        self, dataset: str | Path, folder: genart.training.RunFolder, resumed: bool
    ) -> genart.training.TrainingRun:
        """Find the images and make the network."""
        data = ContentImages(dataset, self.settings.crop, self.settings.jitter)
        folder.report(data.report())
        return _Run(self.settings, data, self.device)

    def read(self, snapshot: Path) -> dict[str, Any]:
        """Read a snapshot; an old one calls the network "small" by its old name "stage"."""
        state = super().read(snapshot)
        if state["settings"].get("net") == "stage":
            state["settings"] = {**state["settings"], "net": "small"}
        return state

    def changes(self, state: Mapping[str, Any]) -> list[str]:
        """Other styles."""
        then, now = state["styles"], list(style_names(self.settings.style))
        return [f"styles were {then}, now {now}"] if now != then else []


class _Run(FastTraining, genart.training.TrainingRun):
    """A training whose steps are counted and whose averaged network is kept."""

    model = "model.safetensors"
    noted = ("content", "style")

    @property
    def total(self) -> float:
        return self.settings.steps

    @property
    def snapshot_every(self) -> float:
        return self.settings.snapshot_steps

    def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
        left_out = {"left_out": dict(self.data.left_out)} if self.data.left_out else {}
        return super().record(rate, figures) | left_out

    def save(self, folder: genart.training.RunFolder, figures: Mapping[str, float]) -> None:
        """Write the averaged network, and the same few images in every style."""
        save_fast(folder.path / self.model, self.average.network, list(self.styles), self._card())
        folder.sheet(f"painted-{self.mark}.png", self._sheet())

    @torch.no_grad()
    def _sheet(self) -> list[torch.Tensor]:
        """The same few images each time: as they are, and in every style."""
        draw = torch.Generator().manual_seed(self.settings.seed)
        content = self.data.draw(_SHOWN, draw).to(self.device)
        mixes = torch.eye(len(self.styles), device=self.device)
        rows = [self.average.network(content, mix[None]).clamp(-1, 1).cpu() for mix in mixes]
        return [content.cpu(), *rows]

    def _card(self) -> dict[str, str]:
        """The training metadata of the model file."""
        s = self.settings
        losses = f"content {s.content_weight:g}, style {s.style_weight:g}, tv {s.tv_weight:g}"
        losses += f", temporal {s.temporal_weight:g}" if s.temporal_weight else ""
        return {
            "training": f"{self.steps} steps of {s.batch} crops of {s.crop} px, {losses}; "
            f"features of {self.loss_network}",
            "licence": s.licence,
            "dataset": s.note or self.dataset,
        }
