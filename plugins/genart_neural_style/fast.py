"""The stylizer `fast`: repaint an image in one pass, fast enough for live use."""

from __future__ import annotations

import zlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import genart

from .fast_files import FastModel, read_fast, style_name
from .kernel_plan import FastTransform
from .transform import SMALLEST

#: The folder of the included styles.
SHIPPED = Path(__file__).with_name("styles")
_SUFFIXES = (".safetensors", ".pth", ".pt")
EDGE = 8  # pixels by which an image is continued: the edge of a painting is cut off
#: The luma of a colour (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


class Fast(genart.DynamicParams):
    """Repaints images with a network that holds one style or several.

    Every style is a Param, its share 0..1, so that styles are mixed like channels of an audio
    mixer: shares that add up to 1 or more give a painting, in which each style counts by its share;
    below 1 the original image shows through, and at 0 nothing is computed.

    Args:
        model: the network.
        style: the style that is on at the start.

    Attributes:
        model: the network.
        styles: the name of each style's Param, and the style.
    """

    own_colour = genart.Param(
        0.0,
        0.0,
        1.0,
        help="Share of the image's own colours; the style then changes brightness only.",
    )

    def __init__(self, model: FastModel, style: str) -> None:
        styles = {_param(name): name for name in model.styles}
        super().__init__(
            {
                param: genart.Param(0.0, 0.0, 1.0, help=f"Share of the style {name}.")
                for param, name in styles.items()
            }
        )
        self.model, self.styles, self._transform = model, styles, FastTransform(model.net)
        for param, name in styles.items():
            setattr(self, param, float(name == style))

    def __call__(self, image: genart.Image) -> genart.Image:
        """Paint images of any size.

        Args:
            image: torch float (n, 3, h, w) in -1..1, or anything else that `genart.to_image`
                takes.
        """
        image = genart.to_image(image)
        shares = [float(getattr(self, param)) for param in self.styles]
        total = sum(shares)
        if total <= 0:
            return image
        mix = torch.tensor([[share / total for share in shares]], device=image.device)
        with torch.no_grad():
            painted = self._painted(image.detach().float(), mix)
            if self.own_colour:
                painted = _coloured(painted, image.float(), self.own_colour)
            if total < 1:
                painted = torch.lerp(image.float(), painted, total)
        return painted.to(image)

    def _painted(self, image: Tensor, mix: Tensor) -> Tensor:
        net = self.model.net.to(image.device)
        height, width = image.shape[-2:]
        edge = EDGE if net.layout.direct else 0  # others' networks paint as their own code does
        right, below = (_missing(side + 2 * edge, net.layout.factor) for side in (width, height))
        pads = (edge, edge + right, edge, edge + below)
        if any(pads):
            mode = "reflect" if min(height, width) > max(pads) else "replicate"
            image = F.pad(image, pads, mode=mode)
        cut = self._transform(image, mix)[..., edge : edge + height, edge : edge + width]
        return cut.clamp(-1, 1)


def fast(style: str = "", model: str | Path = "") -> Fast:
    """A stylizer for an included style or a model file.

    Args:
        style: the style that is on at the start: a shipped one by name, one of `model`, or a file
            of its own (`mine.safetensors`, `mosaic.pth`; `mine.safetensors#sea` names one in it).
        model: a file of `genart train fast`, or a .pth of the PyTorch examples.

    Raises:
        UnknownName: no such style.
        CheckpointError: a file that cannot be read or is no fast style.
    """
    if not model and _is_file(style):
        model, _, style = style.partition("#")
    path = Path(model) if model else _shipped(style)
    read = read_fast(path)
    style = style if style in read.styles else style_name(style)
    if style and style not in read.styles:
        raise genart.errors.UnknownName(
            "style", style, read.styles, f"{path} contains no other style."
        )
    return Fast(read, style or read.styles[0])


def shipped() -> dict[str, Path]:
    """The included styles, by name, with their files."""
    found: dict[str, Path] = {}
    for path in sorted(SHIPPED.glob("*.safetensors")):
        found |= dict.fromkeys(read_fast(path).styles, path)
    return found


def _shipped(style: str) -> Path:
    styles = shipped()
    if style not in styles and style:
        hint = "You can also name a file: mine.safetensors, or mosaic.pth."
        raise genart.errors.UnknownName("style", style, styles, hint)
    return styles[style] if style else next(iter(styles.values()))


def _is_file(text: str) -> bool:
    path = Path(text.partition("#")[0])
    return path.suffix.lower() in _SUFFIXES or len(path.parts) > 1 or path.is_file()


def _param(style: str) -> str:
    """A Param's name for a style's: an ASCII identifier, for OSC, that means nothing else yet."""
    name = "".join(c if c.isalnum() and c.isascii() else "_" for c in style.lower()) or "style"
    if not style.isascii():  # two names of another script must not become one
        name = f"{name.strip('_') or 'style'}_{zlib.crc32(style.encode()):08x}"
    taken = hasattr(Fast, name) or name in ("chain", "amount", "size", "model", "styles")
    return f"{name}_style" if taken else name


def _missing(side: int, factor: int) -> int:
    """How many pixels a side lacks of what the network takes."""
    return max(-side % factor, SMALLEST - side)


def _coloured(painted: Tensor, image: Tensor, share: float) -> Tensor:
    """A painting with a share of the image's own colours: its light under their chroma."""
    weights = torch.tensor(_LUMA, device=image.device)[:, None, None]
    light, own = ((x * weights).sum(1, keepdim=True) for x in (painted, image))
    return torch.lerp(painted, (image - own + light).clamp(-1, 1), share)
