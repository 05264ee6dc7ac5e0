"""Settings of the training. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass

import genart

from .architecture import (
    NORMS,
    UPS,
    Shape,
    resnet,
    unet,
)

_LOSSES = ("lsgan", "vanilla", "wgangp")
_SCHEDULES = ("linear", "cosine", "step", "plateau", "constant")
_INITS = ("normal", "xavier", "kaiming", "orthogonal")

_say = genart.training.setting


@dataclass(frozen=True)
class Settings(genart.training.TrainingSettings):
    """What both trainers have; the defaults are the papers'.

    Raises:
        UsageError: a value out of range, or two that exclude each other.
    """

    data_b: str = _say(
        "", "folder or zip of the second domain; without it --data contains trainA, trainB"
    )
    reverse: bool = _say(False, "swap the two domains")
    resolution: int = _say(256, "side of the images in pixels")
    jitter: float = _say(286 / 256, "enlargement before the random crop; 1 for none")
    flip: bool = _say(True, "mirror half of the images")
    epochs: float = _say(100.0, "epochs at the full learning rate")
    decay: float = _say(100.0, "epochs in which the learning rate falls to 0")
    batch: int = _say(1, "images per step")
    seed: int = _say(0, "seed of weights, order and crops")
    network: str = _say("resnet", "resnet or unet")
    blocks: int = _say(9, "residual blocks of a resnet")
    levels: int = _say(8, "levels of a unet")
    filters: int = _say(64, "channels of the first layer")
    most: int = _say(8, "limit of a unet's channels, as a multiple of the filters")
    norm: str = _say("instance", "instance, batch or none; also in the discriminator")
    dropout: bool = _say(False, "dropout in the residual blocks or the upsampling layers")
    up: str = _say("transposed", "transposed, or resizing by nearest, bilinear or corners")
    critic_filters: int = _say(64, "channels of the discriminator's first layer")
    critic_layers: int = _say(3, "layers of the discriminator: 3 for 70x70 patches, 0 for pixels")
    loss: str = _say("lsgan", "lsgan, vanilla (cross-entropy) or wgangp (Wasserstein)")
    penalty: float = _say(10.0, "weight of the gradient penalty of wgangp")
    lr: float = _say(2e-4, "learning rate")
    beta1: float = _say(0.5, "first momentum of Adam")
    schedule: str = _say("linear", "linear, cosine, step, plateau or constant")
    step_epochs: float = _say(50.0, "epochs between learning-rate drops (schedule=step)")
    init: str = _say("normal", "initial weights: normal, xavier, kaiming or orthogonal")
    init_gain: float = _say(0.02, "standard deviation of the initial weights")
    pool: int = _say(50, "size of the pool of older fakes; 0 for none")
    ema: float = _say(0.0, "half-life in steps of averaged generators; 0 for no averaging")
    amp: bool = _say(True, "mixed precision, on CUDA")
    log_steps: int = _say(100, "steps between lines of the log")
    snapshot_steps: int = _say(5000, "steps between snapshots")
    note: str = _say("", "source of the data, stored in the model file")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("network", ("resnet", "unet"))
        self._one_of("norm", NORMS)
        self._one_of("up", UPS)
        self._one_of("loss", _LOSSES)
        self._one_of("schedule", _SCHEDULES)
        self._one_of("init", _INITS)
        self.check_positive(
            "batch", "filters", "most", "critic_filters", "lr", "log_steps", "snapshot_steps",
            "step_epochs", "resolution",
        )  # fmt: skip
        self.check_not_negative("epochs", "decay", "pool", "ema", "penalty")
        self.check("epochs", self.epochs + self.decay > 0, "more than 0, together with decay")
        self.check("jitter", 1 <= self.jitter <= 2, "1 to 2")
        self.check("beta1", 0 <= self.beta1 < 1, "0 to below 1")
        self.check("critic_layers", 0 <= self.critic_layers <= 8, "0 to 8")
        if self.loss == "wgangp" and self.norm == "batch":
            raise genart.UsageError(
                "The gradient penalty needs single images, batch norm uses the whole batch; "
                "with loss wgangp use norm instance or none."
            )
        self._check_side()

    def _one_of(self, name: str, allowed: tuple[str, ...]) -> None:
        self.check(name, getattr(self, name) in allowed, ", ".join(allowed))

    def _check_side(self) -> None:
        """A side that generator and discriminator accept; a norm over one value gives 0."""
        shape, side = self.shape(), self.resolution
        if side % shape.multiple or side < shape.least:
            least = -(-max(side, shape.least) // shape.multiple) * shape.multiple
            raise genart.UsageError(
                f"A {shape.kind} of this depth needs multiples of {shape.multiple} from "
                f"{shape.least} pixels on, not {side}; use {least}, or fewer levels."
            )
        least = 3 * 2**self.critic_layers if self.critic_layers else 1
        if side < least:
            raise genart.UsageError(
                f"Images of {side} pixels are too small for a discriminator of "
                f"{self.critic_layers} "
                f"layers; use {least} pixels or more, or fewer layers."
            )

    def shape(self) -> Shape:
        """The shape of the generators."""
        bias = self.norm != "batch"
        if self.network == "resnet":
            made = resnet(
                self.blocks, self.filters, norm=self.norm, dropout=int(self.dropout), up=self.up,
                bias=bias, up_bias=bias,
            )  # fmt: skip
            return made
        dropping = max(self.levels - 5, 1) if self.dropout and self.levels > 2 else 0
        return unet(
            self.levels, self.filters, self.most, norm=self.norm, dropout=dropping, up=self.up,
            bias=bias, up_bias=bias,
        )  # fmt: skip


@dataclass(frozen=True)
class CycleGANSettings(Settings):
    """CycleGAN's (Zhu et al. 2017, section 4 and 7.1)."""

    cycle: float = _say(10.0, "weight of the cycle loss, lambda")
    identity: float = _say(0.5, "weight of the identity loss, times lambda; 0 for none")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_not_negative("cycle", "identity")


@dataclass(frozen=True)
class Pix2PixSettings(Settings):
    """pix2pix's (Isola et al. 2017, section 3 and 6.2)."""

    network: str = _say("unet", "unet or resnet")
    norm: str = _say("batch", "batch, instance or none; also in the discriminator")
    dropout: bool = _say(True, "dropout in the upsampling layers or the residual blocks")
    loss: str = _say("vanilla", "vanilla (cross-entropy), lsgan or wgangp (Wasserstein)")
    pool: int = _say(0, "size of the pool of older fakes; 0 for none")
    l1: float = _say(100.0, "weight of the L1 loss")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_not_negative("l1")
