"""Directions: named steps through a latent space, and the .npz file that keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from genart.errors import DataError, UnknownName, UsageError
from genart.files import atomic, check_writable
from genart.latent import Latent
from genart.latents.mixing import parse_layers
from genart.latents.npz import read_arrays

if TYPE_CHECKING:
    from genart.contracts import Generator

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ARRAYS = ("names", "steps", "values", "model", "method", "recipe")


@dataclass(frozen=True)
class Directions:
    """Edit directions: steps in w+, each with a name and scaled to about the same visible change.

    Args:
        names: k names, such as "sefa1" or "ripe": lower case, digits and _.
        steps: torch float (k, num_ws, w_dim), what one unit adds to w+; 0 in layers that a
            direction does not change.
        values: k numbers for how much each direction matters: an eigenvalue or a share of variance.
        model: the name of the generator they belong to.
        method: "sefa", "pca", "contrast", or several joined by "+".
        recipe: how to find them again, usually JSON.

    Raises:
        UsageError: names of another form or given twice, or shapes that do not belong together.
    """

    names: tuple[str, ...]
    steps: torch.Tensor
    values: tuple[float, ...]
    model: str = ""
    method: str = ""
    recipe: str = ""

    def __post_init__(self) -> None:
        for name in self.names:
            if not _NAME.fullmatch(name):
                raise UsageError(
                    f'"{name}" is not a name for a direction. Use a letter, then letters, '
                    "digits and _, "
                    "all lower case, at most 40."
                )
        if len(set(self.names)) != len(self.names):
            raise UsageError(f"Names of directions must be unique; {self.names} has one twice.")
        if self.steps.ndim != 3 or not len(self.names) == len(self.steps) == len(self.values):
            raise UsageError(
                f"{len(self.names)} directions need steps of shape ({len(self.names)}, num_ws, "
                f"w_dim) and as many values, not {tuple(self.steps.shape)} and {len(self.values)}."
            )

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Directions]:
        return (self[[name]] for name in self.names)

    def __getitem__(self, names: Sequence[str] | slice) -> Directions:
        """Those of these names, in this order, or those in a slice."""
        if isinstance(names, slice):
            return self._at(range(len(self))[names])
        for name in names:
            if name not in self.names:
                raise UnknownName("direction", name, self.names, "The file lists them.")
        return self._at([self.names.index(name) for name in names])

    def _at(self, rows: Iterable[int]) -> Directions:
        rows = list(rows)
        return replace(
            self,
            names=tuple(self.names[k] for k in rows),
            steps=self.steps[rows],
            values=tuple(self.values[k] for k in rows),
        )

    def move(self, latent: Latent, amounts: Mapping[str, float]) -> Latent:
        """Move latents along the directions.

        Args:
            latent: n latents in w+, as `Generator.map` returns them.
            amounts: units by name; others are 0.

        Returns:
            n latents in w+; the latent itself, bit for bit, if all amounts are 0.

        Raises:
            UsageError: another space, or the sizes of another model.
            UnknownName: no such direction.
        """
        chosen = {name: amount for name, amount in amounts.items() if amount}
        if not chosen:
            return latent
        if latent.space != "w+" or latent.values.shape[1:] != self.steps.shape[1:]:
            raise UsageError(
                f'These directions move latents in w+ of "{self.model}", '
                f"{tuple(self.steps.shape[1:])}, not {latent.space} {tuple(latent.values.shape)}."
            )
        steps = self[list(chosen)].steps.to(latent.values)
        units = torch.tensor(list(chosen.values())).to(steps)
        return replace(latent, values=latent.values + torch.einsum("k,kld->ld", units, steps))

    def on(self, layers: Iterable[int] | str) -> Directions:
        """Return the same directions limited to some layers.

        Args:
            layers: indices, or text such as "0-3", "coarse", "middle" or "fine".

        Raises:
            UsageError: layers that the model does not have.
        """
        num_ws = self.steps.shape[1]
        wanted = parse_layers(layers, num_ws) if isinstance(layers, str) else list(layers)
        if any(not 0 <= layer < num_ws for layer in wanted):
            raise UsageError(f"This model has layers 0..{num_ws - 1}, not {wanted}.")
        mask = torch.zeros(num_ws, 1)
        mask[wanted] = 1
        return replace(self, steps=self.steps * mask.to(self.steps))

    def keeping(self, others: Directions) -> Directions:
        """Return the directions without the part that they share with others.

        The step of each layer is projected orthogonally to the others' steps in that layer.

        Args:
            others: directions of the same model.

        Raises:
            UsageError: the others belong to another model.

        Reference: Shen et al., Interpreting the Latent Space of GANs (2020), conditional
            manipulation.
        """
        if others.steps.shape[1:] != self.steps.shape[1:]:
            raise UsageError(f'"{others.model}" and "{self.model}" differ in size.')
        kept = self.steps.double()
        for layer in range(kept.shape[1]):
            basis = _basis(others.steps[:, layer].double())
            kept[:, layer] -= kept[:, layer] @ basis @ basis.t()
        return replace(self, steps=kept.to(self.steps))

    def first(self, num_ws: int) -> Directions:
        """Return the directions for a model that has only the first layers of this one."""
        return replace(self, steps=self.steps[:, :num_ws])

    def check(self, generator: Generator) -> None:
        """Raise UsageError if the w+ of a generator has other sizes."""
        if (generator.num_ws, generator.w_dim) != tuple(self.steps.shape[1:]):
            raise UsageError(
                f'These directions belong to "{self.model}", whose w+ is '
                f'{tuple(self.steps.shape[1:])}; that of "{generator.name}" is '
                f"{(generator.num_ws, generator.w_dim)}."
            )

    def renamed(self, names: Mapping[str, str]) -> Directions:
        """Return the directions under other names.

        Args:
            names: new names by the old ones.

        Raises:
            UnknownName: no such direction.
        """
        self[list(names)]
        return replace(self, names=tuple(names.get(name, name) for name in self.names))

    def save(self, path: str | Path) -> Path:
        """Save the directions in an .npz file, complete or not at all; returns the path.

        Raises:
            UsageError: a suffix other than .npz.
        """
        path = Path(path)
        check_output(path)
        with atomic(path) as partial:
            np.savez(
                partial,
                names=np.array(self.names),
                steps=self.steps.detach().float().cpu().numpy(),
                values=np.array(self.values, np.float64),
                model=np.array(self.model),
                method=np.array(self.method),
                recipe=np.array(self.recipe),
            )
        return path


def _basis(rows: torch.Tensor) -> torch.Tensor:
    """An orthonormal basis (w_dim, r) of the span of rows (k, w_dim)."""
    u, s, _ = torch.linalg.svd(rows.t(), full_matrices=False)
    rank = int((s > float(s.max()) * 1e-7).sum()) if s.numel() and s.max() > 0 else 0
    basis: torch.Tensor = u[:, :rank]
    return basis


def check_output(path: str | Path) -> None:
    """UsageError for a file in which directions cannot be saved."""
    if Path(path).suffix.lower() != ".npz":
        raise UsageError(f'Directions are saved in an .npz file, not in "{path}".')
    check_writable(path)


def load_directions(path: str | Path) -> Directions:
    """Load the directions in an .npz file. Nothing is unpickled.

    Args:
        path: written by `Directions.save` or `genart directions`.

    Raises:
        UsageError: no such file.
        DataError: damaged, or not a file of directions.
    """
    arrays = read_arrays(path, _ARRAYS)
    if missing := [name for name in ("names", "steps", "values") if name not in arrays]:
        raise DataError(f"{path} contains no directions: missing are {', '.join(missing)}.")
    names, steps, values = arrays["names"], arrays["steps"], arrays["values"]
    if names.dtype.kind != "U" or "U" in (steps.dtype.kind, values.dtype.kind):
        raise DataError(f"{path}: names must be text, steps and values numbers.")
    if not (np.isfinite(steps).all() and np.isfinite(values).all()):
        raise DataError(f"{path} contains values that are not finite numbers.")
    try:
        return Directions(
            tuple(map(str, names.reshape(-1))),
            torch.from_numpy(np.array(steps, np.float32)),
            tuple(map(float, values.reshape(-1))),
            *(str(arrays.get(name, "")) for name in ("model", "method", "recipe")),
        )
    except UsageError as error:
        raise DataError(f"{path}: {error}") from None


def joined(parts: Sequence[Directions]) -> Directions:
    """Several sets as one; a name that is taken gets a number.

    Raises:
        UsageError: none given, or sets of models that differ in size.
    """
    if not parts or len({part.steps.shape[1:] for part in parts}) > 1:
        raise UsageError(
            "Directions to join must belong to one model, and there must be at least one."
        )
    names: list[str] = []
    for name in (name for part in parts for name in part.names):
        names.append(_free(name, names))
    return Directions(
        tuple(names),
        torch.cat([part.steps for part in parts]),
        tuple(value for part in parts for value in part.values),
        parts[0].model,
        "+".join(dict.fromkeys(part.method for part in parts)),
    )


def _free(name: str, taken: Sequence[str]) -> str:
    tries = (name if n == 1 else f"{name}_{n}" for n in range(1, len(taken) + 2))
    return next(each for each in tries if each not in taken)
