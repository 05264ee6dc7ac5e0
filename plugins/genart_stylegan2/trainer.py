"""The trainer: a loop of steps with snapshots, a log and sample grids."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import genart

from .data import load_dataset
from .generator import StyleGAN2
from .settings import Settings
from .training import Training

_LOOK = 8  # steps between looks at the figures
_GRID = (8, 5)  # columns and rows of a sample sheet
#: What a run cannot change on the way; recon can change, but not between off and on.
_FIXED = (
    "resolution",
    "cond",
    "z_dim",
    "w_dim",
    "mapping_layers",
    "channel_base",
    "channel_max",
    "critic",
    "critic_resolution",
    "seed",
)


class StyleGAN2Trainer:
    """Trains StyleGAN2 (Karras et al. 2020a, 2020b; critics in critics.py).

    Args:
        settings: of the run.
        device: where to train.
    """

    def __init__(self, settings: Settings, device: str = "cpu") -> None:
        self.settings, self.device = settings, torch.device(device)

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> Path:
        """Train into the folder `out`; returns `model.safetensors` in it.

        Ctrl-C ends the step and writes a snapshot first; `resume="auto"` then continues as if
        nothing had happened. Pictures that cannot be read are left out and named in `log.jsonl`.

        Raises:
            UsageError: a folder in use, or a snapshot with another architecture.
            DataError: no pictures.
        """
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        folder = genart.RunFolder(out)
        snapshot = folder.find(resume)
        data = load_dataset(dataset, self.settings.resolution, labels=self.settings.cond)
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            if data.skipped:
                folder.log({"pictures": len(data), "skipped": list(data.skipped)})
            training = Training(self.settings, data, self.device)
            if snapshot:
                _restore(training, snapshot)
            return _Run(training, out, str(dataset), progress).go()


def _restore(training: Training, path: Path) -> None:
    state = genart.read_snapshot(path, ("shown", "settings"), "a training of StyleGAN2")
    then, now = state["settings"], training.settings.to_dict()
    begins = bool(then["recon"]) != bool(now["recon"])
    more = [f"recon was {then['recon']}, now {now['recon']}"] if begins else []
    genart.refuse_changes(path, then, now, _FIXED, more)
    training.restore(state)


class _Run:
    """One sitting of a training run."""

    def __init__(
        self,
        training: Training,
        out: Path,
        dataset: str,
        progress: Callable[[genart.Progress], None] | None,
    ) -> None:
        self.training, self.out, self.dataset = training, out, dataset
        self.folder = genart.RunFolder(out)
        self.settings = training.settings
        self.progress = progress or (lambda _: None)
        self.began = self.saved = time.monotonic()
        self.saved_at = training.shown
        self.log: dict[str, Tensor] = {}
        self.note = ""

    def go(self) -> Path:
        total = self.settings.kimg * 1000
        try:
            while self.training.shown < total and not self._out_of_time():
                self._step()
        except KeyboardInterrupt:
            kept = self._snapshot()
            raise KeyboardInterrupt(f"kept {kept}; continue with --resume auto") from None
        self._snapshot()
        return self.out / "model.safetensors"

    def _step(self) -> None:
        with genart.whole():
            figures = self.training.step()
        for name, value in figures.items():
            self.log[name] = torch.lerp(self.log.get(name, value), value, 0.02)
        if self.training.steps % _LOOK == 1:  # a look at figures waits for the device
            first = [name for name in ("g", "d", "like", "sign", "p") if name in self.log]
            self.note = " ".join(f"{name} {float(self.log[name]):.3g}" for name in first)
        shown = self.training.shown / 1000
        self.progress(genart.Progress(shown, self.settings.kimg, "kimg", self.note))
        if self._due():
            self._snapshot()

    def _out_of_time(self) -> bool:
        minutes = self.settings.minutes
        return bool(minutes) and time.monotonic() - self.began > minutes * 60

    def _due(self) -> bool:
        images = self.training.shown - self.saved_at
        seconds = time.monotonic() - self.saved
        return (
            images >= self.settings.snapshot_kimg * 1000
            or seconds >= self.settings.snapshot_minutes * 60
        )

    def _snapshot(self) -> Path:
        with genart.whole():
            state = self.training.state()
            mark = f"{state['shown'] / 1000:010.3f}kimg"
            path = self.folder.save(mark, state, self.settings.keep)
            self._save_model()
        now = time.monotonic()
        rate = (self.training.shown - self.saved_at) / max(now - self.saved, 1e-9)
        figures = {name: float(value) for name, value in self.log.items()}
        record = {"kimg": self.training.shown / 1000, "images_per_s": rate, **figures}
        self.folder.log(record)
        self.saved, self.saved_at = now, self.training.shown
        return path

    def _save_model(self) -> None:
        model = StyleGAN2.from_network(self.training.averaged, name=self.out.name)
        model.metadata.update(self._card())
        model.save(self.out / "model.safetensors")
        columns, rows = _GRID
        seeds = range(1, columns * rows + 1)
        images = torch.cat(
            [model(model.sample(list(seeds)[i : i + 8])) for i in range(0, len(seeds), 8)]
        )
        kimg = self.training.shown / 1000
        self.folder.sheet(f"fakes-{kimg:010.3f}.png", images.split(columns))

    def _card(self) -> dict[str, Any]:
        """What the model's file says of its making."""
        s = self.settings
        return {
            "kimg": f"{self.training.shown / 1000:g}",
            "training": f"{s.critic} critic, batch {s.batch}, {len(self.training.data)} pictures",
            "licence": s.licence,
            "dataset": s.note or Path(self.dataset).name,
        }
