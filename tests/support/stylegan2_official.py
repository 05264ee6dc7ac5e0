"""Runs an official StyleGAN2 checkout through its public API; a script of its own process.

    python stylegan2_official.py CHECKOUT FOLDER [CASE ...]

CHECKOUT is a clone of stylegan2-ada-pytorch or stylegan3. For every case FOLDER receives a pickle
written by the official code and an .npz with its images (ways, n, c, h, w) and logits (4, 1).
With FOLDER the name of an .npz file it keeps a few pixels of every case instead: that is how
tests/plugins/stylegan2.npz was made.
The official code's licence is non-commercial: pickles carry its
source, so they are never committed.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from support.stylegan2_cases import CASES, LARGE, WAYS, fill, picked, pictures, places

_SYNTHESIS = (
    "channel_base",
    "channel_max",
    "num_fp16_res",
    "conv_clamp",
    "architecture",
    "resample_filter",
    "use_noise",
)


def _official(checkout: str) -> tuple[Any, bool]:
    """The networks module, and whether settings are flat as in StyleGAN3's release."""
    sys.path.insert(0, checkout)
    sys.modules.setdefault("requests", ModuleType("requests"))  # for downloads alone
    sys.modules.setdefault("pkg_resources", _versions())
    if (Path(checkout) / "training" / "networks_stylegan2.py").exists():
        from training import networks_stylegan2

        return networks_stylegan2, True
    from training import networks

    return networks, False


def _versions() -> ModuleType:
    """What old code asks of pkg_resources, which setuptools has dropped."""
    module = ModuleType("pkg_resources")
    module.parse_version = (
        lambda text: tuple(  # type: ignore[attr-defined]
            int(part) for part in text.split("+")[0].split(".")[:2]
        )
    )
    return module


def generator(networks: Any, flat: bool, settings: dict[str, Any]) -> Any:
    """The official generator of these settings, with weights by formula."""
    names = ("z_dim", "w_dim", "img_resolution")
    given = {name: settings[name] for name in names}
    given |= {"c_dim": settings.get("c_dim", 0), "img_channels": settings.get("img_channels", 3)}
    synthesis = {name: settings[name] for name in _SYNTHESIS if name in settings}
    given |= synthesis if flat else {"synthesis_kwargs": synthesis}
    mapping = {"num_layers": settings["mapping_layers"]}
    return fill(networks.Generator(**given, mapping_kwargs=mapping)).eval()


def discriminator(networks: Any, settings: dict[str, Any]) -> Any:
    """The official discriminator beside it; None at 4 px, where there is none."""
    if settings["img_resolution"] == 4:
        return None
    names = ("img_resolution", "channel_base", "channel_max", "num_fp16_res", "conv_clamp")
    given = {name: settings[name] for name in names if name in settings}
    given |= {"c_dim": settings.get("c_dim", 0), "img_channels": settings.get("img_channels", 3)}
    given["architecture"] = settings.get("architecture", "resnet")
    taps = settings.get("resample_filter", [1, 3, 3, 1])
    return fill(networks.Discriminator(**given, block_kwargs={"resample_filter": taps})).eval()


@torch.no_grad()
def run(net: Any, critic: Any, settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Images (ways, n, c, h, w), and logits (4, 1) where there is a discriminator."""
    z, label = places(settings)
    images = [
        net(
            z,
            label,
            truncation_psi=psi,
            truncation_cutoff=cutoff,
            noise_mode=noise,
            force_fp32=True,
        ).numpy()
        for noise, psi, cutoff in WAYS
    ]
    made = {"images": np.stack(images)}
    if critic is not None:
        labels = None if label is None else label.repeat(2, 1)
        made["logits"] = critic(pictures(settings), labels, force_fp32=True).numpy()
    return made


def main(checkout: str, target: str, *names: str) -> None:
    """See the module."""
    networks, flat = _official(checkout)
    kept: dict[str, np.ndarray] = {}
    for name, settings in (CASES | LARGE).items():
        if name not in (names or CASES):
            continue
        net, critic = generator(networks, flat, settings), discriminator(networks, settings)
        made = run(net, critic, settings)
        if target.endswith(".npz"):
            kept[f"{name}/pixels"] = picked(made["images"]).astype(np.float32)
            kept |= {f"{name}/{key}": made[key] for key in made if key == "logits"}
            continue
        np.savez(Path(target) / f"{name}.npz", **made)
        tree = {"G": net, "D": critic, "G_ema": net, "augment_pipe": None}
        (Path(target) / f"{name}.pkl").write_bytes(pickle.dumps(tree))
    if kept:
        np.savez_compressed(target, **kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
