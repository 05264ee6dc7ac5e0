"""Names of layers, and the corresponding layers of different networks."""

from __future__ import annotations

from collections.abc import Mapping

import genart

#: VGG-19's depth to the layer of as fine a grid and about as deep in the other networks.
_SQUEEZENET = {
    (1, 1): 1, (1, 2): 1, (2, 1): 3, (2, 2): 4,
    (3, 1): 6, (3, 2): 6, (3, 3): 7, (3, 4): 7,
    (4, 1): 9, (4, 2): 10, (4, 3): 11, (4, 4): 12,
    (5, 1): 12, (5, 2): 12, (5, 3): 12, (5, 4): 12,
}  # fmt: skip
_LITE0 = {
    (1, 1): "stem", (1, 2): "block0", (2, 1): "block1", (2, 2): "block2",
    (3, 1): "block3", (3, 2): "block3", (3, 3): "block4", (3, 4): "block4",
    (4, 1): "block5", (4, 2): "block7", (4, 3): "block8", (4, 4): "block10",
    (5, 1): "block11", (5, 2): "block12", (5, 3): "block13", (5, 4): "block14",
}  # fmt: skip


def translate(layers: Mapping[str, float], kind: str) -> dict[str, float]:
    """Layers with weights in the names of a network; those that fall together add their weights.

    Args:
        layers: names of any network: "relu3_1", "conv4_2", "features.6", "6", "block5".
        kind: the network to name them for. Its own names and unknown names stay.
    """
    found: dict[str, float] = {}
    for name, weight in layers.items():
        there = counterpart(name, kind)
        found[there] = found.get(there, 0.0) + weight
    return found


def counterpart(name: str, kind: str) -> str:
    """The layer of a network that corresponds to one of another; see `translate`."""
    name = f"features.{name}" if name.isdigit() else name
    place = _place(name)
    if place is None:
        return name
    stem, group, n = place
    if kind == "squeezenet":
        return name if name.startswith("features.") else f"features.{_SQUEEZENET[group, n]}"
    if kind == "lite0":
        return name if _is_lite0(name) else _LITE0[group, n]
    return f"{stem}{group}_{min(n, genart.perception.VGG_CONVOLUTIONS[kind][group - 1])}"


def _place(name: str) -> tuple[str, int, int] | None:
    """A layer as VGG-19's ("conv" or "relu", group, number), the first that it stands for."""
    stem, digits = name[:4], name[4:].split("_")
    if stem in ("conv", "relu") and len(digits) == 2 and all(each.isdigit() for each in digits):
        group, n = int(digits[0]), int(digits[1])
        known = 1 <= group <= 5 and 1 <= n <= genart.perception.VGG_CONVOLUTIONS["vgg19"][group - 1]
        return (stem, group, n) if known else None
    number = int(name[9:]) if name.startswith("features.") and name[9:].isdigit() else None
    for (group, n), there in _SQUEEZENET.items():
        if there == number:
            return "relu", group, n
    for (group, n), block in _LITE0.items():
        if block == name:
            return "relu", group, n
    return None


def _is_lite0(name: str) -> bool:
    return name == "stem" or name.startswith("block")
