"""The state of a fast style's training and one step of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import genart

from .fast_data import ContentImages
from .fast_files import style_name
from .fast_losses import (
    StyleLosses,
    loss_network,
    out_of_range,
    variation,
)
from .fast_settings import FastSettings
from .transform import (
    ConditionalColour,
    ConditionalNorm,
    Layout,
    TransformNet,
    johnson,
    small,
)

_NOISE = 0.04  # standard deviation of the noise that films must bear, in -1..1
_FIRST = 16  # images that estimate the colour statistics of the data
_GRID = 4  # the loss uses images shifted by up to this many pixels
_EMA_RAMP = 10  # at step n the decay of the average is at most n / (n + 10)
_SHIFT = 3  # pixels that a film may move between frames, in every direction


def style_names(texts: Sequence[str]) -> dict[str, Path]:
    """Names and images of styles given as IMAGE or NAME=IMAGE.

    Raises:
        UsageError: two styles of one name.
    """
    named: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        file = Path(path if equals else text)
        name = name if equals else file.stem
        slug = style_name(name)
        if slug in named or not slug:
            raise genart.UsageError(f'Style "{slug}" occurs twice or has no name. Use NAME={file}.')
        named[slug] = file
    return named


class FastTraining:
    """Network, optimiser, averages and counters of one run.

    Everything that decides the next step is in `state()`, so that a resumed run equals an
    uninterrupted one.

    Args:
        settings: of the run.
        data: what it learns from.
        device: where to train.

    Raises:
        DataError: a style image that cannot be read.
        UsageError: no such feature network.
    """

    def __init__(self, settings: FastSettings, data: ContentImages, device: torch.device) -> None:
        self.settings, self.data, self.device = settings, data, device
        self.styles = style_names(settings.style)
        maps = loss_network(settings.features, str(device))
        self.loss_network = maps.title
        pictures = [self._style(path) for path in self.styles.values()]
        self.losses = StyleLosses(maps, pictures)
        self.random = torch.Generator().manual_seed(settings.seed)
        net = _initial(_layout(settings, len(self.styles)), settings.seed)
        if net.layout.direct:
            _start_in_colour(net, data.draw(_FIRST, self.random), pictures)
        self.net = net.to(device)
        self.average = genart.training.WeightAverage(self.net)
        self.optimiser = torch.optim.Adam(_groups(self.net))
        self.steps = 0

    def _style(self, path: Path) -> Tensor:
        picture = genart.to_image(path)
        scale = self.settings.style_size / self.settings.stroke / min(picture.shape[-2:])
        size = [max(round(side * scale), 1) for side in picture.shape[-2:]]
        small = F.interpolate(picture, size, mode="bicubic", antialias=True, align_corners=False)
        return small.clamp(-1, 1).to(self.device)

    def step(self) -> dict[str, float]:
        """Train on a batch, each image with its own style; returns what to log."""
        s = self.settings
        content = self.data.draw(s.batch, self.random).to(self.device)
        style = torch.randint(len(self.styles), (s.batch,), generator=self.random).to(self.device)
        mix = F.one_hot(style, len(self.styles)).to(content)
        painted = self.net(content, mix)
        judged, kept = self._seen(painted, content)
        like, far = self.losses(judged, kept, style)
        figures = {"content": like, "style": far, "tv": variation(painted)}
        if s.temporal_weight:
            figures["temporal"] = self._temporal_loss(content, mix, painted)
        loss = out_of_range(painted)
        for name, value in figures.items():
            loss = loss + getattr(s, f"{name}_weight") * value
        for group in self.optimiser.param_groups:
            group["lr"] = group["times"] * s.lr * min(1.0, (self.steps + 1) / (s.warmup + 1))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.steps += 1
        self.average.update(self.net, min(s.average, self.steps / (self.steps + _EMA_RAMP)))
        return {"loss": loss.item(), **{name: value.item() for name, value in figures.items()}}

    def _seen(self, *images: Tensor) -> list[Tensor]:
        """Images for the loss: smaller, and shifted at random.

        Where they begin keeps the network from painting the grid of its own strides, to which the
        loss network's strides would miss it.
        """
        stroke = self.settings.stroke
        top, left = torch.randint(_GRID, (2,), generator=self.random).tolist()
        begun = (F.pad(image, (left, 0, top, 0), mode="reflect") for image in images)
        return [F.avg_pool2d(image, stroke) for image in begun]

    def _temporal_loss(self, content: Tensor, mix: Tensor, painted: Tensor) -> Tensor:
        """How much a painting changes when its image moves by some pixels and is noisy."""
        noise = torch.randn(content.shape, generator=self.random).to(content) * _NOISE
        down, right = torch.randint(-_SHIFT, _SHIFT + 1, (2,), generator=self.random).tolist()
        moved = torch.roll(content, (down, right), (2, 3)) + noise
        again = torch.roll(self.net(moved, mix), (-down, -right), (2, 3))
        inner = (..., slice(16, -16), slice(16, -16))  # beyond the edges that went round
        return (again[inner] - painted[inner]).square().mean()

    def state(self) -> dict[str, Any]:
        """What the next step depends on."""
        return {
            "fast_style": 1,
            "steps": self.steps,
            "settings": self.settings.to_dict(),
            "styles": list(self.styles),
            "net": self.net.state_dict(),
            "averaged": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": self.random.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        self.steps = state["steps"]
        self.net.load_state_dict(state["net"])
        self.average.network.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.random.set_state(state["random"])


def _layout(settings: FastSettings, styles: int) -> Layout:
    make = {"small": small, "johnson": johnson}[settings.net]
    return make(settings.width, settings.blocks, styles)


def _groups(net: TransformNet) -> list[dict[str, Any]]:
    """Parameters shared by all styles, and those of one style, which are trained less often."""
    own = (ConditionalNorm, ConditionalColour)
    styled = {p for m in net.modules() if isinstance(m, own) for p in m.parameters()}
    shared = [p for p in net.parameters() if p not in styled]
    mine = [p for p in net.parameters() if p in styled]
    return [{"params": shared, "times": 1}, {"params": mine, "times": net.layout.styles}]


def _initial(layout: Layout, seed: int) -> TransformNet:
    """A network of random weights, drawn without touching the program's own chance."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return TransformNet(layout)


def _start_in_colour(net: TransformNet, content: Tensor, styles: Sequence[Tensor]) -> None:
    """Initialise the colour matrices from the content's mean and covariance to each style's."""
    colour = net.get_submodule("colour")
    assert isinstance(colour, ConditionalColour)
    mean, spread = _statistics(content)
    for n, picture in enumerate(styles):
        wanted, wide = _statistics(picture.cpu())
        matrix = _root(wide) @ torch.linalg.inv(_root(spread))
        colour.weight.data[n], colour.bias.data[n] = matrix, wanted - matrix @ mean


def _statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of colours; no colour is quite without spread."""
    flat = images.movedim(1, 0).flatten(1)
    return flat.mean(1), torch.cov(flat) + 1e-3 * torch.eye(3)


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a covariance."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = vectors * values.clamp_min(0).sqrt() @ vectors.mT
    return root
