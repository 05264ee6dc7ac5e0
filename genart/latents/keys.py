"""Keys of a walk: seeds, latent files and latents; read from text, and drawn for a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from genart.contracts import Generator
from genart.errors import UsageError
from genart.latent import SPACES, Latent, format_seeds, in_space, join, parse_seeds
from genart.latents.npz import load_latent, read_arrays, texts

_SUFFIX = ".npz"
_SEEDS = re.compile(r"[\d\s-]+")
_GIVEN = "given"  # what stands for a Latent in a text; it cannot be read back

#: One key: a seed, a file of latents, or a Latent.
Key: TypeAlias = int | Path | Latent
#: Keys as people give them: "1,2,5-9,apple.npz", a seed, a file, a Latent, or several of these.
Keys: TypeAlias = "str | Key | Iterable[str | Key]"


def parse_keys(keys: Keys) -> list[Key]:
    """Return keys one by one, in order; a folder means its .npz files.

    Args:
        keys: "1,2,5-9", "a.npz,b.npz,7", a folder's name, or numbers, paths and latents.

    Raises:
        UsageError: no key, or something else than seeds, .npz files and latents.
    """
    if isinstance(keys, (int, Path, Latent)):
        keys = [keys]
    if not isinstance(keys, Iterable):
        raise UsageError(f"Keys are seeds, .npz files and latents, not {type(keys).__name__}.")
    parts: Sequence[Any] = keys.split(",") if isinstance(keys, str) else list(keys)
    found = [key for part in parts for key in _part(part)]
    if not found:
        raise UsageError("No keys given; write seeds such as 1,2,5-9, or .npz files, or both.")
    return found


def _part(part: str | Key) -> Sequence[Key]:
    if isinstance(part, Latent):
        return [part]
    if isinstance(part, Path):
        return _files(part)
    if not isinstance(part, str):
        return parse_seeds([part])
    part = part.strip()
    return parse_seeds(part) if _SEEDS.fullmatch(part) else _files(part)


def _files(name: str | Path) -> Sequence[Path]:
    path = Path(name)
    if path.suffix.lower() in (_SUFFIX, ".npy", ".pt"):
        return [path]
    if str(name) and path.is_dir():
        files = sorted(path.glob(f"*{_SUFFIX}"))
        if not files:
            raise UsageError(f'The folder "{name}" contains no {_SUFFIX} files.')
        return files
    raise UsageError(
        f'"{name}" is not a key. Write seeds, for example 1,2,5-9, {_SUFFIX} files, or a '
        "folder of them, "
        "with commas between."
    )


def format_keys(keys: Keys) -> str:
    """Return the shortest text that `parse_keys` reads as these keys; "given" for a Latent."""
    runs: list[str] = []
    seeds: list[int] = []
    for key in [*parse_keys(keys), None]:
        if isinstance(key, int):
            seeds.append(key)
            continue
        runs += [format_seeds(seeds)] if seeds else []
        seeds = []
        if key is not None:
            runs.append(_GIVEN if isinstance(key, Latent) else str(key))
    return ",".join(runs)


def make_keys(model: Generator, keys: Keys, label: Any = None, space: str = "z") -> Latent:
    """Return the latents of keys, in order, all in one space.

    Args:
        model: the generator that will draw them.
        keys: see `parse_keys`; a file means every latent in it.
        label: the class of the seeds.
        space: "z", "w" or "w+", or the next of these that can hold every key: w+ cannot be mapped
            back to w, nor w to z.

    Raises:
        UsageError: something else than keys, or latents of another model.
        DataError: a file that holds no latent.
    """
    parts = [_latents(model, group, label) for group in _grouped(parse_keys(keys))]
    before = SPACES[: SPACES.index(space)]
    return join([in_space(model, p, space) if p.space in before else p for p in parts], model)


def check_fits(
    model: Generator, latent: Latent, owner: str = "", what: str = "This latent"
) -> None:
    """Check that a model can draw a latent.

    Args:
        model: the generator that will draw it.
        latent: in any space.
        owner: the name of the model it was made with, "" if unknown.
        what: what the error calls it, such as its file.

    Raises:
        UsageError: a latent of other sizes, or in w or w+ one of another model.
    """
    wanted = {
        "z": (model.z_dim,), "w": (model.w_dim,), "w+": (model.num_ws, model.w_dim),
    }[latent.space]  # fmt: skip
    belongs = f' It belongs to "{owner}".' if owner and owner != model.name else ""
    if tuple(latent.values.shape[1:]) != wanted:
        raise UsageError(
            f'{what} has {latent.space} of size {tuple(latent.values.shape[1:])}; "{model.name}" '
            f"takes {wanted}.{belongs}"
        )
    kin = (model.name, *model.parents)
    if latent.space != "z" and owner and owner not in kin:
        raise UsageError(
            f'{what} belongs to "{owner}" and not to "{model.name}". If the two models share a '
            'latent space, save it without a name: genart.save_latent(path, latent, model="").'
        )


def load_latents_for(model: Generator, path: str | Path) -> Latent:
    """Return the latents of a file, on a model's device.

    Raises:
        UsageError: no such file, or latents of another model.
        DataError: a file that holds no latent.
    """
    latent = load_latent(path, model.device)
    owner = texts(read_arrays(path, ("model",)), ("model",)).get("model", "")
    check_fits(model, latent, owner, str(path))
    return latent


def _grouped(keys: Sequence[Key]) -> list[list[int] | Path | Latent]:
    """Return keys in order, neighbouring seeds together."""
    groups: list[list[int] | Path | Latent] = []
    for key in keys:
        if not isinstance(key, int):
            groups.append(key)
        elif groups and isinstance(groups[-1], list):
            groups[-1].append(key)
        else:
            groups.append([key])
    return groups


def _latents(model: Generator, group: list[int] | Path | Latent, label: Any) -> Latent:
    if isinstance(group, list):
        return model.sample(group, label)
    if isinstance(group, Path):
        return load_latents_for(model, group)
    check_fits(model, group)
    return group.to(model.device)
