"""A row of `genart bench`: losses and gradient of one image, beside neural-style-pt."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import genart

from .objective import Objective
from .presets import preset
from .tiled_losses import StyleTarget

_SIZE, _QUICK = (384, 512), (96, 128)


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """One evaluation of VGG-19 with random weights: what a step of L-BFGS or Adam costs."""
    size = _QUICK if options.quick else _SIZE
    name = f"neural style evaluation VGG-19 {size[1]}x{size[0]}"
    yield genart.benchmarks.BenchRow(name, partial(_case, size, options))


def _case(
    size: tuple[int, int], options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    state = random_weights()
    draw = torch.Generator().manual_seed(0)
    photo, style = (torch.rand(1, 3, *size, generator=draw) * 2 - 1 for _ in range(2))
    photo, style = ((each * 127.5 + 127.5).round() / 127.5 - 1 for each in (photo, style))  # bytes
    weights = genart.perception.FeatureWeights("vgg19", state, caffe=True)
    net = genart.perception.network_of(weights).to(options.device)
    net = net.to(memory_format=torch.channels_last)
    where = photo.to(options.device)
    objective = Objective(
        net, preset("neural-style"), where, [StyleTarget(style.to(options.device))]
    )
    ours = lambda: objective(where)[0].total  # noqa: E731
    others: dict[str, Callable[[], float]] = {}
    if checkout := options.checkouts.get("neural-style"):
        others["neural-style-pt"] = neural_style(checkout, state, photo, style)
    return genart.benchmarks.BenchCase(ours, others, flop=arithmetic(net, size), difference=_gap)


def random_weights() -> dict[str, Tensor]:
    """VGG-19's convolutions by torchvision's names, which keep the spread of what passes."""
    import torchvision.models as models

    draw = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        shapes = models.vgg19(weights=None).features.state_dict()
    return {
        f"features.{name}": torch.randn(each.shape, generator=draw) * (2 / each[0].numel()) ** 0.5
        if each.ndim == 4
        else torch.zeros(each.shape)
        for name, each in shapes.items()
    }


def _gap(ours: float, theirs: float) -> float:
    """The relative difference of two losses."""
    return abs(ours / theirs - 1)


def arithmetic(net: genart.perception.FeatureNetwork, size: tuple[int, int]) -> float:
    """Operations forward and back for the image alone, two a product: convolutions alone."""
    total, pixels = 0.0, float(size[0] * size[1])
    for step in net.steps:
        weight = getattr(step.run, "weight", None)
        if weight is not None:
            total += 4.0 * weight.numel() * pixels / step.stride**2
        if step.name == "relu5_1":
            break
    return total


def neural_style(
    checkout: Path, state: dict[str, Tensor], photo: Tensor, style: Tensor
) -> Callable[[], float]:
    """One evaluation by neural-style-pt, started from the photo as its own command line does.

    Its program is run until it asks for its first step; what it would have called is taken.

    Raises:
        UsageError: a folder without neural_style.py.
    """
    if not (checkout / "neural_style.py").is_file():
        raise genart.UsageError(f"{checkout} is not a checkout of neural-style-pt.")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        files = {
            "content_image": _kept(photo, Path(folder) / "content.png"),
            "style_image": _kept(style, Path(folder) / "style.png"),
            "model_file": Path(folder) / "vgg19.pth",
        }
        torch.save(state, files["model_file"])
        words = [
            "-gpu",
            "c",
            "-init",
            "image",
            "-disable_check",
            "-image_size",
            str(max(photo.shape[-2:])),
        ]
        for name, path in files.items():
            words += [f"-{name}", str(path)]
        words += ["-print_iter", "0", "-save_iter", "0", "-num_iterations", "1000000000"]
        with torch.enable_grad():
            evaluate = _taken(checkout, words)

    def once() -> float:
        with torch.enable_grad():
            return float(evaluate().item())

    return once


def _kept(image: Tensor, path: Path) -> Path:
    Image.fromarray(np.ascontiguousarray(genart.to_frames(image)[0])).save(path)
    return path


class _Taken(Exception):
    """Carries what would have been called."""


class _Asker:
    """A stand-in for an optimizer."""

    def __init__(self, image: nn.Parameter) -> None:
        self._image = image

    def zero_grad(self) -> None:
        """As an optimizer does."""
        self._image.grad = None

    def step(self, evaluate: Callable[[], Tensor]) -> None:
        """Take the evaluation away."""
        raise _Taken(evaluate)


def _taken(checkout: Path, words: list[str]) -> Callable[[], Tensor]:
    with _started_as(checkout, words):
        import neural_style as program  # type: ignore[import-not-found]

        program.setup_optimizer = lambda image: (_Asker(image), 1)
        try:
            program.main()
        except _Taken as taken:
            evaluate: Callable[[], Tensor] = taken.args[0]
            return evaluate
    raise genart.GenartError(f"{checkout} ended before its first step.")


@contextmanager
def _started_as(checkout: Path, words: list[str]) -> Iterator[None]:
    """The program reads its command line when it is imported."""
    before, path = sys.argv, list(sys.path)
    sys.argv, sys.path = ["neural_style.py", *words], [str(checkout), *sys.path]
    sys.modules.pop("neural_style", None)
    try:
        yield
    finally:
        sys.argv, sys.path = before, path
