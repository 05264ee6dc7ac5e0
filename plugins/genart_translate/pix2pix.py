"""pix2pix: pairs of images (Isola et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Domains
from .settings import Pix2PixSettings
from .training import Training

_SHOWN = 8  # pairs on a sheet


class Pix2Pix(Training):
    """A generator, and a discriminator that sees the source beside the image.

    Args:
        settings: of the run.
        data: pairs.
        device: where to train.
    """

    generators = ("a_to_b",)
    critics = ("critic",)
    settings: Pix2PixSettings

    def __init__(self, settings: Pix2PixSettings, data: Domains, device: torch.device) -> None:
        super().__init__(settings, data, device)

    def _critic_channels(self) -> int:
        return 6

    def _next(self) -> tuple[Tensor, Tensor]:
        draws, index = torch.rand(self.settings.batch, 3), self._order("a", len(self.data.a))
        return (
            self._jittered(self.data.a, index, draws),
            self._jittered(self.data.b, index, draws),
        )

    def _step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Discriminator, then generator."""
        with self._autocast():
            fake = self.nets["a_to_b"](a)
        self._train_critics(True)
        seen = self.pools["critic"].exchange(torch.cat([a, fake], 1))
        d_loss = self._critic_loss("critic", torch.cat([a, b], 1), seen)
        self._descend(self.d_opt, d_loss)
        self._train_critics(False)
        with self._autocast():
            fooled = self._like(self.nets["critic"](torch.cat([a, fake], 1)), True)
            l1 = F.l1_loss(fake.float(), b)
            loss = fooled + self.settings.l1 * l1
        self._descend(self.g_opt, loss)
        self.scaler.update()
        return {"l1": l1.item(), "fool": fooled.item(), "g": loss.item(), "d": d_loss.item()}

    def sheet(self) -> list[list[Tensor]]:
        """Rows of two pairs: source, translation, what it should have been."""
        places = sorted({i * len(self.data) // _SHOWN for i in range(_SHOWN)})
        threes = []
        for place in places:
            source = self._middle(self.data.a, place)
            made = self._shown("a_to_b", source)
            threes.append([source, made, self._middle(self.data.b, place)])
        return [
            [image for three in threes[i : i + 2] for image in three]
            for i in range(0, len(threes), 2)
        ]
