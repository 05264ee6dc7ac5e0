"""Channels of a layer to bend: all, a list, a random share, or a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from genart.errors import UsageError
from genart.latents.mixing import parse_layers

if TYPE_CHECKING:
    from genart.models.capabilities import Layered

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%(?:\s+seed\s+(\d{1,9}))?")
_CLUSTER = re.compile(r"cluster\s+(\d{1,3})\s+of\s+(\d{1,3})")
_LIST = re.compile(r"[\d\s,-]+")
MOST_CLUSTERS = 64


@dataclass(frozen=True)
class Channels:
    """Some channels of a layer.

    Args:
        text: "all"; a list such as "0-7,12" or "8-"; a random share such as "25%" or
            "25% seed 3"; or a cluster of channels that draw alike, "cluster 2 of 5".

    Raises:
        UsageError: another text.
    """

    text: str = "all"

    def __post_init__(self) -> None:
        text = self.text.strip()
        if text == "all" or _LIST.fullmatch(text):
            return
        if share := _SHARE.fullmatch(text):
            if not 0 < float(share[1]) <= 100:
                raise UsageError(
                    f'"{text}": a share of channels must be above 0 % and at most 100 %.'
                )
        elif cluster := _CLUSTER.fullmatch(text):
            which, count = int(cluster[1]), int(cluster[2])
            if not 1 <= which <= count or not 2 <= count <= MOST_CLUSTERS:
                raise UsageError(
                    f'"{text}": cluster numbers start at 1, and the number of clusters is '
                    f"2..{MOST_CLUSTERS}."
                )
        else:
            raise UsageError(
                f'"{text}" does not name channels. Write all, 0-7,12, 8-, 25%, 25% seed 3, '
                "or cluster 2 of 5."
            )

    def of(self, count: int, model: Layered, layer: str) -> torch.Tensor | None:
        """Their numbers, sorted, of a layer with so many channels; None means all.

        Args:
            count: channels of the layer.
            model: whose layer it is, asked for clusters.
            layer: its full name.

        Raises:
            UsageError: channels that the layer does not have.
        """
        text = self.text.strip()
        if text == "all":
            return None
        if share := _SHARE.fullmatch(text):
            chance = np.random.RandomState(int(share[2] or 0))
            some = max(1, round(float(share[1]) / 100 * count))
            return torch.from_numpy(np.sort(chance.permutation(count)[:some]))
        if cluster := _CLUSTER.fullmatch(text):
            from genart.bending.clusters import clusters

            own: torch.Tensor = clusters(model, layer, int(cluster[2])) == int(cluster[1]) - 1
            return own.nonzero()[:, 0]
        return self._listed(text, count, layer)

    def _listed(self, text: str, count: int, layer: str) -> torch.Tensor:
        try:
            return torch.tensor(parse_layers(text, count))
        except UsageError:
            raise UsageError(
                f'Layer {layer} has channels 0..{count - 1}; "{text}" is outside.'
            ) from None
