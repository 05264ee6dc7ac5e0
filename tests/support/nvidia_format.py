"""Writes pickles shaped like the official ones, from independent classes.

Files made by the official code carry its source, so none is committed. These carry a source of
independent, and the same structure: persistent objects, storages saved as bytes, EasyDicts, and for
the TensorFlow era networks with numpy variables.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

SOURCE = "raise SystemExit('a reader that runs this text is broken')\n"


class EasyDict(dict):
    """A dict that pickles under the official name."""


class Network:
    """A TensorFlow-era network: its build function's source, and its variables."""

    def __init__(self, name: str, variables: dict[str, np.ndarray], **static: Any) -> None:
        self.name, self.variables, self.static = name, variables, static

    def __getstate__(self) -> dict[str, Any]:
        return {
            "version": 4,
            "name": self.name,
            "static_kwargs": EasyDict(self.static),
            "components": EasyDict(),
            "build_module_src": SOURCE,
            "build_func_name": "G_main",
            "variables": list(self.variables.items()),
        }


def _reconstruct_persistent_obj(meta: Any) -> Any:
    raise AssertionError("a reader called what the file names")


_HOMES = {
    "dnnlib.util": EasyDict,
    "dnnlib.tflib.network": Network,
    "torch_utils.persistence": _reconstruct_persistent_obj,
}
for _home, _thing in _HOMES.items():
    _thing.__module__ = _home


@contextmanager
def _official_names() -> Iterator[None]:
    """The official modules exist while something is pickled, and not a moment longer."""
    names = {name for home in _HOMES for name in accumulate(home.split("."), "{}.{}".format)}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update({name: ModuleType(name) for name in names})
    for home, thing in _HOMES.items():
        setattr(sys.modules[home], thing.__name__, thing)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if not isinstance(obj, torch.nn.Module):
            return NotImplemented
        meta = {
            "type": "class",
            "version": 6,
            "module_src": getattr(obj, "module_src", SOURCE),
            "class_name": type(obj).__name__,
            "state": obj.__dict__,
        }
        return _reconstruct_persistent_obj, (meta,)


def dumps(tree: Any, protocol: int = 4) -> bytes:
    """Pickle a tree; every torch module in it becomes a persistent object of its class's name.

    A module's `module_src` attribute, if it has one, replaces the source it carries.
    """
    file = io.BytesIO()
    with _official_names():
        _Pickler(file, protocol).dump(tree)
    return file.getvalue()


def dump(tree: Any, path: Path, protocol: int = 4) -> Path:
    """`dumps` into a file."""
    path.write_bytes(dumps(tree, protocol))
    return path


def snapshot(generator: torch.nn.Module, discriminator: torch.nn.Module) -> dict[str, Any]:
    """The keys of an official training snapshot."""
    return {
        "G": generator,
        "D": discriminator,
        "G_ema": generator,
        "augment_pipe": None,
        "training_set_kwargs": EasyDict(class_name="training.dataset.ImageFolderDataset"),
    }
