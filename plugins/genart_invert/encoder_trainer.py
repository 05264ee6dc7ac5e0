"""The trainer of encoders: a loop of steps with snapshots, a log and the encoder itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import genart

from .encoder import SUFFIX, fingerprint, save_encoder
from .encoder_settings import EncoderSettings
from .lessons import Lessons

_FIXED = ("model", "batch", "memory", "width", "seed")  # what a run cannot change on the way


class EncoderTrainer:
    """Trains an encoder on a generator's own pictures.

    Args:
        settings: of the run.
        device: where to train.
    """

    def __init__(self, settings: EncoderSettings, device: Any = "cpu") -> None:
        self.settings, self.device = settings, device

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: Callable[[genart.Progress], None] | None = None,
    ) -> Path:
        """Train into the folder `out`; returns `<model>.encoder.safetensors` in it.

        There is no dataset: the generator makes it. Ctrl-C ends the step and writes a snapshot
        first; `resume="auto"` then goes on as if nothing had happened.

        Raises:
            UsageError: a dataset, a folder in use, or another run's snapshot.
        """
        if dataset:
            raise genart.UsageError("An encoder learns from its model's own pictures: no data.")
        out = Path(out)
        out.mkdir(parents=True, exist_ok=True)
        snapshot = genart.RunFolder(out).find(resume)
        generator = genart.load(self.settings.model, self.device)
        if not fingerprint(generator):
            raise genart.UsageError(f'"{generator.name}" has no file to know it by.')
        lessons = Lessons(self.settings, generator)
        if snapshot:
            _restore(lessons, snapshot)
        return _Run(lessons, out, progress or (lambda _: None)).go()


class _Run:
    """One sitting of a training run."""

    def __init__(
        self, lessons: Lessons, out: Path, progress: Callable[[genart.Progress], None]
    ) -> None:
        self.lessons, self.out, self.progress = lessons, out, progress
        self.settings = lessons.settings
        self.began = self.saved = time.monotonic()
        self.saved_at = lessons.shown
        self.log: dict[str, float] = {}

    def go(self) -> Path:
        total = self.settings.samples
        try:
            while self.lessons.shown < total and not self._late():
                with genart.whole():
                    told = self.lessons.step()
                for name, value in told.items():
                    self.log[name] = 0.98 * self.log.get(name, value) + 0.02 * value
                note = f"unseen {self.log['unseen']:.3f}"
                self.progress(genart.Progress(self.lessons.shown, total, "picture", note))
                if time.monotonic() - self.saved >= 60 * self.settings.snapshot_minutes:
                    self._snapshot()
        except KeyboardInterrupt:
            self._snapshot()
            raise KeyboardInterrupt(f"kept in {self.out}; continue with --resume auto") from None
        return self._snapshot()

    def _late(self) -> bool:
        limit = self.settings.minutes
        return bool(limit) and time.monotonic() - self.began > 60 * limit

    def _snapshot(self) -> Path:
        """Keep the state, the encoder and a line of the log; returns the encoder's file."""
        shown = self.lessons.shown
        folder = genart.RunFolder(self.out)
        folder.save(f"{shown:09d}", self.lessons.state(), self.settings.keep)
        now = time.monotonic()
        rate = (shown - self.saved_at) / max(now - self.saved, 1e-9)
        folder.log({"pictures": shown, "pictures_per_s": rate, **self.log})
        self.saved, self.saved_at = now, shown
        generator = self.lessons.generator
        return save_encoder(self.out / f"{generator.name}{SUFFIX}", self.lessons.head, self._card())

    def _card(self) -> dict[str, str]:
        generator = self.lessons.generator
        return {
            "generator.name": generator.name, "generator.sha256": fingerprint(generator),
            "pictures": str(self.lessons.shown), "unseen": f"{self.log.get('unseen', 1.0):.4f}",
            "licence": self.settings.licence,
        }  # fmt: skip


def _restore(lessons: Lessons, path: Path) -> None:
    state = genart.read_snapshot(path, ("settings", "head", "seen"), "an encoder")
    genart.refuse_changes(path, state["settings"], lessons.settings.to_dict(), _FIXED)
    lessons.restore(state)
