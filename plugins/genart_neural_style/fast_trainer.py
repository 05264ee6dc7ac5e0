"""The trainer `fast`: a loop of steps with snapshots, a log and sample sheets."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import genart

from .fast_data import ContentPictures
from .fast_files import save_fast
from .fast_settings import FastSettings
from .fast_training import FastTraining, style_names

#: What a run cannot change on the way.
_FIXED = ("net", "width", "blocks")
_SHOWN = 4  # pictures on a sample sheet


class FastTrainer:
    """Trains a fast style (Johnson et al. 2016), or several in one network (Dumoulin et al. 2017).

    Args:
        settings: of the run.
        device: where to train.
    """

    def __init__(self, settings: FastSettings, device: str = "cpu") -> None:
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
            UsageError: a folder in use, or a snapshot of another network.
            DataError: no pictures, or a style picture that cannot be read.
        """
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        snapshot = genart.RunFolder(out).find(resume)
        data = ContentPictures(dataset, self.settings.crop, self.settings.jitter)
        state = None if snapshot is None else _read(snapshot, self.settings)
        training = FastTraining(self.settings, data, self.device)
        if state is not None:
            training.restore(state)
        return _Run(training, out, str(dataset), progress).go()


def _read(path: Path, settings: FastSettings) -> dict[str, Any]:
    """A snapshot's state; UsageError if it is that of another network."""
    state = genart.read_snapshot(path, ("fast_style", "settings", "styles"), "a fast style")
    styles = list(style_names(settings.style))
    others = styles != state["styles"]
    more = [f"styles were {state['styles']}, now {styles}"] if others else []
    genart.refuse_changes(path, state["settings"], settings.to_dict(), _FIXED, more)
    return state


class _Run:
    """One sitting of a training run."""

    def __init__(
        self,
        training: FastTraining,
        out: Path,
        dataset: str,
        progress: Callable[[genart.Progress], None] | None,
    ) -> None:
        self.training, self.out, self.dataset = training, out, dataset
        self.folder = genart.RunFolder(out)
        self.settings = training.settings
        self.progress = progress or (lambda _: None)
        self.began = self.saved = time.monotonic()
        self.saved_at = training.steps
        self.log: dict[str, float] = {}

    def go(self) -> Path:
        try:
            while self.training.steps < self.settings.steps and not self._out_of_time():
                self._step()
        except KeyboardInterrupt:
            kept = self._snapshot()
            raise KeyboardInterrupt(f"kept {kept}; continue with --resume auto") from None
        if self.training.steps > self.saved_at or not (self.out / "model.safetensors").exists():
            self._snapshot()
        return self.out / "model.safetensors"

    def _step(self) -> None:
        with genart.whole():
            figures = self.training.step()
        for name, value in figures.items():
            self.log[name] = 0.98 * self.log.get(name, value) + 0.02 * value
        note = " ".join(
            f"{name} {self.log[name]:.3g}" for name in ("content", "style") if name in figures
        )
        self.progress(genart.Progress(self.training.steps, self.settings.steps, "step", note))
        if self._due():
            self._snapshot()

    def _out_of_time(self) -> bool:
        minutes = self.settings.minutes
        return bool(minutes) and time.monotonic() - self.began > minutes * 60

    def _due(self) -> bool:
        steps = self.training.steps - self.saved_at
        seconds = time.monotonic() - self.saved
        return (
            steps >= self.settings.snapshot_steps or seconds >= self.settings.snapshot_minutes * 60
        )

    def _snapshot(self) -> Path:
        with genart.whole():
            state = self.training.state()
            path = self.folder.save(f"{state['steps']:08d}", state, self.settings.keep)
            save_fast(
                self.out / "model.safetensors",
                self.training.averaged,
                list(self.training.styles),
                self._card(),
            )
            self._sheet()
        now, steps = time.monotonic(), self.training.steps
        rate = (steps - self.saved_at) / max(now - self.saved, 1e-9)
        skipped = (
            {"skipped": dict(self.training.data.skipped)} if self.training.data.skipped else {}
        )
        self.folder.log({"step": steps, "steps_per_s": rate, **self.log, **skipped})
        self.saved, self.saved_at = now, steps
        return path

    @torch.no_grad()
    def _sheet(self) -> None:
        """The same few pictures each time: as they are, and in every style."""
        training = self.training
        draw = torch.Generator().manual_seed(self.settings.seed)
        content = training.data.draw(_SHOWN, draw).to(training.device)
        mixes = torch.eye(len(training.styles), device=training.device)
        rows = [training.averaged(content, mix[None]).clamp(-1, 1).cpu() for mix in mixes]
        self.folder.sheet(f"painted-{training.steps:08d}.png", [content.cpu(), *rows])

    def _card(self) -> dict[str, str]:
        """What the model's file says of its making."""
        s, training = self.settings, self.training
        losses = f"content {s.content_weight:g}, style {s.style_weight:g}, tv {s.tv_weight:g}"
        losses += f", temporal {s.temporal_weight:g}" if s.temporal_weight else ""
        return {
            "training": f"{training.steps} steps of {s.batch} crops of {s.crop} px, {losses}; "
            f"features of {training.judge}",
            "licence": s.licence,
            "dataset": s.note or Path(self.dataset).name,
        }
