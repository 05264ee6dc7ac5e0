"""The loop that trainers share: steps until the goal, the time limit or a signal ends a session.

A trainer defines a `TrainingRun` (networks, a step, its state, a sheet) and a `LoopTrainer` that
begins one. `docs/training.md` has a whole one.
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, TypeAlias, TypeVar

from genart.contracts import Trainer
from genart.errors import TrainingError, UsageError
from genart.files import check_writable
from genart.interrupts import defer_interrupts
from genart.progress import Progress
from genart.training.finite import broken_figure, broken_tensor
from genart.training.run_folder import DamagedSnapshot, RunFolder, read_snapshot, refuse_changes
from genart.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

    from genart.progress import ProgressCallback

#: Values of a step, by name; also tensors without dimensions, which are read later.
Figures: TypeAlias = "Mapping[str, float] | Mapping[str, torch.Tensor]"
S = TypeVar("S", bound=TrainingSettings)

log = logging.getLogger("genart.training")

_LOOK = 16  # steps between two looks at figures on a GPU
_RATES = ("lr", "rate")  # how the names of learning rates end
_NEW = 0.02  # share of a step in the running means of its figures


class TrainingRun(ABC):
    """What is trained: one step, the state that decides the next one, and what is saved.

    Make networks and optimisers in `__init__`. Everything that decides the next step belongs to
    `state()`: then a resumed run equals an uninterrupted one, bit for bit on a CPU.

    Attributes:
        unit: what `done` counts, in the singular.
        noted: names of the figures shown beside the progress.
        log_every: units between two lines of the log; None for one line per snapshot.
        snapshot_every: units between two snapshots, if time does not require one sooner.
        ends_written: whether the model and a snapshot are written at the end even without a new
            step, so the metadata of a model can be changed later.
        steps: steps so far, in all sessions; `step` counts them.
        dataset: file name of the dataset; the trainer sets it before the first step.
    """

    unit: ClassVar[str] = "step"
    noted: ClassVar[tuple[str, ...]] = ("loss",)
    ends_written: ClassVar[bool] = False
    steps: int = 0
    dataset: str = ""

    @property
    def done(self) -> int:
        """Units so far, in all sessions; by default the steps."""
        return self.steps

    @property
    @abstractmethod
    def total(self) -> float:
        """Units in total."""

    @property
    @abstractmethod
    def model(self) -> str:
        """File name of the finished model."""

    @abstractmethod
    def step(self) -> Figures:
        """Do one step and count it; returns what to log. Ctrl-C waits for its end."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return all that decides the next step, without the settings: tensors, numbers, names."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned."""

    @abstractmethod
    def save(self, folder: RunFolder, figures: Mapping[str, float]) -> None:
        """Write the model of now into the folder, under its name, and a sheet of samples.

        Args:
            folder: of the run; its `sheet` lays images out.
            figures: running means of what the steps returned.
        """

    @property
    def log_every(self) -> int | None:
        """As above; None."""
        return None

    @property
    def snapshot_every(self) -> float:
        """As above; infinite."""
        return math.inf

    @property
    def mark(self) -> str:
        """Return the part of a snapshot's name that sorts by time."""
        return f"{self.done:08d}"

    def note(self, figures: Figures) -> str:
        """Return a short remark beside the progress, from running means."""
        return " ".join(f"{name} {figures[name]:.3g}" for name in self.noted if name in figures)

    def watched(self) -> Figures:
        """Return values that must be finite but are not logged, such as norms of gradients."""
        return {}

    def start_from(self, model: str) -> None:
        """Take the weights of a trained model before the first step.

        Args:
            model: the name, file or URL of a model.

        Raises:
            UsageError: this trainer cannot, or the model has another shape.
            CheckpointError: a file that no reader knows.
        """
        raise UsageError("This trainer always starts from new weights; leave --transfer out.")

    def progress(self, note: str) -> Progress:
        """Return the progress."""
        return Progress(self.done, self.total, self.unit, note)

    def record(self, rate: float, figures: Mapping[str, float]) -> dict[str, Any]:
        """Return one line of the log.

        Args:
            rate: units per second since the line before.
            figures: running means of what the steps returned.
        """
        return {self.unit: self.done, f"{self.unit}s_per_s": rate, **figures}


class LoopTrainer(Trainer, ABC, Generic[S]):
    """A trainer that runs the steps of a `TrainingRun`, with snapshots, a log and sample sheets.

    Args:
        settings: of the run.
        device: where to train.

    Attributes:
        what: what is trained, in messages about snapshots: "a StyleGAN2".
        holds: names in the state that a snapshot must have.
        fixed: settings that cannot change when a run is resumed.
    """

    what: str = "this training"
    holds: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: S, device: str | torch.device = "cpu") -> None:
        import torch

        self.settings, self.device = settings, torch.device(device)

    @abstractmethod
    def start(self, dataset: str | Path, folder: RunFolder, resumed: bool) -> TrainingRun:
        """Open the dataset and make a run that has done no step.

        From here on torch's random numbers belong to the run: seed them.

        Args:
            dataset: what `fit` was given.
            folder: of the run; its `log` takes lines.
            resumed: whether a snapshot is restored next.

        Returns:
            The run.

        Raises:
            DataError: no images.
        """

    def read(self, snapshot: Path) -> dict[str, Any]:
        """The state in a snapshot.

        Raises:
            CheckpointError: another file, or a damaged one.
        """
        return read_snapshot(snapshot, ("settings", *self.holds), self.what)

    def changes(self, state: Mapping[str, Any]) -> Sequence[str]:
        """What else a snapshot's run had otherwise and cannot change, in words; nothing here."""
        return ()

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: ProgressCallback | None = None,
    ) -> Path:
        """Train into the folder `out`; returns the file of the model.

        Ctrl-C finishes the step and writes a snapshot; `resume="auto"` then continues exactly as if
        nothing had happened. A second Ctrl-C stops at once, without a snapshot of half a step.
        Torch's random numbers are as before afterwards.

        Args:
            dataset: a folder or zip of images; "" for a trainer that generates its own.
            out: the folder of the run.
            resume: a snapshot, "auto" for the newest in `out`, or None to start from nothing.
            progress: called after every step.

        Raises:
            UsageError: a folder in use, or a snapshot of a run with other fixed settings.
            CheckpointError: a snapshot of another kind, or a damaged one.
            DataError: no images.
        """
        import torch

        folder = RunFolder(out)
        found = folder.find(resume)
        check_writable(folder.path, folder=True)
        folder.path.mkdir(parents=True, exist_ok=True)
        snapshot, state = self._first_whole(found)
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            run = self.start(dataset, folder, snapshot is not None)
            run.dataset = Path(dataset).name
            if snapshot is not None:
                self._restore(run, snapshot, state)
            elif self.settings.transfer:
                run.start_from(self.settings.transfer)
            return _Loop(run, folder, self.settings, progress).run_session()

    def _first_whole(self, found: Sequence[Path]) -> tuple[Path | None, Mapping[str, Any]]:
        """The newest snapshot that is not damaged, and its state; each one left out is logged."""
        damage = None
        for path in found:
            try:
                state = self.read(path)
            except DamagedSnapshot as error:
                damage = damage or error
                if path != found[-1]:
                    log.warning("%s The one before it is used.", error)
            else:
                return path, state
        if damage is not None:
            raise damage
        return None, {}

    def _restore(self, run: TrainingRun, snapshot: Path, state: Mapping[str, Any]) -> None:
        now = self.settings.to_dict()
        refuse_changes(snapshot, state["settings"], now, self.fixed, self.changes(state))
        run.restore(dict(state))


class _Mark(NamedTuple):
    """When something was last written, and after how many units."""

    at: float
    done: int


class _Loop:
    """One sitting of a run."""

    def __init__(
        self,
        run: TrainingRun,
        folder: RunFolder,
        settings: TrainingSettings,
        progress: ProgressCallback | None,
    ) -> None:
        self.run, self.folder, self.settings = run, folder, settings
        self.progress = progress or (lambda _: None)
        self.began = self.saved = self.logged = _Mark(time.monotonic(), run.done)
        self.means: dict[str, Any] = {}
        self.unchecked = 0  # steps since the figures were last checked
        self.step_open = False  # whether a second signal ended a step in its middle

    def run_session(self) -> Path:
        run, model = self.run, self.folder.path / self.run.model
        try:
            while run.done < run.total and not self._out_of_time():
                self._step()
        except KeyboardInterrupt:
            if self.step_open:  # half a step cannot be continued
                raise
            kept = self._snapshot()
            raise KeyboardInterrupt(f"kept {kept}; continue with --resume auto") from None
        if run.done < run.total:
            self.progress(run.progress("time limit reached; continue with --resume auto"))
        if run.ends_written or run.done > self.saved.done or not model.exists():
            self._snapshot()
        return model

    def _step(self) -> None:
        with defer_interrupts():
            self.step_open = True
            figures = self.run.step()
            self.step_open = False
        for name, value in figures.items():
            self.means[name] = _mean(self.means.get(name, value), value)
        self._check_figures(figures)
        self.progress(self.run.progress(self.run.note(self.means)))
        every = self.run.log_every
        if every is not None and self.run.done - self.logged.done >= every:
            self._log()
        if self._due():
            self._snapshot()

    def _check_figures(self, figures: Figures) -> None:
        """Stop where a figure is not finite; on a GPU, which is not waited for, now and then.

        A running mean stays NaN or infinite, so nothing is missed in between.
        """
        self.unchecked += 1
        if self.unchecked >= _LOOK or not any(_on_gpu(value) for value in figures.values()):
            self.unchecked = 0
            if broken := broken_figure({**self.means, **self.run.watched()}):
                self._stop(broken)

    def _stop(self, broken: str) -> NoReturn:
        """Raise TrainingError; nothing is written any more but a line of the log."""
        now = self.run.progress("")
        reason = f"The training stopped after {now.done:g} {now.unit}: {broken}."
        self.folder.log({now.unit: now.done, "stopped": reason})
        rates = [f"--{name}" for name in self.settings.to_dict() if name.endswith(_RATES)]
        lower = f"a lower learning rate ({', '.join(rates)})" if rates else "other settings"
        kept = self.folder.newest()
        advice = (
            f"There is no snapshot yet; start again with {lower}."
            if kept is None
            else f"{kept} is the last good snapshot; continue with --resume auto and {lower}."
        )
        raise TrainingError(f"{reason} {advice}")

    def _out_of_time(self) -> bool:
        minutes = self.settings.minutes
        return bool(minutes) and time.monotonic() - self.began.at > minutes * 60

    def _due(self) -> bool:
        return (
            self.run.done - self.saved.done >= self.run.snapshot_every
            or time.monotonic() - self.saved.at >= self.settings.snapshot_minutes * 60
        )

    def _snapshot(self) -> Path:
        """Write state, model and sheet whole; a line of the log stands before or after them."""
        run, settings = self.run, self.settings
        if run.log_every is not None and run.done != self.logged.done:
            self._log()
        with defer_interrupts():
            state = {"settings": settings.to_dict(), **run.state()}
            if broken := broken_tensor(state):
                self._stop(f"{broken} holds values that are not finite")
            path = self.folder.save(run.mark, state, settings.keep)
            run.save(self.folder, self._figures())
        if run.log_every is None:
            self._log()
        self.saved = _Mark(time.monotonic(), run.done)
        return path

    def _log(self) -> None:
        now = _Mark(time.monotonic(), self.run.done)
        rate = (now.done - self.logged.done) / max(now.at - self.logged.at, 1e-9)
        self.folder.log(self.run.record(rate, self._figures()))
        self.logged = now

    def _figures(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.means.items()}


def _on_gpu(value: Any) -> bool:
    return getattr(getattr(value, "device", None), "type", "cpu") != "cpu"


def _mean(before: Any, value: Any) -> Any:
    """The running mean, which stays on its device."""
    if hasattr(value, "lerp"):
        return before.lerp(value, _NEW)
    return (1 - _NEW) * before + _NEW * value
