"""genart.train: trains a model with the trainer of a name."""

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
    """One setting of a trainer.

    Attributes:
        name: the keyword.
        kind: int, float, bool or str; tuple for one that can be given several times.
        default: the value if it is not given.
        help: a short phrase.
    """

    name: str
    kind: type
    default: Any
    help: str


def settings_of(kind: str) -> list[Setting]:
    """Return the settings of a trainer, its own before those that every trainer has.

    They are the fields of the dataclass `settings` of its `Spec`, if there is one.

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
        kind: the name of the trainer: "stylegan2", "cyclegan", "pix2pix", "fast", "encoder" ...;
            `genart train --help` lists all.
        data: a folder or zip of images; None for a trainer that generates its own.
        out: the folder for snapshots, logs and the model.
        resume: a snapshot, "auto" for the newest in `out`, or None to start from nothing.
        device: "auto", "cpu", "cuda" or "mps".
        progress: called after every step.
        settings: of this trainer; `genart train KIND --help` lists them.

    Returns:
        The file of the model.

    Raises:
        UnknownName: no such trainer.
        UsageError: a setting that does not exist or is out of range, or no data.
        DataError: no images that can be used.
    """
    factory = registry("trainer")[kind].factory
    if data is None and takes_data(kind):
        raise UsageError(f'The trainer "{kind}" needs data: a folder or zip of images.')
    if "device" in inspect.signature(factory).parameters:
        settings["device"] = pick_device(device)
    trainer: Trainer = factory(**settings)
    return trainer.fit(data or "", out, resume=resume, progress=progress)
