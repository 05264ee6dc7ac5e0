"""The trainers: runs of the shared loop, the metadata of their models and their sample sheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

import genart

from .cyclegan import CycleGAN
from .data import Domains, load_paired, load_unpaired
from .model_file import save_model
from .pix2pix import Pix2Pix
from .settings import Settings
from .training import Training


class _Run(Training, genart.training.TrainingRun):
    """A training whose steps are counted and whose generators are kept."""

    kind: ClassVar[str]
    files: ClassVar[dict[str, str]]  # of its generators
    noted = ("l1", "cycle", "identity", "fool", "d")
    ends_written = True

    @property
    def model(self) -> str:
        return next(iter(self.files.values()))

    @property
    def log_every(self) -> int:
        return self.settings.log_steps

    @property
    def snapshot_every(self) -> float:
        return self.settings.snapshot_steps

    def state(self) -> dict[str, Any]:
        return {"kind": self.kind, **super().state()}

    def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
        return {
            "step": self.steps, "epoch": round(self.epoch, 4), "lr": self.rate,
            "steps_per_s": round(rate, 3),
            **{name: round(value, 6) for name, value in figures.items()},
        }  # fmt: skip

    def save(self, folder: genart.training.RunFolder, figures: Mapping[str, float]) -> None:
        """Write every generator and what they make of the same few images."""
        for name, file in self.files.items():
            weights = self.learnt(name).state_dict()
            save_model(folder.path / file, self.settings.shape(), weights, self._card(name))
        folder.sheet(f"sample-{self.mark}.png", map(torch.cat, self.sheet()))

    def _card(self, name: str) -> dict[str, str]:
        """The training metadata of a model file."""
        s = self.settings
        return {
            "method": self.kind,
            "direction": name.replace("_", " "),
            "training": f"{self.steps} steps of {s.batch} at {s.resolution} px, "
            f"{len(self.data)} images, {s.loss}",
            "licence": s.licence,
            "dataset": s.note or self.dataset,
        }


class _CycleGANRun(CycleGAN, _Run):
    kind = "cyclegan"
    files: ClassVar = {"a_to_b": "a-to-b.safetensors", "b_to_a": "b-to-a.safetensors"}


class _Pix2PixRun(Pix2Pix, _Run):
    kind = "pix2pix"
    files: ClassVar = {"a_to_b": "model.safetensors"}


@dataclass(frozen=True)
class _Kind:
    """One of the two trainings: its class, what loads its data, the files of its generators."""

    make: Callable[[Any, Domains, torch.device], _Run]
    load: Callable[[str | Path, str, int], Domains]
    files: dict[str, str]


KINDS = {
    "cyclegan": _Kind(_CycleGANRun, load_unpaired, _CycleGANRun.files),
    "pix2pix": _Kind(_Pix2PixRun, load_paired, _Pix2PixRun.files),
}


class TranslationTrainer(genart.training.LoopTrainer[Settings]):
    """Trains CycleGAN (Zhu et al. 2017) or pix2pix (Isola et al. 2017).

    Images that cannot be used are left out and named in `log.jsonl`.

    Args:
        kind: "cyclegan" or "pix2pix".
        settings: of the run.
        device: where to train.
    """

    holds = ("steps", "kind")
    #: The networks, and what the order of images depends on.
    fixed = (
        "reverse", "resolution", "jitter", "batch", "seed", "network", "blocks", "levels",
        "filters", "most", "norm", "dropout", "up", "critic_filters", "critic_layers", "pool",
    )  # fmt: skip

    def __init__(self, kind: str, settings: Settings, device: str | torch.device = "cpu") -> None:
        super().__init__(settings, device)
        self.kind, self.what = kind, f"a {kind} training"

    def start(
        self, dataset: str | Path, folder: genart.training.RunFolder, resumed: bool
    ) -> genart.training.TrainingRun:
        """Read all images and make the networks."""
        s, kind = self.settings, KINDS[self.kind]
        data = kind.load(dataset, s.data_b, round(s.resolution * s.jitter))
        data = data.swapped() if s.reverse else data
        folder.report(data.report)
        return kind.make(s, data, self.device)

    def read(self, snapshot: Path) -> dict[str, Any]:
        """The state in a snapshot; CheckpointError where it is of the other kind."""
        state = super().read(snapshot)
        if state["kind"] != self.kind:
            raise genart.errors.CheckpointError(f'"{snapshot}" is not a snapshot of {self.what}.')
        return state

    def changes(self, state: Mapping[str, Any]) -> list[str]:
        """Averages that begin or end."""
        then, now = state["settings"].get("ema"), self.settings.ema
        return [f"ema was {then}, now {now}"] if bool(then) != bool(now) else []
