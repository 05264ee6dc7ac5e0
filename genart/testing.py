"""Checks of the contracts, for the tests of any plug-in.

Each takes the thing and raises AssertionError with a sentence where it breaks its promise::

    def test_generator():
        genart.testing.check_generator(genart.load("mine", device="cpu"))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from genart.contracts import (
    Generator,
    Image,
    Interpolator,
    Sink,
    Stylizer,
)
from genart.latent import Latent

if TYPE_CHECKING:
    from genart.contracts import Frame

__all__ = ["check_generator", "check_interpolator", "check_sink", "check_stylizer"]

SEEDS = (1, 2, 3)


def check_generator(generator: Generator, tolerance: float = 1e-5) -> None:
    """Hold a generator to its contract: shapes, range, batches, truncation, w+, noise, labels.

    Args:
        generator: any, on any device.
        tolerance: the most by which images may differ that ought to be the same.

    Raises:
        AssertionError: a sentence about the broken rule.
    """
    _check_attributes(generator)
    latent = generator.sample(SEEDS)
    images = generator(latent)
    _check_images(generator, images)
    same = _Same(tolerance)
    same(generator(latent), images, "the same latent gives the same image")
    for n, seed in enumerate(SEEDS):
        alone = generator(generator.sample(seed))
        same(alone, images[n : n + 1], f"seed {seed} alone is its image within a batch")
    _check_map(generator, latent, images, same)
    _check_truncation(generator, latent, images, same)
    _check_noise(generator, latent, images, same)
    if generator.num_classes:
        _check_labels(generator, images, same)
    _check_widened(generator)
    _check_reduced(generator, latent)


def check_interpolator(interpolator: Interpolator, keys: Latent, tolerance: float = 1e-5) -> None:
    """Check an interpolator: shapes, continuity, closed loops.

    Args:
        interpolator: the one to check.
        keys: two or more latents of one space, n = 2 or more.
        tolerance: the largest difference allowed between values that should be equal.

    Raises:
        AssertionError: a latent of the wrong shape, a walk that jumps, or a loop that stays open.
    """
    for loop in (True, False):
        latents = [interpolator(keys, step / 16, loop) for step in range(17)]
        for latent in latents:
            assert latent.space in ("z", "w", "w+"), f'"{latent.space}" is not a latent space'
            assert len(latent) == 1, f"one latent per call, not {len(latent)}"
            assert latent.values.shape[1:] == keys.values.shape[1:], (
                "a latent has the shape of a key"
            )
            assert latent.values.isfinite().all(), "a latent is finite"
            assert (latent.label is None) == (keys.label is None), "labels are interpolated"
        again = interpolator(keys, 5 / 16, loop)
        assert torch.equal(again.values, latents[5].values), "a phase gives one latent"
    first, last = interpolator(keys, 0.0, True), interpolator(keys, 1.0, True)
    assert torch.equal(first.values, last.values), "a loop closes bit for bit"
    near = interpolator(keys, 1 - 1e-6, True).values
    assert torch.allclose(near, last.values, atol=max(tolerance, 1e-3)), "a loop ends smoothly"


def check_stylizer(stylizer: Stylizer, image: Image) -> None:
    """Check a stylizer: (n, 3, h, w) in -1..1 to the same shape, its argument not changed.

    Args:
        stylizer: the one to check.
        image: torch float (n, 3, h, w) in -1..1.

    Raises:
        AssertionError: another shape or range, values that are not finite, or a changed argument.
    """
    before = image.clone()
    out = stylizer(image)
    assert out.shape == image.shape, f"{tuple(image.shape)} became {tuple(out.shape)}"
    assert out.is_floating_point(), f"an image is float, not {out.dtype}"
    assert out.isfinite().all(), "an image is finite"
    assert out.abs().max() <= 1.0 + 1e-4, "an image is in -1..1"
    assert torch.equal(image, before), "a stylizer does not change its argument"


def check_sink(sink: Sink, frame: Frame, frames: int = 3) -> None:
    """Hold a sink to its contract: takes frames, leaves them alone, closes, and closes again.

    Raises:
        AssertionError: no Sink, or a changed frame.
    """
    assert isinstance(sink, Sink), "a sink has write(frame) and close()"
    before = frame.copy()
    for _ in range(frames):
        sink.write(frame)
    sink.close()
    sink.close()
    assert (frame == before).all(), "a sink does not change its frames"


class _Same:
    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance

    def __call__(self, one: torch.Tensor, other: torch.Tensor, promise: str) -> None:
        assert one.shape == other.shape, f"{promise}: {tuple(one.shape)}, {tuple(other.shape)}"
        gap = (one - other).abs().max().item() if one.numel() else 0.0
        assert gap <= self.tolerance, f"{promise}: they differ by {gap:.2g}"


def _check_attributes(generator: Generator) -> None:
    assert isinstance(generator, Generator), "a generator inherits from genart.Generator"
    assert isinstance(generator.name, str), "name is a text"
    assert generator.name, "name is not empty"
    height, width = generator.resolution
    for what, size in (
        ("height", height),
        ("width", width),
        ("z_dim", generator.z_dim),
        ("w_dim", generator.w_dim),
        ("num_ws", generator.num_ws),
    ):
        assert isinstance(size, int), f"{what} is an int, not {size!r}"
        assert size > 0, f"{what} is above 0, not {size}"
    assert generator.num_classes >= 0, "num_classes is 0 or more"
    assert isinstance(generator.device, torch.device), "device is a torch.device"


def _check_images(generator: Generator, images: Image) -> None:
    n, channels, *size = images.shape
    assert n == len(SEEDS), f"{len(SEEDS)} latents give {len(SEEDS)} images, not {n}"
    assert channels in (3, 4), f"an image has 3 channels, or 4 with alpha, not {channels}"
    assert tuple(size) == tuple(generator.resolution), f"resolution is (h, w), images are {size}"
    assert images.is_floating_point(), f"an image is float, not {images.dtype}"
    assert images.device.type == generator.device.type, "images are on the generator's device"
    assert images.isfinite().all(), "an image is finite"
    outside = (images.abs() > 1.25).float().mean().item()
    assert outside <= 0.01, f"an image is in -1..1; {outside:.0%} of its values are far outside"
    assert images[0].ne(images[1]).any(), "two seeds give two images"


def _check_map(generator: Generator, latent: Latent, images: Image, same: _Same) -> None:
    ws = generator.map(latent)
    shape = (len(SEEDS), generator.num_ws, generator.w_dim)
    assert ws.space == "w+", f'map gives w+, not "{ws.space}"'
    assert tuple(ws.values.shape) == shape, f"w+ has shape {shape}, not {tuple(ws.values.shape)}"
    same(generator.map(ws).values, ws.values, "map does not change w+ at truncation 1")
    same(generator(ws), images, "an image of map(z) is the image of z")
    w = Latent("w", ws.values[:, 0])
    every = w.values[:, None].expand(-1, generator.num_ws, -1)
    same(generator.map(w).values, every, "a w serves every layer")


def _check_truncation(generator: Generator, latent: Latent, images: Image, same: _Same) -> None:
    def at(psi: float, cutoff: int | None = None, latent: Latent = latent) -> torch.Tensor:
        return generator.map(latent, psi, cutoff).values

    full, average = at(1.0), at(0.0)
    same(
        at(0.5),
        torch.lerp(average, full, 0.5),
        "truncation moves in a straight line to the average",
    )
    same(average, average[:1].expand_as(average), "truncation 0 gives the same latent for all")
    cut = generator.num_ws // 2
    same(at(0.5, cut)[:, cut:], full[:, cut:], "cutoff does not change the later layers")
    same(at(0.5, cut)[:, :cut], at(0.5)[:, :cut], "cutoff truncates the first layers")
    half = Latent("z", latent.values, latent.label, torch.full((len(SEEDS),), 0.5))
    same(at(1.0, latent=half), at(0.5), "the truncation of a latent is a factor")
    same(generator(latent, truncation=1.0), images, "truncation is 1 by default")


def _check_noise(generator: Generator, latent: Latent, images: Image, same: _Same) -> None:
    for noise in ("random", "none"):
        _check_images(generator, generator(latent, noise=noise))
    quiet = generator(latent, noise="none")
    same(generator(latent, noise="none"), quiet, "without noise the image is the same")
    start, end = generator(latent, noise=0.0), generator(latent, noise=1.0)
    same(start, images, 'the walk through noise starts at "const"')
    same(end, start, "the walk through noise closes")


def _check_labels(generator: Generator, images: Image, same: _Same) -> None:
    of_class: Callable[[int], Image] = lambda n: generator(generator.sample(SEEDS, n))  # noqa: E731
    same(of_class(0), images, "no label means class 0")
    if generator.num_classes > 1:
        assert of_class(1).ne(images).any(), "another class gives another image"
        blend = torch.full((1, generator.num_classes), 1 / generator.num_classes)
        _check_images(generator, generator(generator.sample(SEEDS, blend)))


def _check_widened(generator: Generator) -> None:
    height, width = generator.resolution
    wide = generator.widened((height, 2 * width))
    assert isinstance(wide, Generator), "widened gives a generator"
    assert (wide.z_dim, wide.num_ws) == (generator.z_dim, generator.num_ws), (
        "a widened generator walks the same latents"
    )
    image = wide(wide.sample(1))
    assert tuple(image.shape[2:]) == tuple(wide.resolution), "a widened image has its resolution"


def _check_reduced(generator: Generator, latent: Latent) -> None:
    assert generator.reduced(0) is generator, "halved 0 times it is the same generator"
    coarse = generator.reduced(1)
    if coarse is None:
        return
    height, width = generator.resolution
    image = coarse(latent)
    assert tuple(coarse.resolution) == (height // 2, width // 2), "each side is halved"
    assert tuple(image.shape) == (len(latent), image.shape[1], *coarse.resolution), (
        "a reduced generator takes the same latents and gives images of its resolution"
    )
    ws = generator.map(latent)
    assert torch.equal(coarse(ws), coarse(coarse.map(ws))), "a reduced generator takes its w+"
