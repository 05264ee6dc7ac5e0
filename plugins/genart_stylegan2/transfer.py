"""Starts a training from the weights of a trained model: `genart train stylegan2 --transfer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

import genart

from .config import Config
from .generator import StyleGAN2
from .nvidia_reader import read_discriminator

if TYPE_CHECKING:
    from .training import Training

#: Settings of a training that its networks must share with the model, by their name in `Config`.
_SETTINGS = {
    "img_resolution": "resolution", "z_dim": "z-dim", "w_dim": "w-dim",
    "mapping_layers": "mapping-layers",
}  # fmt: skip
#: What else must agree; no setting changes it.
_FIXED = (
    "img_channels", "mapping_lr_multiplier", "architecture", "resample_filter", "use_noise",
)  # fmt: skip


def start_from(run: Training, source: str) -> None:
    """Load the generator of a model, and its discriminator where the file has one that fits.

    Args:
        run: a run that has done no step.
        source: the name, file or URL of a StyleGAN2: `.pkl`, `.pt` or `.safetensors`.

    Raises:
        UsageError: another kind of model, or one of another shape; the message has the options
            that fit.
        CheckpointError: a file that no reader knows.
    """
    model = genart.load(source, "cpu")
    if not isinstance(model, StyleGAN2) or model.inner is not None:
        raise genart.UsageError(f'"{source}" is not a StyleGAN2, so its weights cannot be used.')
    _check_shape(run.config, model.config, source)
    weights = model.network.state_dict()
    run.generator.load_state_dict(weights)
    run.average.network.load_state_dict(weights)
    if not run.hinge:
        _start_critic(run, model)


def _check_shape(ours: Config, theirs: Config, source: str) -> None:
    options = [
        f"--{option} {getattr(theirs, name)}"
        for name, option in _SETTINGS.items()
        if getattr(ours, name) != getattr(theirs, name)
    ]
    if [*map(ours.channels, ours.resolutions)] != [*map(theirs.channels, theirs.resolutions)]:
        options += [f"--channel-base {theirs.channel_base}", f"--channel-max {theirs.channel_max}"]
    other = [
        f"{name} {getattr(theirs, name)} (a training has {getattr(ours, name)})"
        for name in _FIXED
        if getattr(ours, name) != getattr(theirs, name)
    ]
    if other:
        raise genart.UsageError(f'"{source}" cannot be trained further: {"; ".join(other)}.')
    if ours.c_dim != theirs.c_dim:
        raise genart.UsageError(
            f'"{source}" has {theirs.c_dim} classes and this training {ours.c_dim}; '
            "--cond trains with the classes of dataset.json."
        )
    if options:
        raise genart.UsageError(f'To start from "{source}", use {" ".join(options)}.')


def _start_critic(run: Training, model: StyleGAN2) -> None:
    """Load the discriminator of an NVIDIA pickle if it has the shape of this run's."""
    if model.source is None or model.source.suffix != ".pkl":
        return
    found = read_discriminator(genart.checkpoints.read_checkpoint(model.source))
    net = getattr(run.critic, "net", None)
    if found is not None and isinstance(net, nn.Module) and _shapes(found) == _shapes(net):
        net.load_state_dict(found.state_dict())


def _shapes(net: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in net.state_dict().items()}
