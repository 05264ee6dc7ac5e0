"""Find a model: an included one by name, a file, or a URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn, cast

import torch

import genart
from genart_translate import pth_reader

from .architecture import Shape
from .model_file import fill, read_shape
from .networks import ResNet, UNet
from .translator import Translator

SHIPPED = Path(__file__).parent / "models"
_SUFFIXES = (".safetensors", ".pth", ".pt")


def shipped() -> dict[str, Path]:
    """The included models, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.safetensors"))}


def open_translator(model: str | Path, **options: Any) -> Translator:
    """The stylizer of a model.

    Args:
        model: a shipped model's name, a file (our .safetensors, or a public `*_net_G*.pth`), or an
            http(s) URL of one. A file is read and never executed.
        options: of `Translator`.

    Raises:
        UnknownName: no such model and no such file.
        CheckpointError: a file that cannot be used; the message says what is missing.
    """
    text = str(model)
    if text in shipped():
        return _opened(shipped()[text], text, options)
    if text.startswith(("http://", "https://")):
        return _opened(genart.models.fetch(text), Path(text.partition("#")[0]).stem, options)
    path = Path(model).expanduser()
    if path.is_file():
        return _opened(path, path.stem, options)
    if path.is_dir():
        raise genart.UsageError(f'"{text}" is a folder. Name the model file in it.')
    if path.suffix.lower() in _SUFFIXES or len(path.parts) > 1:
        raise genart.UsageError(f'There is no model file "{text}".')
    hint = "A path or an http(s) URL of a model file works too."
    raise genart.errors.UnknownName("translation model", text, shipped(), hint)


def _opened(path: Path, name: str, options: dict[str, Any]) -> Translator:
    checkpoint = genart.checkpoints.read_checkpoint(path)
    shape = read_shape(checkpoint)
    if shape is not None:
        network = fill(checkpoint, shape, checkpoint.tree)
        facts = {k: v for k, v in checkpoint.metadata.items() if not k.startswith("genart.")}
        assumed: tuple[str, ...] = ()
    else:
        found, state = found_in(checkpoint)
        network = fill(checkpoint, found.shape, found.renamed(state))
        facts, assumed = {"source": f"public checkpoint {path.name}"}, found.assumed
    return Translator(
        cast(ResNet | UNet, network), name=name, metadata=facts, assumed=assumed, **options
    )


def found_in(
    checkpoint: genart.checkpoints.Checkpoint,
) -> tuple[pth_reader.Found, dict[str, torch.Tensor]]:
    """The generator in a public file, and its tensors by their own names.

    Raises:
        CheckpointError: no generator; the message says what the file is or what is missing.
    """
    tree = checkpoint.tree
    if isinstance(tree, dict) and tree.get("kind") in ("cyclegan", "pix2pix") and "nets" in tree:
        _unknown(checkpoint, "it is a training snapshot. Use the .safetensors file beside it.")
    architecture = checkpoint.metadata.get("genart.architecture")
    if architecture:
        _unknown(checkpoint, f'it is a "{architecture}" and not an image-to-image generator.')
    state = pth_reader.tensors_of(checkpoint)
    try:
        return pth_reader.find(state), state
    except pth_reader.UnknownWeights as error:
        _unknown(checkpoint, str(error))


def _unknown(checkpoint: genart.checkpoints.Checkpoint, why: str) -> NoReturn:
    raise genart.errors.CheckpointError(
        f'"{checkpoint.path}" contains no CycleGAN or pix2pix generator: {why}'
    )


class TranslationReader:
    """Knows these files for `genart info`; they are stylizers and no generators of latents."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """A summary from header or weights; None for other files."""
        shape, assumed = read_shape(checkpoint), tuple[str, ...]()
        facts = {k: v for k, v in checkpoint.metadata.items() if not k.startswith("genart.")}
        if shape is None:
            try:
                found = pth_reader.find(pth_reader.tensors_of(checkpoint))
            except pth_reader.UnknownWeights:
                return None
            shape, assumed, facts = found.shape, found.assumed, {"release": "public"}
        return summary(shape) | facts | ({"assumed": list(assumed)} if assumed else {})

    def load(
        self, checkpoint: genart.checkpoints.Checkpoint, *, name: str, device: torch.device
    ) -> genart.Generator:
        """Refuse, because it makes images from images, not from latents.

        Raises:
            UsageError: always.
        """
        raise genart.UsageError(
            f'"{checkpoint.path}" translates images. Use it with `genart translate '
            f'--model`, or as a style: "cyclegan:{checkpoint.path}".'
        )


def summary(shape: Shape) -> dict[str, Any]:
    """The facts that `genart info` shows for a generator of this architecture."""
    return {
        "kind": "stylizer",
        "architecture": shape.kind,
        "about": shape.describe(),
        "multiple": shape.multiple,
        "shape": shape.to_dict(),
    }
