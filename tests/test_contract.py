"""Every registered part meets its contract, and the checks catch those that do not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import genart
from genart.plugins import registry
from genart.testing import check_generator, check_interpolator, check_sink, check_stylizer


@pytest.mark.parametrize("name", list(registry("generator")))
def test_every_generator_meets_the_contract(name: str) -> None:
    factory = registry("generator")[name].factory
    small = {"resolution": 32} if "resolution" in inspect.signature(factory).parameters else {}
    check_generator(genart.load(name, device="cpu", **small))


@pytest.mark.parametrize("space", ["z", "w", "w+"])
@pytest.mark.parametrize("name", list(registry("interpolator")))
def test_every_interpolator_meets_the_contract(name: str, space: Any) -> None:
    model = genart.load("plasma-classes", device="cpu", resolution=8)
    keys = model.sample([1, 2, 3], [0, 1, 2])
    if space != "z":
        values = model.map(keys).values
        keys = replace(keys, space=space, values=values if space == "w+" else values[:, 0])
    check_interpolator(registry("interpolator").create(name), keys)


@pytest.mark.parametrize("name", [n for n, s in registry("sink").items() if not s.spec.live])
def test_every_sink_meets_the_contract(name: str, tmp_path: Any) -> None:
    path = tmp_path / ("frames" if name == "png" else f"film.{name}")
    sink = registry("sink").create(name, path=path, fps=30, size=(32, 48))
    check_sink(sink, np.random.RandomState(0).randint(0, 255, (32, 48, 3)).astype(np.uint8))
    assert path.exists()


@pytest.mark.parametrize("name", list(registry("reader")))
def test_every_reader_passes_over_a_file_that_is_not_its_own(name: str, tmp_path: Any) -> None:
    path = tmp_path / "odd.safetensors"
    genart.checkpoints.write_safetensors(path, {"odd": torch.zeros(3)}, {})
    assert (
        registry("reader").create(name).recognise(genart.checkpoints.read_checkpoint(path)) is None
    )


class Mock(genart.Generator):
    """A generator of flat colours that keeps every promise, to be broken one by one."""

    name, resolution, num_classes, z_dim, w_dim, num_ws = "mock", (4, 4), 0, 6, 6, 4

    def __init__(self) -> None:
        self.device = torch.device("cpu")

    def map(
        self, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
    ) -> genart.Latent:
        w = latent.values
        w = w[:, None].expand(-1, self.num_ws, -1) if w.ndim == 2 else w
        own = 1.0 if latent.truncation is None else latent.truncation[:, None, None]
        psi = torch.ones(len(w), self.num_ws, 1)
        psi[:, :cutoff] *= truncation * own
        return genart.Latent("w+", w * psi)

    def __call__(
        self,
        latent: genart.Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Any = "const",
    ) -> torch.Tensor:
        colour = self.map(latent, truncation, cutoff).values.mean(1)[:, :3].tanh()
        return colour[..., None, None].expand(-1, -1, *self.resolution)


def of_its_batch(self: Mock, latent: genart.Latent, **settings: Any) -> torch.Tensor:
    return Mock.__call__(self, latent, **settings) - 0.01 * len(latent)


def fresh(self: Mock, latent: genart.Latent, **settings: Any) -> torch.Tensor:
    return Mock.__call__(self, latent, **settings) * torch.rand(())


def loud(self: Mock, latent: genart.Latent, **settings: Any) -> torch.Tensor:
    return 50 * Mock.__call__(self, latent, **settings)


def sideways(self: Mock, latent: genart.Latent, **settings: Any) -> torch.Tensor:
    return Mock.__call__(self, latent, **settings)[..., :2]


def open_noise(
    self: Mock, latent: genart.Latent, *, noise: Any = "const", **settings: Any
) -> torch.Tensor:
    phase = noise if isinstance(noise, float) else 0.0
    return Mock.__call__(self, latent, **settings) * (1 - 0.1 * phase)


def blind_to_cutoff(
    self: Mock, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
) -> genart.Latent:
    return Mock.map(self, latent, truncation)


def blind_to_its_own(
    self: Mock, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
) -> genart.Latent:
    return Mock.map(self, replace(latent, truncation=None), truncation, cutoff)


def test_the_mock_keeps_its_promises() -> None:
    check_generator(Mock())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"__call__": of_its_batch}, "alone is its image within a batch"),
        ({"__call__": fresh}, "the same latent gives the same image"),
        ({"__call__": loud}, "an image is in -1..1"),
        ({"__call__": sideways}, r"resolution is \(h, w\)"),
        ({"__call__": open_noise}, "the walk through noise closes"),
        ({"map": blind_to_cutoff}, "cutoff does not change the later layers"),
        ({"map": blind_to_its_own}, "the truncation of a latent is a factor"),
        ({"num_ws": 0}, "num_ws is above 0"),
        ({"z_dim": 6.0}, "z_dim is an int"),
    ],
)
def test_a_broken_promise_of_a_generator_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_generator(type("Broken", (Mock,), changes)())


@pytest.mark.parametrize(
    ("walk", "says"),
    [
        (lambda keys, phase, loop: keys[0] if phase < 1 else keys[1], "closes bit for bit"),
        (lambda keys, phase, loop: keys, "one latent per call"),
        (lambda keys, phase, loop: replace(keys[0], label=None), "labels are interpolated"),
        (
            lambda keys, phase, loop: replace(keys[0], values=keys[0].values[..., :2]),
            "has the shape of a key",
        ),
        (lambda keys, phase, loop: keys[0] if phase in (0, 1) else keys[1], "ends smoothly"),
    ],
)
def test_a_broken_promise_of_an_interpolator_is_named(
    walk: Callable[..., genart.Latent], says: str
) -> None:
    keys = genart.Latent("z", torch.randn(3, 6), torch.eye(3))
    with pytest.raises(AssertionError, match=says):
        check_interpolator(walk, keys)


def test_a_stylizer_is_held_to_shape_range_and_manners() -> None:
    image = torch.rand(2, 3, 8, 8) * 2 - 1
    check_stylizer(lambda image: -image, image)
    for broken, says in (
        (lambda image: image[:1], "became"),
        (lambda image: image * 2, "is in -1..1"),
        (lambda image: image.mul_(0.5), "does not change its argument"),
    ):
        with pytest.raises(AssertionError, match=says):
            check_stylizer(broken, image)


def test_a_sink_is_held_to_its_two_methods_and_manners() -> None:
    frame = np.full((4, 4, 3), 7, np.uint8)

    class Smudge:
        def write(self, frame: genart.Frame) -> None:
            frame[0] = 0

        def close(self) -> None: ...

    with pytest.raises(AssertionError, match="does not change its frames"):
        check_sink(Smudge(), frame)
    with pytest.raises(AssertionError, match="has write"):
        check_sink(object(), frame)  # type: ignore[arg-type]
