"""A training step of NVIDIA's StyleGAN2-ADA through its public names, for comparison.

Nothing of it is copied or read here, see official.py. The step around its loss is genart's: the
networks alternate, gradients that are not finite are replaced, Adam, a running average.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import genart

from .config import Config
from .official import official

#: What `augpipe` "bgc" stands for there.
_BGC = (
    "xflip", "rotate90", "xint", "scale", "rotate", "aniso", "xfrac", "brightness", "contrast",
    "lumaflip", "hue", "saturation",
)  # fmt: skip


class OfficialStep:
    """The official networks and loss, with an optimiser each.

    Args:
        checkout: a clone of stylegan2-ada-pytorch.
        config: the generator's shape; the discriminator's is its mirror.
        batch: images per step.
        p: augmentation probability with "bgc"; 0 leaves it out.
        device: where to train.

    Raises:
        UsageError: a checkout without the loss of StyleGAN2-ADA.
    """

    def __init__(
        self, checkout: Path, config: Config, batch: int, p: float = 0.0, device: str = "cpu"
    ) -> None:
        self.generator = official(checkout, config).train().requires_grad_(True).to(device)
        self.batch, self.device, self.z_dim = batch, device, config.z_dim
        self.critic = _made(
            "training.networks.Discriminator", c_dim=0, img_resolution=config.img_resolution,
            img_channels=3, channel_base=config.channel_base, channel_max=config.channel_max,
        ).to(device)  # fmt: skip
        pipe = None
        if p:
            pipe = _made("training.augment.AugmentPipe", **dict.fromkeys(_BGC, 1)).to(device)
            pipe.p.fill_(p)
        self.loss = _made(
            "training.loss.StyleGAN2Loss", device=torch.device(device), D=self.critic,
            G_mapping=self.generator.mapping, G_synthesis=self.generator.synthesis,
            augment_pipe=pipe, r1_gamma=1.0, style_mixing_prob=0.9, pl_weight=2,
        )  # fmt: skip
        self.averaged = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.optimisers = {
            net: torch.optim.Adam(net.parameters(), lr=0.0025, betas=(0.0, 0.99), eps=1e-8)
            for net in (self.generator, self.critic)
        }

    def step(self, reals: Tensor) -> None:
        """Generator and discriminator once, and the average; reals (n, 3, h, w) in -1..1."""
        self.phase("Gmain", self.generator, reals)
        self.phase("Dmain", self.critic, reals)
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.generator.parameters(), strict=True)
            for mean, now in pairs:
                mean.copy_(now.lerp(mean, 0.999))

    def regularise(self, phase: str, reals: Tensor) -> None:
        """Path lengths ("Greg") or R1 ("Dreg") once."""
        self.phase(phase, self.generator if phase == "Greg" else self.critic, reals)

    def phase(self, name: str, net: Any, reals: Tensor) -> None:
        """One of the loss's phases, and a step of the network that it trains."""
        for each in self.optimisers:
            each.requires_grad_(each is net)
        optimiser = self.optimisers[net]
        optimiser.zero_grad(set_to_none=True)
        label = torch.zeros(self.batch, 0, device=self.device)
        self.loss.accumulate_gradients(
            phase=name, real_img=reals, real_c=label, gen_c=label, sync=True, gain=1,
            gen_z=torch.randn(self.batch, self.z_dim, device=self.device),
        )  # fmt: skip
        for parameter in net.parameters():
            if parameter.grad is not None:
                torch.nan_to_num(
                    parameter.grad, nan=0.0, posinf=1e5, neginf=-1e5, out=parameter.grad
                )
        optimiser.step()


def _made(name: str, **words: Any) -> Any:
    """What a public name of the checkout makes."""
    try:
        import dnnlib  # type: ignore[import-not-found]

        make: Callable[..., Any] = dnnlib.util.construct_class_by_name
        return make(class_name=name, **words)
    except (ImportError, AttributeError, TypeError) as error:
        raise genart.UsageError(
            f"The checkout has no {name} as stylegan2-ada-pytorch has it: {error}."
        ) from error
