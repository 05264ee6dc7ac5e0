"""Parity with the official code, where a checkout of it is at hand.

    GENART_OFFICIAL_STYLEGAN2=~/stylegan2-ada-pytorch pytest tests/test_stylegan2_official.py

The checkout is a clone of NVlabs' stylegan2-ada-pytorch or stylegan3. Its code runs in a process
of its own, writes pickles with its own classes, and our images of them are held to its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support.stylegan2_cases import CASES, LARGE, WAYS, pictures, places

import genart
from genart_stylegan2.nvidia_reader import read_discriminator

CHECKOUT = os.environ.get("GENART_OFFICIAL_STYLEGAN2", "")
SCRIPT = Path(__file__).parents[1] / "support" / "stylegan2_official.py"

pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="GENART_OFFICIAL_STYLEGAN2 names no official checkout"
)


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the official code has left the selected cases."""
    chosen = [item for item in request.session.items if item.path == Path(__file__)]
    cases = [item.callspec.params["case"] for item in chosen]  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("official")
    command = [sys.executable, str(SCRIPT), CHECKOUT, str(folder), *cases]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("case", [*CASES, *LARGE])
def test_our_images_of_an_official_pickle_are_its_own(case: str, folder: Path) -> None:
    model = genart.load(folder / f"{case}.pkl", device="cpu")
    z, label = places((CASES | LARGE)[case])
    with np.load(folder / f"{case}.npz") as official:
        wanted = torch.from_numpy(official["images"])
        logits = torch.from_numpy(official["logits"]) if "logits" in official else None
    for (noise, psi, cutoff), theirs in zip(WAYS, wanted, strict=True):
        latent = genart.Latent("z", z, label)
        ours = model(latent, noise=noise, truncation=psi, cutoff=cutoff)
        assert (ours[:, : theirs.shape[1]] - theirs).abs().max() <= 1e-3
    critic = read_discriminator(genart.checkpoints.read_checkpoint(folder / f"{case}.pkl"))
    if critic is not None and logits is not None:
        labels = None if label is None else label.repeat(2, 1)
        judged = critic(pictures((CASES | LARGE)[case]), labels)
        assert (judged - logits).abs().max() <= 1e-3
