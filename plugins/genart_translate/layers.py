"""Layers of the generators and the discriminators."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart

from .architecture import Shape

EPS = 1e-5  # added to variances
_DROPPED = 0.5  # share of values that dropout sets to 0
DROPOUT_GAIN = 1 / (1 - _DROPPED)  # of the others
_MOMENTUM = 0.1  # of a batch norm's memory in training


Moments = tuple[Tensor, Tensor]  # mean and variance of each channel, (c,) each


class Norm(nn.Module):
    """Normalisation by an image's own statistics, or by statistics that were given.

    In training a batch norm follows torch's; outside it takes each image's own statistics where
    `own` is set, which is the paper's test time (Isola et al. 2017, section 3.4).

    Args:
        kind: "instance", "affine" or "batch", see `Shape`.
        channels: how many.

    Attributes:
        own: whether a batch norm takes an image's own statistics outside training.
        fixed: statistics to use instead, for tiles of one image.
        noted: where to put the statistics of what comes, or None.
    """

    def __init__(self, kind: str, channels: int) -> None:
        super().__init__()
        self.batch = kind == "batch"
        self.own = not self.batch
        self.fixed: Moments | None = None
        self.noted: list[Moments] | None = None
        shaped = kind != "instance"
        self.weight = nn.Parameter(torch.ones(channels)) if shaped else None
        self.bias = nn.Parameter(torch.zeros(channels)) if shaped else None
        if self.batch:
            self.register_buffer("running_mean", torch.zeros(channels))
            self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to the same.

        Raises:
            UsageError: one number a channel, which a norm would make 0.
        """
        if self.batch and self.training:
            return self._by(x, self.given(), True)
        if not self.measures:
            return self._by(x, self.given(), False)
        if x.shape[2] * x.shape[3] == 1:
            raise genart.UsageError("The image is too small for this network's norms.")
        if self.noted is not None:
            variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            self.noted.append((mean, variance))
        if len(x) == 1:  # the same, and it keeps the order of memory
            return self._by(x, None, True)
        return F.instance_norm(x, weight=self.weight, bias=self.bias, eps=EPS)

    @property
    def measures(self) -> bool:
        """Whether it uses the statistics of what comes, outside training."""
        return self.own and self.fixed is None

    def given(self) -> Moments:
        """The statistics that are used otherwise."""
        if self.fixed is not None:
            return self.fixed
        return self.get_buffer("running_mean"), self.get_buffer("running_var")

    def _by(self, x: Tensor, moments: Moments | None, taken: bool) -> Tensor:
        mean, variance = moments or (None, None)
        return F.batch_norm(x, mean, variance, self.weight, self.bias, taken, _MOMENTUM, EPS)


class Dropout(nn.Module):
    """Sets half of the values to 0 and doubles the rest, in training and, if asked, after it.

    Attributes:
        seed: outside training, None leaves values alone; a number draws the mask of this layer,
            the same for every image of one size, so that films do not flicker.
        place: its number among the dropout layers of the network.
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        self.seed: int | None = None
        self.place = place
        self._mask: tuple[object, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to the same."""
        if self.training:
            return F.dropout(x, _DROPPED)
        return x if self.seed is None else x * self.mask(x)

    def mask(self, x: Tensor) -> Tensor:
        """The mask (1, c, h, w) of 0 and 2 for maps like x, kept while seed and size stay."""
        seed = self.seed or 0
        key = (seed, x.shape[1:], x.device, x.dtype)
        if self._mask is None or self._mask[0] != key:
            rng = torch.Generator().manual_seed(seed * 64 + self.place)
            kept = torch.rand(1, *x.shape[1:], generator=rng) >= _DROPPED
            self._mask = (key, kept.to(x.device, x.dtype) * DROPOUT_GAIN)
        return self._mask[1]


def make_norm(kind: str, channels: int) -> nn.Module:
    """A normalisation by its name in `Shape`."""
    return nn.Identity() if kind == "none" else Norm(kind, channels)


class Resized(nn.Module):
    """Twice the size by interpolation, then a 3x3 convolution.

    It leaves no checkerboard (Odena et al. 2016).

    Args:
        into: channels.
        out: channels.
        how: "nearest", "bilinear" or "corners".
        bias: of the convolution.
        padding: "reflect" or "zero".
    """

    def __init__(self, into: int, out: int, how: str, bias: bool, padding: str) -> None:
        super().__init__()
        self.how = how
        self.mode = "reflect" if padding == "reflect" else "constant"
        self.conv = nn.Conv2d(into, out, 3, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(n, into, h, w) to (n, out, 2 h, 2 w)."""
        if self.how == "nearest":
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        else:
            x = F.interpolate(
                x, scale_factor=2, mode="bilinear", align_corners=self.how == "corners"
            )
        made: Tensor = self.conv(F.pad(x, (1, 1, 1, 1), self.mode))
        return made


def enlarging(shape: Shape, into: int, out: int, bias: bool) -> nn.Module:
    """The layer of this shape's kind that doubles the size."""
    if shape.up != "transposed":
        return Resized(into, out, shape.up, bias, shape.up_padding)
    if shape.kind == "unet":
        return nn.ConvTranspose2d(into, out, 4, 2, 1, bias=bias)
    return nn.ConvTranspose2d(into, out, 3, 2, 1, output_padding=1, bias=bias)


@torch.no_grad()
def initialise(net: nn.Module, how: str = "normal", gain: float = 0.02) -> None:
    """Draw weights again from the global random state; biases become 0.

    Args:
        net: its convolutions are drawn by `how`, batch norms' scales from N(1, gain).
        how: "normal" is N(0, gain); "xavier", "kaiming" or "orthogonal" otherwise.
        gain: standard deviation, or the gain of xavier and orthogonal.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _draw(module.weight, how, gain)
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, Norm) and module.weight is not None and module.bias is not None:
            module.weight.normal_(1.0, gain)
            module.bias.zero_()


def _draw(weight: Tensor, how: str, gain: float) -> None:
    if how == "normal":
        weight.normal_(0.0, gain)
    elif how == "xavier":
        nn.init.xavier_normal_(weight, gain)
    elif how == "kaiming":
        nn.init.kaiming_normal_(weight)
    else:
        nn.init.orthogonal_(weight, gain)
