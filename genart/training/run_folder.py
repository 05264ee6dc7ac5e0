"""The files of a training run in its folder, and how a resume finds them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genart.errors import CheckpointError, UsageError
from genart.files import atomic
from genart.media.image_report import ImageReport
from genart.training.finite import broken_tensor, finite_or_none

_PATTERN = "snapshot-*.pt"


class DamagedSnapshot(CheckpointError):
    """A snapshot that cannot be continued; another one of the run may be whole."""


class RunFolder:
    """The folder of a training run: snapshots that resume it exactly, a log, sheets of samples.

    Every file appears complete or not at all.

    Args:
        path: the folder; it is created when something is written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def find(self, resume: str | Path | None) -> list[Path]:
        """Return the snapshots to resume from, the best first; empty to start from nothing.

        Args:
            resume: a path, "auto" for those in the folder, the newest first, or None.

        Raises:
            UsageError: no such file, or a new run into a folder that already has snapshots.
        """
        found = sorted(self.path.glob(_PATTERN))
        if resume is None and found:
            raise UsageError(
                f'"{self.path}" contains a training run ({found[-1].name}). Continue it with '
                "--resume auto, or choose another folder."
            )
        if resume is None or str(resume) == "auto":
            return found[::-1]
        if not Path(resume).is_file():
            raise UsageError(f'No snapshot at "{resume}"; --resume auto uses the newest.')
        return [Path(resume)]

    def newest(self) -> Path | None:
        """Return the newest snapshot, or None."""
        return max(self.path.glob(_PATTERN), default=None)

    def save(self, mark: str, state: Mapping[str, Any], keep: int) -> Path:
        """Write `snapshot-<mark>.pt`; of it and those before it, the newest `keep` stay.

        Args:
            mark: part of the name; marks sort by time.
            state: tensors, numbers and names.
            keep: how many snapshots stay.
        """
        import torch

        self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / f"snapshot-{mark}.pt"
        with atomic(path) as partial:
            torch.save(dict(state), partial)
        older = sorted(each for each in self.path.glob(_PATTERN) if each < path)
        for old in older[: max(len(older) - keep + 1, 0)]:
            old.unlink()
        return path

    def log(self, record: Mapping[str, Any]) -> None:
        """Add a line to `log.jsonl`; a number that is not finite becomes null."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as log:
            line = {name: finite_or_none(value) for name, value in record.items()}
            log.write(json.dumps(line) + "\n")

    def report(self, images: ImageReport) -> None:
        """Show which images are used and which are left out, and add the same to `log.jsonl`.

        Nothing is shown or added if all are used.
        """
        images.log()
        if images.left_out:
            self.log(images.record())

    def sheet(self, name: str, rows: Iterable[Any]) -> None:
        """Write an image file of rows of images.

        Args:
            name: of the file.
            rows: images (n, 3, h, w) in -1..1, one row for each, from the top.
        """
        from PIL import Image

        from genart.media.frames import to_frames

        frames = [to_frames(row) for row in rows]
        height, width = frames[0][0].shape[:2]
        sheet = Image.new("RGB", (max(map(len, frames)) * width, len(frames) * height))
        for y, row in enumerate(frames):
            for x, frame in enumerate(row):
                sheet.paste(Image.fromarray(frame), (x * width, y * height))
        with atomic(self.path / name) as partial:
            sheet.save(partial)


def read_snapshot(path: Path, holds: Collection[str], what: str) -> dict[str, Any]:
    """Read the state of a snapshot; nothing in the file is executed.

    Args:
        path: the file.
        holds: names that it must have.
        what: what it is a snapshot of, for the message.

    Raises:
        DamagedSnapshot: a file that is cut short or holds values that are not finite.
        CheckpointError: a file of another kind.
    """
    from genart.checkpoints.read import read_checkpoint

    try:
        state = read_checkpoint(path).tree
    except CheckpointError as error:
        raise DamagedSnapshot(f'The snapshot "{path}" is damaged: it {error.__cause__}.') from error
    if not isinstance(state, dict) or not set(holds) <= set(state):
        raise CheckpointError(f'"{path}" is not a snapshot of {what}.')
    if broken := broken_tensor(state):
        raise DamagedSnapshot(f'The snapshot "{path}" is damaged: {broken} is not finite.')
    return state


def refuse_changes(
    path: Path,
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    fixed: Iterable[str],
    more: Sequence[str] = (),
) -> None:
    """Raise UsageError if settings that cannot change on resume are not what they were.

    Args:
        path: the snapshot.
        then: its settings.
        now: the settings that are given.
        fixed: the names that must agree.
        more: further changes, in words.
    """
    changed = [f"{k} was {then.get(k)}, now {now[k]}" for k in fixed if then.get(k) != now[k]]
    changed += more
    if changed:
        raise UsageError(f'"{path}" cannot be continued: {"; ".join(changed)}.')
