"""Keys as people write them: seeds and latent files together, 1,2,5-9,latents/apple.npz."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import torch

from genart.contracts import Generator
from genart.errors import UsageError
from genart.latent import Latent, join, make_label
from genart.latents.npz import load_latent, read_arrays, texts
from genart.latents.seeds import format_seeds, parse_seeds

_SPACES = ("z", "w", "w+")  # each can be brought to those after it
_SUFFIX = ".npz"
_SEEDS = re.compile(r"[\d\s-]+")

#: A text, seeds, files, or several of them.
Keys: TypeAlias = "str | int | Path | Iterable[int | str | Path]"


def parse_keys(keys: Keys) -> list[int | Path]:
    """The seeds and files that keys name, in order; a folder stands for its .npz files.

    Args:
        keys: "1,2,5-9", "a.npz,b.npz,7", a folder's name, or numbers and paths.

    Raises:
        UsageError: no key, or something else than seeds and .npz files.
    """
    if isinstance(keys, (int, Path)):
        keys = [keys]
    parts: Sequence[Any] = keys.split(",") if isinstance(keys, str) else list(keys)
    found = [key for part in parts for key in _part(part)]
    if not found:
        raise UsageError("No keys given; write seeds such as 1,2,5-9, or .npz files, or both.")
    return found


def _part(part: int | str | Path) -> Sequence[int | Path]:
    if isinstance(part, int) or (isinstance(part, str) and _SEEDS.fullmatch(part.strip())):
        return parse_seeds(part)
    text = str(part).strip()
    path = Path(text)
    if path.suffix == _SUFFIX:
        return [path]
    if text and path.is_dir():
        files = sorted(path.glob(f"*{_SUFFIX}"))
        if not files:
            raise UsageError(f'The folder "{text}" holds no {_SUFFIX} files.')
        return files
    raise UsageError(
        f'"{text}" is no key; write seeds such as 1,2,5-9, {_SUFFIX} files, or a folder of them, '
        "with commas between."
    )


def format_keys(keys: Keys) -> str:
    """The shortest text that `parse_keys` reads as these keys."""
    runs: list[str] = []
    seeds: list[int] = []
    for key in [*parse_keys(keys), None]:
        if isinstance(key, int):
            seeds.append(key)
            continue
        runs += [format_seeds(seeds)] if seeds else []
        seeds = []
        runs += [str(key)] if key is not None else []
    return ",".join(runs)


def key_files(keys: Keys) -> list[Path]:
    """The files among keys."""
    return [key for key in parse_keys(keys) if isinstance(key, Path)]


def make_keys(model: Generator, keys: Keys, label: Any = None, space: str = "z") -> Latent:
    """The places that keys name, all in one space.

    Args:
        model: whose places they are.
        keys: see `parse_keys`; a file gives every place it holds.
        label: the class of the seeds.
        space: "z", "w" or "w+", or the next one that can hold the files' places too: a w+ does
            not fit into w, nor a w into z.

    Raises:
        UsageError: something else than keys, or places of another model.
        DataError: a file that holds no latent.
    """
    parts = [_places(model, group, label) for group in _grouped(parse_keys(keys))]
    wanted = _SPACES[max(_SPACES.index(each) for each in (space, *(p.space for p in parts)))]
    return join(_alike(model, [brought(model, part, wanted) for part in parts]))


def brought(model: Generator, latent: Latent, space: str) -> Latent:
    """A latent in a space that comes after its own, or the same."""
    if latent.space == space:
        return latent
    mapped = replace(model.map(replace(latent, truncation=None)), truncation=latent.truncation)
    if space == "w+":
        return mapped
    return replace(mapped, space="w", values=mapped.values[:, 0])


def check_fits(
    model: Generator, latent: Latent, whose: str = "", what: str = "This latent"
) -> None:
    """UsageError for places of other sizes, or in w and w+ for those of another model.

    Args:
        model: who is to show them.
        latent: the places.
        whose: the model that they belong to, or "" where nobody knows.
        what: what to call them.
    """
    wanted = {
        "z": (model.z_dim,), "w": (model.w_dim,), "w+": (model.num_ws, model.w_dim),
    }[latent.space]  # fmt: skip
    belongs = f' It belongs to "{whose}".' if whose and whose != model.name else ""
    if tuple(latent.values.shape[1:]) != wanted:
        raise UsageError(
            f'{what} has {latent.space} of size {tuple(latent.values.shape[1:])}; "{model.name}" '
            f"takes {wanted}.{belongs}"
        )
    kin = (model.name, *model.parents)
    if latent.space != "z" and whose and whose not in kin:
        raise UsageError(
            f'{what} belongs to "{whose}" and not to "{model.name}". If the two share their '
            'places, keep it without a name: genart.save_latent(path, latent, model="").'
        )


def load_places(model: Generator, path: str | Path) -> Latent:
    """The places in a file, on a model's device.

    Raises:
        UsageError: no such file, or places of another model.
        DataError: a file that holds no latent.
    """
    latent = load_latent(path, model.device)
    whose = texts(read_arrays(path, ("model",)), ("model",)).get("model", "")
    check_fits(model, latent, whose, str(path))
    return latent


def _grouped(keys: Sequence[int | Path]) -> list[list[int] | Path]:
    groups: list[list[int] | Path] = []
    for key in keys:
        if isinstance(key, Path):
            groups.append(key)
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(key)
        else:
            groups.append([key])
    return groups


def _places(model: Generator, group: list[int] | Path, label: Any) -> Latent:
    return model.sample(group, label) if isinstance(group, list) else load_places(model, group)


def _alike(model: Generator, parts: list[Latent]) -> list[Latent]:
    """Parts that all have labels, in z, or none has; and a truncation where any has."""
    labels = [part.label for part in parts]
    if any(label is not None for label in labels):
        in_z = parts[0].space == "z"
        labels = [
            (make_label(model, None, len(part)) if label is None else label) if in_z else None
            for part, label in zip(parts, labels, strict=True)
        ]  # fmt: skip
    cuts = [part.truncation for part in parts]
    if any(cut is not None for cut in cuts):
        cuts = [
            torch.ones(len(part), device=part.values.device) if cut is None else cut
            for part, cut in zip(parts, cuts, strict=True)
        ]
    return [
        replace(part, label=label, truncation=cut)
        for part, label, cut in zip(parts, labels, cuts, strict=True)
    ]
