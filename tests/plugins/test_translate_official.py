"""Parity with the public code, where a checkout of it is at hand.

    GENART_OFFICIAL_CYCLEGAN=~/pytorch-CycleGAN-and-pix2pix pytest tests/test_translate_official.py

The checkout's code runs in a process of its own and saves its networks; our images of those files
are held to its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support.translate_official import CASES

import genart
from genart_translate.translator import Translator

CHECKOUT = os.environ.get("GENART_OFFICIAL_CYCLEGAN", "")
SCRIPT = Path(__file__).parents[1] / "support" / "translate_official.py"

pytestmark = pytest.mark.skipif(
    not CHECKOUT, reason="GENART_OFFICIAL_CYCLEGAN names no checkout of the public code"
)


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the public code has left the selected cases."""
    chosen = [item for item in request.session.items if item.path == Path(__file__)]
    cases = [item.callspec.params["case"] for item in chosen]  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("public")
    command = [sys.executable, str(SCRIPT), CHECKOUT, str(folder), *cases]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("case", CASES)
def test_our_images_of_a_public_checkpoint_are_its_own(case: str, folder: Path) -> None:
    filters, net, norm, dropout = CASES[case]
    style = genart.stylizer("cyclegan", model=folder / f"{case}_net_G.pth", dropout=False)
    assert isinstance(style, Translator)
    kind, _, depth = net.partition("_")
    shape = style.shape
    assert (shape.kind, shape.norm, shape.widths[0]) == (kind, norm, filters)
    if kind == "resnet":
        assert (f"{shape.blocks}blocks", bool(shape.dropout)) == (depth, dropout)
    else:
        assert 2 ** len(shape.widths) == int(depth)
    with np.load(folder / f"{case}.npz") as public:
        x = torch.from_numpy(public["x"])
        for statistics in ("own", "trained"):
            style.statistics = statistics
            gap = np.abs(style(x).numpy() - public[statistics]).max()
            assert gap <= 1e-4, statistics
            assert public[statistics].std() > 0.01
