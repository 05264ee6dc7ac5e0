"""Training, by the name of what is trained."""

from __future__ import annotations

import inspect
from dataclasses import Field, dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from genart.errors import UsageError
from genart.models.devices import pick_device
from genart.plugins import registry
from genart.training.settings import TrainingSettings

if TYPE_CHECKING:
    from genart.contracts import Trainer
    from genart.progress import ProgressCallback


#: Types of settings, and what they are called here.
_KINDS: dict[Any, type] = {int: int, float: float, bool: bool, str: str, tuple[str, ...]: tuple}


@dataclass(frozen=True)
class Setting:
    """One thing a trainer lets people choose.

    Attributes:
        name: the keyword.
        kind: int, float, bool or str; tuple for one that can be given several times.
        default: its value unless chosen.
        help: a short phrase.
    """

    name: str
    kind: type
    default: Any
    help: str


def settings_of(kind: str) -> list[Setting]:
    """What the trainer called `kind` lets people choose.

    These are the fields of the dataclass `settings` of its `Spec`, if there is one: the trainer's
    own before those that every run has.

    Raises:
        UnknownName: no such trainer.
    """
    cls = registry("trainer")[kind].spec.settings
    if cls is None or not is_dataclass(cls):
        return []
    kinds = get_type_hints(cls)
    return [
        Setting(
            field.name, _KINDS[kinds[field.name]], field.default, field.metadata.get("help", "")
        )
        for field in _own_first(cls)
        if kinds[field.name] in _KINDS
    ]


def _own_first(cls: type) -> list[Field[Any]]:
    shared = {field.name for field in fields(TrainingSettings)}
    return sorted(fields(cls), key=lambda field: field.name in shared)


def takes_data(kind: str) -> bool:
    """Whether a trainer learns from a dataset; False for one that generates its own images."""
    return registry("trainer")[kind].spec.data


def train(
    kind: str,
    data: str | Path | None,
    out: str | Path,
    *,
    resume: str | Path | None = None,
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **settings: Any,
) -> Path:
    """Train a model.

    Args:
        kind: the trainer's name; `genart train --help` lists all.
        data: a folder or zip of pictures; None for a trainer that makes its own.
        out: the folder for snapshots, logs and the finished model.
        resume: a snapshot, "auto" for the newest in `out`, or None to start anew.
        device: handed to a trainer whose factory takes it.
        progress: told how far it is.
        settings: what `settings_of(kind)` lists.

    Returns:
        The finished model's file.

    Raises:
        UnknownName: no such trainer or setting.
        UsageError: a setting out of range, or no pictures where some are needed.
    """
    factory = registry("trainer")[kind].factory
    if data is None and takes_data(kind):
        raise UsageError(f'The trainer "{kind}" needs data: a folder or zip of pictures.')
    if "device" in inspect.signature(factory).parameters:
        settings["device"] = pick_device(device)
    trainer: Trainer = factory(**settings)
    return trainer.fit(data or "", out, resume=resume, progress=progress)
