"""Every shipped sketch plays, turns, loops, and is what its page says."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genart
from genart.params import params_of
from genart.playback.sketch import load_sketch, sketches

NAMES = list(sketches())
CUTS = {"beat_cut"}  # their seam is a cut like every other


@pytest.fixture(scope="module")
def plasma() -> genart.Generator:
    return genart.load("plasma", device="cpu", resolution=32)


def played(name: str, model: genart.Generator, frames: int = 2, **params: Any) -> list[Any]:
    """The frames of a sketch, 48 x 32 pixels, at 30 a second."""
    sink = genart.MemorySink()
    settings = {key.replace("__", "."): value for key, value in params.items()}
    genart.render(
        name, sink, model=model, seconds=frames / 30, fps=30, size=(48, 32), params=settings
    )
    assert sink.closed
    return sink.frames


def test_there_are_seven_or_more_and_drift_is_one() -> None:
    assert len(NAMES) >= 7
    assert {"drift", "beat_cut", "corners", "breathe", "siblings", "shimmer"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_sketch_renders_two_frames_that_differ(name: str, plasma: genart.Generator) -> None:
    first, second = played(name, plasma)
    assert first.shape == (32, 48, 3)
    assert first.std() > 4, "an image, not one colour"
    assert np.abs(first.astype(int) - second).mean() > 0.1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CUTS])
def test_every_sketch_loops(name: str, plasma: genart.Generator) -> None:
    report = genart.render(name, genart.MemorySink(), model=plasma, seconds=1, fps=24, size=24)
    assert report.seam is not None
    assert report.seam <= 1.5


@pytest.mark.parametrize("name", NAMES)
def test_every_param_of_a_sketch_may_be_changed_to_its_ends(
    name: str, plasma: genart.Generator
) -> None:
    params = params_of(load_sketch(name))
    for key, param in params.items():
        assert param.help, f"{name}.{key} says nothing"
        for end in () if param.default == "" else (0.0, 1.0):
            (frame,) = played(name, plasma, 1, **{f"sketch__{key}": param.from_norm(end)})
            assert frame.shape == (32, 48, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_sketch_is_one_idea_on_one_page(name: str) -> None:
    path = sketches()[name]
    source = path.read_text()
    assert len(source.splitlines()) <= 45
    assert ast.get_docstring(ast.parse(source))
    assert load_sketch(name).__doc__


def test_beat_cut_changes_on_the_beat_and_only_there(plasma: genart.Generator) -> None:
    still = {"sketch__punch": 0.0, "sketch__drift": 0.0, "tempo__bpm": 300.0}
    frames = played("beat_cut", plasma, 12, **still)  # a beat is six frames long
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(frames)]
    assert [step > 0.5 for step in steps] == [False] * 5 + [True] + [False] * 5


def test_corners_passes_through_the_images_of_its_corners(plasma: genart.Generator) -> None:
    frames = played("corners", plasma, 8, sketch__reach=1.0, walk__seeds="11-14")
    sink = genart.MemorySink()
    for seed in (13, 14, 11, 12):  # at every quarter of the round
        image = plasma.widened((32, 48))(plasma.sample(seed), truncation=0.8)
        sink.write(genart.to_frames(image)[0])
    for at, alone in zip(frames[0::2], sink.frames, strict=True):
        assert np.abs(at.astype(int) - alone).max() <= 1


def test_the_map_of_corners_weighs_as_gen_studio_did() -> None:
    module = load_sketch("corners")
    assert module.focus.default == 6.0  # type: ignore[attr-defined]
    works = torch.tensor(
        [(0.71, 1.14), (1.16, 1.02), (1.23, 0.54), (0.71, 0.25), (0.22, 0.53), (0.29, 1.05)]
    )
    distance = torch.linalg.vector_norm(works - torch.tensor([0.7, 0.7]), dim=1)
    known = [0.2412, 0.1172, 0.1220, 0.2271, 0.1593, 0.1332]
    assert torch.softmax(-6 * distance, 0).tolist() == pytest.approx(known, abs=1e-4)


def test_siblings_share_a_shape_and_differ_in_what_is_their_own(plasma: genart.Generator) -> None:
    def cells(alike: float) -> list[Any]:
        (frame,) = played(
            "siblings", plasma, 1, sketch__columns=2, sketch__rows=2, sketch__alike=alike
        )
        quarters = [frame[:16, :24], frame[:16, 24:], frame[16:, :24], frame[16:, 24:]]
        return [quarter[3:-3, 3:-3].astype(int) for quarter in quarters]  # their edges bleed

    first, *others = cells(1.0)
    assert max(np.abs(first - other).mean() for other in others) < 1
    first, *others = cells(0.4)
    assert min(np.abs(first - other).mean() for other in others) > 5


def test_shimmer_shows_no_more_than_the_image_when_the_amount_is_nought(
    plasma: genart.Generator,
) -> None:
    quiet, loud = (
        played("shimmer", plasma, 1, sketch__amount=amount)[0].astype(int) for amount in (0.0, 5.0)
    )
    assert np.abs(np.diff(loud, axis=1)).mean() > np.abs(np.diff(quiet, axis=1)).mean()


def test_the_sketch_of_the_page_plays(tmp_path: Path, plasma: genart.Generator) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sketches.md").read_text()
    file = tmp_path / "mine.py"
    file.write_text(page.partition("```python\n")[2].partition("```")[0])
    straight, twisted = (
        played(str(file), plasma, sketch__twist=twist)[0].astype(int) for twist in (0.0, 0.5)
    )
    assert np.abs(straight - twisted).mean() > 1
