"""Settings of StyleGAN2 training. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass

import genart

_say = genart.training.setting


@dataclass(frozen=True)
class Settings(genart.training.TrainingSettings):
    """Settings of a training run; names as the field uses them.

    Raises:
        UsageError: a value out of range.
    """

    resolution: int = _say(128, "side of the images, a power of two from 8 to 1024")
    kimg: float = _say(1000.0, "length of the training in thousands of images")
    batch: int = _say(16, "images per step")
    seed: int = _say(0, "seed of weights, order and noise")
    cond: bool = _say(False, "train on the classes of dataset.json")
    mirror: bool = _say(True, "also use the mirrored images")
    z_dim: int = _say(512, "size of z")
    w_dim: int = _say(512, "size of w")
    mapping_layers: int = _say(8, "depth of the mapping network")
    channel_base: int = _say(16384, "channels are channel_base / resolution ...")
    channel_max: int = _say(512, "... but no more than this")
    critic: str = _say(
        "stylegan2", "discriminator: stylegan2, or projected (frozen ImageNet features; fast)"
    )
    critic_resolution: int = _say(128, "input size of the projected discriminator, 64 to 256")
    recon: float = _say(0.0, "weight of reconstruction with critic projected; 0 for none")
    recon_kimg: float = _say(10.0, "thousands of images before the discriminator starts")
    recon_every: int = _say(2, "steps between reconstruction steps after the discriminator starts")
    kl: float = _say(40.0, "KL budget of the reconstruction encoder, in nats per image")
    glr: float = _say(0.0025, "learning rate of the generator")
    dlr: float = _say(0.0025, "learning rate of the discriminator")
    gamma: float = _say(1.0, "weight of R1; 0 for none")
    r1_every: int = _say(16, "steps between R1 steps")
    pl_weight: float = _say(2.0, "weight of path length regularisation; 0 for none")
    pl_every: int = _say(4, "steps between path length steps")
    mixing: float = _say(0.9, "share of images made from two styles")
    ema_kimg: float = _say(10.0, "half-life of the averaged weights")
    ema_rampup: float = _say(0.05, "upper limit of that half-life, as a share of the images so far")
    aug: str = _say("ada", "ada (adaptive), fixed, diff (DiffAugment) or none")
    p: float = _say(0.2, "augmentation probability with --aug fixed")
    target: float = _say(0.6, "target mean sign of the discriminator on real images with --aug ada")
    ada_kimg: float = _say(500.0, "thousands of images in which p can rise from 0 to 1")
    augpipe: str = _say("bgc", "augmentations: letters of bgc (blit, geometry, colour)")
    snapshot_kimg: float = _say(10.0, "thousands of images between snapshots")
    note: str = _say("", "source of the data, stored in the model file")

    def __post_init__(self) -> None:
        super().__post_init__()
        powers = [2**i for i in range(3, 11)]
        self.check("resolution", self.resolution in powers, "a power of two from 8 to 1024")
        self.check("critic", self.critic in ("stylegan2", "projected"), "stylegan2 or projected")
        self.check("aug", self.aug in ("ada", "fixed", "diff", "none"), "ada, fixed, diff or none")
        self.check("augpipe", set(self.augpipe) <= set("bgc"), "letters of bgc")
        self.check("critic_resolution", self.critic_resolution in (64, 128, 256), "64, 128 or 256")
        self.check_positive("kimg", "batch", "glr", "dlr", "ada_kimg")
        self.check_positive("r1_every", "pl_every", "recon_every")
        if self.recon and self.critic != "projected":
            raise genart.UsageError("recon needs critic projected, because it compares features.")
        if self.recon and self.aug != "none":
            raise genart.UsageError("Reconstructions are not augmented; with recon use aug none.")
        self.check_not_negative("gamma", "pl_weight", "recon", "recon_kimg", "kl")
        for name in ("mixing", "p", "target"):
            self.check(name, 0 <= getattr(self, name) <= 1, "0..1")
        if self.critic == "projected" and self.aug == "ada":
            raise genart.UsageError(
                "Adaptive augmentation needs critic stylegan2; with critic projected use "
                "aug diff, fixed or none."
            )
