"""The trainers: a loop of steps with snapshots, a log and sample sheets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import genart

from .cyclegan import CycleGAN
from .data import Domains, load_paired, load_unpaired
from .modelfile import save_model
from .pix2pix import Pix2Pix
from .settings import Settings
from .training import Training

#: What a run cannot change on the way: the networks, and what the order of pictures hangs on.
_FIXED = (
    "reverse", "resolution", "jitter", "batch", "seed", "network", "blocks", "levels", "filters",
    "most", "norm", "dropout", "up", "critic_filters", "critic_layers", "pool",
)  # fmt: skip
_NOTED = ("l1", "cycle", "identity", "fool", "d")
_SMOOTH = 0.98


@dataclass(frozen=True)
class _Kind:
    """One of the two trainings: its class, what loads its data, the files of its generators."""

    make: Callable[[Any, Domains, torch.device], Training]
    load: Callable[[str | Path, str, int], Domains]
    files: dict[str, str]


KINDS = {
    "cyclegan": _Kind(
        CycleGAN, load_unpaired, {"a_to_b": "a-to-b.safetensors", "b_to_a": "b-to-a.safetensors"}
    ),
    "pix2pix": _Kind(Pix2Pix, load_paired, {"a_to_b": "model.safetensors"}),
}


class TranslationTrainer:
    """Trains CycleGAN (Zhu et al. 2017) or pix2pix (Isola et al. 2017).

    Args:
        kind: "cyclegan" or "pix2pix".
        settings: of the run.
        device: where to train.
    """

    def __init__(self, kind: str, settings: Settings, device: str = "cpu") -> None:
        self.kind, self.settings, self.device = kind, settings, torch.device(device)

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> Path:
        """Train into the folder `out`; returns the (first) generator's file in it.

        Ctrl-C ends the step and writes a snapshot first; `resume="auto"` then continues as if
        nothing had happened. Pictures that cannot be used are left out and named in `log.jsonl`.

        Raises:
            UsageError: a folder in use, or a snapshot of other networks.
            DataError: no pictures.
        """
        out = Path(out)
        folder = genart.RunFolder(out)
        snapshot = folder.find(resume)
        s, kind = self.settings, KINDS[self.kind]
        data = kind.load(dataset, s.data_b, round(s.resolution * s.jitter))
        data = data.swapped() if s.reverse else data
        out.mkdir(parents=True, exist_ok=True)
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            training = kind.make(s, data, self.device)
            if snapshot:
                _restore(training, snapshot, self.kind)
            elif data.skipped:
                folder.log({"pictures": len(data), "skipped": list(data.skipped)})
            return _Run(training, self.kind, out, str(dataset), progress).go()


def _restore(training: Training, path: Path, kind: str) -> None:
    state = genart.read_snapshot(path, ("steps", "kind", "settings"), f"a {kind} training")
    if state["kind"] != kind:
        raise genart.CheckpointError(f'"{path}" is no snapshot of a {kind} training.')
    then, now = state["settings"], training.settings.to_dict()
    averages = bool(then.get("ema")) != bool(now["ema"])
    more = [f"ema was {then.get('ema')}, now {now['ema']}"] if averages else []
    genart.refuse_changes(path, then, now, _FIXED, more)
    training.restore(state)


class _Run:
    """One sitting of a training run."""

    def __init__(
        self,
        training: Training,
        kind: str,
        out: Path,
        dataset: str,
        progress: Callable[[genart.Progress], None] | None,
    ) -> None:
        self.training, self.kind, self.out, self.dataset = training, kind, out, dataset
        self.settings = training.settings
        self.progress = progress or (lambda _: None)
        self.began = self.saved = self.logged = time.monotonic()
        self.saved_at = self.logged_at = training.steps
        self.log: dict[str, float] = {}

    def go(self) -> Path:
        try:
            while self.training.steps < self.training.total and not self._out_of_time():
                self._step()
        except KeyboardInterrupt:
            kept = self._snapshot()
            raise KeyboardInterrupt(f"kept {kept}; continue with --resume auto") from None
        self._snapshot()
        return self.out / next(iter(KINDS[self.kind].files.values()))

    def _step(self) -> None:
        with genart.whole():
            figures = self.training.step()
        for name, value in figures.items():
            before = self.log.get(name, value)
            self.log[name] = _SMOOTH * before + (1 - _SMOOTH) * value
        note = " ".join(f"{name} {self.log[name]:.3g}" for name in _NOTED if name in self.log)
        steps = self.training.steps
        self.progress(genart.Progress(steps, self.training.total, "step", note))
        if steps - self.logged_at >= self.settings.log_steps:
            self._tell()
        if self._due():
            self._snapshot()

    def _out_of_time(self) -> bool:
        minutes = self.settings.minutes
        return bool(minutes) and time.monotonic() - self.began > minutes * 60

    def _due(self) -> bool:
        return (
            self.training.steps - self.saved_at >= self.settings.snapshot_steps
            or time.monotonic() - self.saved >= self.settings.snapshot_minutes * 60
        )

    def _tell(self) -> None:
        """A line of the log."""
        now, steps = time.monotonic(), self.training.steps
        rate = (steps - self.logged_at) / max(now - self.logged, 1e-9)
        figures = {name: round(value, 6) for name, value in self.log.items()}
        genart.RunFolder(self.out).log(
            {"step": steps, "epoch": round(self.training.epoch, 4), "lr": self.training.rate,
             "steps_per_s": round(rate, 3), **figures},
        )  # fmt: skip
        self.logged, self.logged_at = now, steps

    def _snapshot(self) -> Path:
        if self.training.steps != self.logged_at:
            self._tell()
        with genart.whole():
            folder = genart.RunFolder(self.out)
            state = {"kind": self.kind, **self.training.state()}
            path = folder.save(f"{state['steps']:08d}", state, self.settings.keep)
            for name, file in KINDS[self.kind].files.items():
                save_model(
                    self.out / file, self.settings.shape(), self.training.learnt(name).state_dict(),
                    self._card(name),
                )  # fmt: skip
            folder.sheet(f"sample-{state['steps']:08d}.png", map(torch.cat, self.training.sheet()))
        self.saved, self.saved_at = time.monotonic(), self.training.steps
        return path

    def _card(self, name: str) -> dict[str, str]:
        """What a model's file says of its making."""
        s = self.settings
        return {
            "method": self.kind,
            "direction": name.replace("_", " "),
            "training": f"{self.training.steps} steps of {s.batch} at {s.resolution} px, "
            f"{len(self.training.data)} pictures, {s.loss}",
            "licence": s.licence,
            "dataset": s.note or Path(self.dataset).name,
        }
