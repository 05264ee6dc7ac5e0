"""The plasma itself: bent sine waves under a cosine palette, steered by w."""

from __future__ import annotations

import math

import numpy as np
import torch

import genart

_SEED = 1968  # the fixed coefficients of every plasma; another number is another instrument
_WARPS = 4  # layers 0-3 bend the plane, 4 and 5 lay waves on it, 6 colours it, 7 lights it
_COEFFICIENTS = 6  # numbers that each layer reads from its w
_GRAIN = 0.025  # standard deviation of the noise, in image units


class Plasma(genart.Generator):
    """Plasma from a formula: every layer of w+ controls one term, coarse to fine.

    Each image is computed by itself, so it never depends on its batch, and everything is
    differentiable. The plane is bent by iterated sine warps, striped by waves, coloured by a
    cosine palette (I. Quilez, "Palettes", 1999) and lit from one side.

    Args:
        name: what people call it.
        device: where images are made.
        resolution: pixels, one number for a square or (h, w).
        num_classes: labels; each has its own average w.
        alpha: add a fourth channel that fades to transparent at the silk's edge.

    Raises:
        UsageError: a resolution below 2 pixels.
    """

    z_dim = w_dim = 32
    num_ws = 8

    def __init__(
        self,
        name: str = "plasma",
        *,
        device: str | torch.device = "cpu",
        resolution: int | tuple[int, int] = 256,
        num_classes: int = 0,
        alpha: bool = False,
    ) -> None:
        size = (resolution, resolution) if isinstance(resolution, int) else resolution
        if min(size) < 2:
            raise genart.UsageError(f"Plasma needs at least 2x2 pixels, not {size[1]}x{size[0]}.")
        self.name, self.num_classes, self.alpha = name, num_classes, alpha
        self.resolution = (int(size[0]), int(size[1]))
        self.device = torch.device(device)
        draw = np.random.RandomState(_SEED)
        self._mix = self._constant(draw.randn(self.w_dim, self.z_dim) / math.sqrt(self.z_dim))
        self._average = self._constant(draw.randn(self.w_dim))
        read = draw.randn(self.num_ws, _COEFFICIENTS, self.w_dim) / math.sqrt(self.w_dim)
        self._read = self._constant(read)
        classes = draw.randn(num_classes, self.w_dim)
        self._classes = self._constant(
            1.5 * (classes - classes.mean(0)) if num_classes else classes
        )
        self._noise = self._constant(draw.randn(2, 1, *self.resolution))
        self._plane = self._constant(_plane(*self.resolution))

    def map(
        self, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
    ) -> genart.Latent:
        """Convert a latent to w+ and move it towards the average; see `Generator.map`."""
        genart.latents.check_latent(latent)
        latent = latent.to(self.device)
        w = latent.values.float()
        if latent.space == "z":
            w = torch.stack([self._to_w(z) for z in w]) + self._class_offset(latent)
        if w.ndim == 2:
            w = w[:, None].expand(-1, self.num_ws, -1)
        psi = torch.ones(len(w), self.num_ws, 1, device=self.device)
        psi[:, :cutoff] *= truncation
        if latent.truncation is not None:
            psi[:, :cutoff] *= latent.truncation.float()[:, None, None]
        return genart.Latent("w+", torch.lerp(self._average, w, psi), latent.label)

    def __call__(
        self,
        latent: genart.Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: str | float | torch.Tensor = "const",
    ) -> genart.Image:
        """Make images (n, 3 or 4, h, w) in -1..1; see `Generator.__call__`."""
        rows = self.map(latent, truncation, cutoff).values
        return torch.stack(
            [
                self._paint(w) + grain
                for w, grain in zip(rows, self._grains(noise, len(rows)), strict=True)
            ]
        ).clamp(-1, 1)

    def widened(self, size: tuple[int, int]) -> Plasma:
        """The same plasma at exactly size (h, w): a formula has no native resolution."""
        return Plasma(
            self.name,
            device=self.device,
            resolution=size,
            num_classes=self.num_classes,
            alpha=self.alpha,
        )

    def reduced(self, times: int) -> Plasma | None:
        """The same plasma with each side halved `times` times, down to 2 pixels."""
        size = (self.resolution[0] >> times, self.resolution[1] >> times)
        if not times:
            return self
        return self.widened(size) if min(size) >= 2 else None

    def _constant(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).float().to(self.device)

    def _to_w(self, z: torch.Tensor) -> torch.Tensor:
        z = z * (z.square().mean() + 1e-8).rsqrt()  # only the direction of z counts
        return self._average + torch.sin(self._mix @ z * 1.5)

    def _class_offset(self, latent: genart.Latent) -> torch.Tensor | float:
        if not self.num_classes:
            return 0.0
        if latent.label is None:
            return self._classes[0]
        return torch.stack([row @ self._classes for row in latent.label.float()])

    def _paint(self, w: torch.Tensor) -> torch.Tensor:
        steer = (self._read * w[:, None, :]).sum(-1)  # (num_ws, coefficients)
        x, y = self._plane
        for octave, s in enumerate(steer[:_WARPS]):
            x, y = _bend(x, y, s, octave)
        silk = _wave(x, y, steer[4], 1.5) + 0.6 * _wave(x, y, steer[5], 2.9)
        colour = _palette(silk, steer[6]) + _light(silk, steer[7])
        if not self.alpha:
            return colour
        edge = torch.hypot(*self._plane) + 0.12 * silk
        return torch.cat([colour, torch.tanh(6 * (0.8 - edge))[None]])

    def _grains(self, noise: str | float | torch.Tensor, n: int) -> torch.Tensor:
        """(n, 3 or 4, h, w) to add; alpha has no noise."""
        if isinstance(noise, str):
            grain = self._named_grain(noise, n)
        else:
            phase = torch.as_tensor(noise, dtype=torch.float32, device=self.device) % 1
            turn = (2 * math.pi * phase).expand(n)
            around = torch.stack([turn.cos(), turn.sin()], 1)[..., None, None, None]
            grain = (around * self._noise).sum(1)
        grain = _GRAIN * grain.expand(n, 3, *self.resolution)
        return torch.nn.functional.pad(grain, (0, 0, 0, 0, 0, 1)) if self.alpha else grain

    def _named_grain(self, noise: str, n: int) -> torch.Tensor:
        if noise == "const":
            return self._noise[0]
        if noise == "random":
            return torch.randn(n, 1, *self.resolution, device=self.device)
        if noise == "none":
            return torch.zeros_like(self._noise[0])
        raise genart.UsageError(
            f'Noise "{noise}" is not one of const, random, none or a phase 0..1.'
        )


def _plane(height: int, width: int) -> np.ndarray:
    """Pixel centres (2, h, w), x right and y down; the shorter side runs from -1 to 1."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    centred = np.stack([x - (width - 1) / 2, y - (height - 1) / 2])
    return centred * 2 / min(height, width)


def _bend(
    x: torch.Tensor, y: torch.Tensor, s: torch.Tensor, octave: int
) -> tuple[torch.Tensor, torch.Tensor]:
    pitch = 1.7 * 1.45**octave
    reach = 0.55 / (1 + 0.9 * octave)
    turn = 0.5 * s[4] + octave
    u, v = x * turn.cos() + y * turn.sin(), y * turn.cos() - x * turn.sin()
    bent_x = u + reach * (1 + 0.3 * s[2].tanh()) * torch.sin(pitch * v + 1.3 * s[0])
    bent_y = v + reach * (1 + 0.3 * s[3].tanh()) * torch.sin(pitch * u + 1.3 * s[1])
    return bent_x, bent_y


def _wave(x: torch.Tensor, y: torch.Tensor, s: torch.Tensor, pitch: float) -> torch.Tensor:
    along = x * torch.cos(0.7 * s[0]) + y * torch.sin(0.7 * s[0])
    return torch.sin(pitch * (1 + 0.25 * s[1].tanh()) * along + 1.5 * s[2])


def _palette(silk: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Colours (3, h, w): a tone from deep to pale, and a hue that drifts along with it."""
    third = 2 * math.pi / 3 * torch.arange(3, device=silk.device)
    hue = (0.75 + 0.35 * s[1].tanh()) * silk - third[:, None, None] + 2.2 * s[0]
    chroma = 0.44 + 0.1 * s[2].tanh()
    tone = 0.62 * torch.sin((1.2 + 0.3 * s[3].tanh()) * silk + 0.5 * s[4])
    return tone + chroma * torch.cos(hue) - 0.05


def _light(silk: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Relief (h, w): the slope of the silk towards the lamp, softly limited."""
    down, right = torch.gradient(silk)
    scale = min(silk.shape) / 8
    lamp = 0.8 + 0.6 * s[0]
    return 0.3 * torch.tanh(scale * (right * lamp.cos() + down * lamp.sin()))
