"""Mistakes of somebody new are answered with what is allowed and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import genart


@pytest.fixture(scope="module")
def model() -> genart.Generator:
    return genart.load("plasma", device="cpu", resolution=16)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m: m([1, 2, 3]), r"takes a Latent, not list: .* model\.sample\(\[1, 2, 3\]\)"),
        (lambda m: m(torch.zeros(1, 32)), r"not Tensor: .* genart\.Latent\(space, values\)"),
        (lambda m: m.map(7), "takes a Latent, not int"),
        (lambda m: genart.load("pomona", "cpu")([1]), "takes a Latent, not list"),
        (lambda m: genart.load("pomona", "cpu").map("1-3"), "takes a Latent, not str"),
        (lambda m: genart.blend([1], [1.0]), "takes a Latent, not list"),
        (lambda m: genart.save_latent("a.npz", [1]), "takes a Latent, not list"),
        (lambda m: genart.walk([1, 2]), r"one Latent, not list: draw them with model\.sample"),
        (lambda m: genart.join(m.sample(1), m.sample(2)), r"as a list: genart\.join\(\[first"),
        (lambda m: genart.load(m), "a name, a file or a URL, not Plasma"),
        (lambda m: genart.load(None), "not NoneType"),
        (lambda m: genart.render(m), "Sketch class, not Plasma; a generator is given as model="),
        (lambda m: genart.render("drift", keys=3.5), "seeds, .npz files and latents, not float"),
        (lambda m: genart.render("drift", keys=[None]), "whole number or a text .* not None"),
        (lambda m: genart.render("drift", walk="cubik"), r'walk\.kind: "cubik" .* "cubic"'),
        (lambda m: genart.render("drift", truncation="a"), r"model\.truncation: 'a' is not a num"),
        (lambda m: genart.to_frames("a.png"), r"not str; genart\.to_image makes one"),
        (lambda m: genart.invert(m, 3), "a torch tensor, not int"),
        (lambda m: genart.stylizer("fast:great_wave")(7), "a torch tensor, not int"),
    ],
)
def test_a_wrong_type_is_refused_with_what_to_write(
    model: genart.Generator, call: Callable[[genart.Generator], Any], says: str
) -> None:
    with pytest.raises(genart.UsageError, match=says):
        call(model)
