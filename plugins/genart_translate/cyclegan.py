"""CycleGAN: two domains, no pairs (Zhu et al. 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .data import Domains
from .settings import CycleGANSettings
from .training import Training

_SHOWN = 4  # images of a domain on a sheet


class CycleGAN(Training):
    """Two generators, each the inverse of the other, and a discriminator for each domain.

    Args:
        settings: of the run.
        data: the two domains.
        device: where to train.
    """

    generators = ("a_to_b", "b_to_a")
    critics = ("critic_a", "critic_b")
    settings: CycleGANSettings

    def __init__(self, settings: CycleGANSettings, data: Domains, device: torch.device) -> None:
        super().__init__(settings, data, device)

    def _next(self) -> tuple[Tensor, Tensor]:
        draws = torch.rand(2, self.settings.batch, 3)
        a = self._jittered(self.data.a, self._order("a", len(self.data.a)), draws[0])
        return a, self._jittered(self.data.b, self._order("b", len(self.data.b)), draws[1])

    def _step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Generators, then discriminators."""
        self._train_critics(False)
        loss, fakes, log = self._generator_loss(a, b)
        self._descend(self.g_opt, loss)
        self._train_critics(True)
        d_loss = torch.zeros([], device=self.device)
        for name, reals in (("critic_a", a), ("critic_b", b)):
            d_loss = d_loss + self._critic_loss(name, reals, self.pools[name].exchange(fakes[name]))
        self._descend(self.d_opt, d_loss)
        self.scaler.update()
        return log | {"g": loss.item(), "d": d_loss.item()}

    def _generator_loss(
        self, a: Tensor, b: Tensor
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, float]]:
        """The loss of the generators, the fakes by discriminator, what to log."""
        s, there, back = self.settings, self.nets["a_to_b"], self.nets["b_to_a"]
        with self._autocast():
            fake_b, fake_a = there(a), back(b)
            cycle = F.l1_loss(back(fake_b), a) + F.l1_loss(there(fake_a), b)
            fooled = self._like(self.nets["critic_b"](fake_b), True)
            fooled = fooled + self._like(self.nets["critic_a"](fake_a), True)
            loss = fooled + s.cycle * cycle
            log = {"cycle": cycle.item(), "fool": fooled.item()}
            if s.identity:
                same = F.l1_loss(there(b), b) + F.l1_loss(back(a), a)
                loss = loss + s.identity * s.cycle * same
                log["identity"] = same.item()
        return loss, {"critic_a": fake_a, "critic_b": fake_b}, log

    def sheet(self) -> list[list[Tensor]]:
        """Rows of an image, its translation, and the back-translation: domain a, then domain b."""
        rows = []
        for domain, there, back in (
            (self.data.a, "a_to_b", "b_to_a"), (self.data.b, "b_to_a", "a_to_b"),
        ):  # fmt: skip
            for place in _spread(len(domain), _SHOWN):
                image = self._middle(domain, place)
                made = self._shown(there, image)
                rows.append([image, made, self._shown(back, made)])
        return rows


def _spread(count: int, wanted: int) -> list[int]:
    """Positions spread over a domain, so that a sheet shows more than its first folder."""
    return sorted({i * count // wanted for i in range(wanted)})
