"""Each operation on activations does what its plain definition says, and nothing at rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from genart.bending.clusters import kmeans
from genart.bending.operations import OPERATIONS

N, C, H, W = 2, 3, 6, 8


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.randn(N, C, H, W, generator=torch.Generator().manual_seed(1))


def seen(pixels: np.ndarray, across: float, down: float) -> np.ndarray:
    """The value at a fractional position, mirrored beyond the edges, one tap after the other."""
    height, width = pixels.shape[-2:]

    def inside(at: float, size: int) -> float:
        while not -0.5 <= at <= size - 0.5:
            at = -1 - at if at < -0.5 else 2 * size - 1 - at
        return min(max(at, 0), size - 1)

    x, y = inside(across, width), inside(down, height)
    left, top = min(int(x), width - 2), min(int(y), height - 2)
    right, bottom = x - left, y - top
    return (
        pixels[..., top, left] * (1 - right) * (1 - bottom)
        + pixels[..., top, left + 1] * right * (1 - bottom)
        + pixels[..., top + 1, left] * (1 - right) * bottom
        + pixels[..., top + 1, left + 1] * right * bottom
    )


def moved(pixels: np.ndarray, source: Callable[[float, float], tuple[float, float]]) -> np.ndarray:
    """Each pixel from where `source` leads it, both counted from the centre."""
    height, width = pixels.shape[-2:]
    middle = (width - 1) / 2, (height - 1) / 2
    made = np.empty_like(pixels)
    for row in range(height):
        for column in range(width):
            across, down = source(column - middle[0], row - middle[1])
            made[..., row, column] = seen(pixels, across + middle[0], down + middle[1])
    return made


def turned(angle: float, across: float, down: float) -> tuple[float, float]:
    cos, sin = math.cos(angle), math.sin(angle)
    return cos * across - sin * down, sin * across + cos * down


def swirled(across: float, down: float) -> tuple[float, float]:
    corner = math.hypot((W - 1) / 2, (H - 1) / 2)
    near = 1 - math.hypot(across, down) / corner
    return turned(2 * math.pi * 0.3 * near**2, across, down)


def folded(across: float, down: float) -> tuple[float, float]:
    wedge, far = math.pi / 5, math.hypot(across, down)
    angle = math.atan2(down, across) % (2 * wedge)
    angle = min(angle, 2 * wedge - angle)
    return far * math.cos(angle), far * math.sin(angle)


def extreme(pixels: np.ndarray, radius: int, of: Callable[..., np.ndarray]) -> np.ndarray:
    made = np.empty_like(pixels)
    for row in range(H):
        for column in range(W):
            rows = slice(max(0, row - radius), row + radius + 1)
            columns = slice(max(0, column - radius), column + radius + 1)
            made[..., row, column] = of(pixels[..., rows, columns], axis=(-2, -1))
    return made


def soft(pixels: np.ndarray, radius: float) -> np.ndarray:
    """Each wave of the image fainter by a Gaussian of its frequency, as one sum over pixels."""
    deviation = radius * min(H, W)
    kernels = []
    for size in (H, W):
        far = np.arange(size)[:, None] - np.arange(size)
        waves = [k / size for k in range(-(size // 2), size - size // 2)]
        kernels.append(
            sum(np.exp(-2 * (np.pi * deviation * f) ** 2) * np.cos(2 * np.pi * f * far)
                for f in waves) / size
        )  # fmt: skip
    return np.einsum("ij,kl,ncjl->ncik", *kernels, pixels)


PLAIN: dict[str, tuple[tuple[float, ...], Callable[[np.ndarray], np.ndarray]]] = {
    "translate": ((0.25, -0.5), lambda v: np.roll(np.roll(v, 2, 3), -3, 2)),
    "rotate": ((0.1,), lambda v: moved(v, lambda a, d: turned(0.2 * math.pi, a, d))),
    "scale": ((1.6,), lambda v: moved(v, lambda a, d: (a / 1.6, d / 1.6))),
    "swirl": ((0.3,), lambda v: moved(v, swirled)),
    "wave": ((0.1, 2.0), lambda v: moved(
        v, lambda a, d: (a - 0.1 * W * math.sin(4 * math.pi * (d + H / 2) / H), d))),
    "flip_h": ((0.25,), lambda v: 0.75 * v + 0.25 * v[..., ::-1]),
    "flip_v": ((1.0,), lambda v: v[..., ::-1, :]),
    "mirror_h": ((1.0,), lambda v: np.concatenate([v[..., :4], v[..., 3::-1]], 3)),
    "mirror_v": ((1.0,), lambda v: np.concatenate([v[..., :3, :], v[..., 2::-1, :]], 2)),
    "kaleidoscope": ((1.0, 5.0), lambda v: moved(v, folded)),
    "dilate": ((1.5,), lambda v: (extreme(v, 1, np.max) + extreme(v, 2, np.max)) / 2),
    "erode": ((2.0,), lambda v: extreme(v, 2, np.min)),
    "multiply": ((-2.0,), lambda v: -2 * v),
    "ablate": ((0.75,), lambda v: v / 4),
    "invert": ((1.0,), lambda v: 1 - v),
    "threshold": ((1.0, 0.3), lambda v: (v >= 0.3).astype(v.dtype)),
    "quantise": ((1.0, 2.0), lambda v: np.round(2 * v) / 2),
    "noise": ((0.5, 3.0), lambda v: v + 0.5 * torch.randn(
        C, H, W, generator=torch.Generator().manual_seed(3)).numpy()),
    "blur": ((0.2,), lambda v: soft(v, 0.2)),
    "sharpen": ((2.0, 0.1), lambda v: v + 2 * (v - soft(v, 0.1))),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "frequency"])
def test_an_operation_does_what_its_plain_definition_says(name: str, x: torch.Tensor) -> None:
    amounts, plain = PLAIN[name]
    before = x.clone()
    made = OPERATIONS[name].change(x, *amounts)
    assert torch.equal(x, before), "what is handed in is not written to"
    assert made.numpy() == pytest.approx(plain(x.double().numpy()), abs=2e-5)


def test_frequencies_are_moved(x: torch.Tensor) -> None:
    across = torch.arange(W) * 2 * math.pi / W
    down = torch.arange(H)[:, None] * 2 * math.pi / H
    wave = torch.cos(across + 0.4).expand(1, 1, H, W)
    made = OPERATIONS["frequency"].change(wave, 2.0, 0.0)
    assert torch.allclose(made, torch.cos(3 * across + 0.4).expand(1, 1, H, W), atol=1e-5)
    wave = torch.cos(2 * down - 0.2).expand(1, 1, H, W)
    made = OPERATIONS["frequency"].change(wave, 0.0, -1.0)
    assert torch.allclose(made, torch.cos(down - 0.2).expand(1, 1, H, W), atol=1e-5)


def test_a_quarter_turn_is_numpys(x: torch.Tensor) -> None:
    square = x[..., :H]
    made = OPERATIONS["rotate"].change(square, 0.25)
    assert made.numpy() == pytest.approx(np.rot90(square.numpy(), axes=(2, 3)), abs=1e-5)


def test_half_a_pixel_lies_between_two(x: torch.Tensor) -> None:
    made = OPERATIONS["translate"].change(x, 0.5 / W, 0.0)
    assert torch.allclose(made, (x + x.roll(1, 3)) / 2, atol=1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
def test_rest_is_close_to_nothing_and_gradients_flow(name: str, x: torch.Tensor) -> None:
    does = OPERATIONS[name]
    rest = [amount.usual if amount.rest is None else amount.rest for amount in does.amounts]
    assert does.rests(rest)
    assert not does.rests([amount.usual for amount in does.amounts]), "a text without amounts bends"
    assert torch.allclose(does.change(x, *rest), x, atol=1e-4)
    free = x.clone().requires_grad_()
    does.change(free, *[amount.usual for amount in does.amounts]).square().sum().backward()
    assert free.grad is not None
    assert free.grad.isfinite().all()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_end_of_every_amount_is_finite(name: str, x: torch.Tensor) -> None:
    does = OPERATIONS[name]
    for end in ("low", "high"):
        made = does.change(x, *[getattr(amount, end) for amount in does.amounts])
        assert made.shape == x.shape
        assert made.isfinite().all()
        assert (
            does.change(x.half(), *[amount.usual for amount in does.amounts]).dtype
            == x.half().dtype
        )


def test_a_whole_turn_rests() -> None:
    assert OPERATIONS["rotate"].rests([1.0])
    assert OPERATIONS["translate"].rests([-1.0, 1.0])
    assert not OPERATIONS["swirl"].rests([1.0])


def test_kmeans_finds_clouds_and_counts_the_largest_first() -> None:
    chance = np.random.RandomState(0)
    clouds = [chance.randn(n, 4) * 0.1 + at for n, at in ((5, 0.0), (9, 4.0), (3, -4.0))]
    labels = kmeans(torch.from_numpy(np.concatenate(clouds)), 3)
    assert labels.tolist() == [1] * 5 + [0] * 9 + [2] * 3
