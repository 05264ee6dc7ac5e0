"""What a training of a fast style leaves in its folder, and how it is found again.

`snapshot-00001000.pt` resumes the run exactly; `model.safetensors` is the newest averaged network;
`painted-*.png` are sample sheets; `log.jsonl` has a line of figures every snapshot. Each file is
written beside its place and renamed, so a kill leaves no half file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

import genart

_PATTERN = "snapshot-*.pt"


def save_snapshot(folder: Path, state: dict[str, Any], keep: int) -> Path:
    """Write a snapshot and drop all but the newest `keep`."""
    path = folder / f"snapshot-{state['steps']:08d}.pt"
    with genart.atomic(path) as partial:
        torch.save(state, partial)
    for old in sorted(folder.glob(_PATTERN))[:-keep]:
        old.unlink()
    return path


def find_snapshot(folder: Path, resume: str | Path | None) -> Path | None:
    """The snapshot to resume from: a path, the newest in the folder for "auto", or None.

    Raises:
        UsageError: a path that is not there, or a new run into a folder that holds one.
    """
    found = sorted(folder.glob(_PATTERN))
    if resume is None:
        if found:
            raise genart.UsageError(
                f'"{folder}" holds a training run ({found[-1].name}); continue it with '
                "--resume auto, or choose another folder."
            )
        return None
    if str(resume) == "auto":
        return found[-1] if found else None
    if not Path(resume).is_file():
        raise genart.UsageError(f'No snapshot at "{resume}"; --resume auto takes the newest.')
    return Path(resume)


def load_snapshot(path: Path) -> dict[str, Any]:
    """A snapshot's state, read without executing anything in it.

    Raises:
        CheckpointError: another file, or a damaged one.
    """
    state = genart.read_checkpoint(path).tree
    if not isinstance(state, dict) or "fast_style" not in state:
        raise genart.CheckpointError(f'"{path}" is no snapshot of a fast style.')
    return state


def append_log(folder: Path, record: dict[str, Any]) -> None:
    """Add a line to `log.jsonl`."""
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(record) + "\n")


def save_sheet(path: Path, rows: list[Tensor]) -> None:
    """Rows of images (n, 3, h, w) in -1..1 as one picture, a row below the other."""
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)[None]
    with genart.atomic(path) as partial:
        Image.fromarray(genart.to_frames(sheet)[0]).save(partial)
