"""A type checker knows the public names, and which names there are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import genart

USER = """
from pathlib import Path

import PIL.Image

import genart
from genart.training import LoopTrainer


def use(picture: PIL.Image.Image) -> None:
    model = genart.load("pomona")
    both = genart.blend_models(model, "fruit.safetensors", 0.5)
    saved: Path = both.save("both.safetensors")
    keys: genart.latents.Keys = [model.sample("1-3"), 7, "apple.npz"]
    stills: genart.rendering.Stills = genart.generate("out", model=model, keys=keys)
    found = genart.invert(model, picture)
    report: genart.rendering.Report = genart.render("drift", "a.mp4", keys=[found.latent, 7])
    image: genart.Image = genart.stylizer("fast:great_wave")(genart.to_image(picture))
    walk = genart.walk(genart.join([found.latent, model.sample(1)], model))
    shown = genart.show(walk, model)
    print(saved, stills.files, report.seam, image.shape, shown, genart.__version__, LoopTrainer)


def register_generators(register: genart.Register[genart.Generator]) -> None:
    register("mine", genart.Spec(lambda device: genart.load("plasma", device)))


class Mine(genart.Sketch):
    gain = genart.Param(1.0, 0.0, 2.0)

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(self.phase)) * self.gain


genart.no_such_name
genart.training.no_such_name
"""


@pytest.mark.slow
def test_a_type_checker_knows_the_public_names(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(USER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "user.py"],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(Path(str(genart.__file__)).parents[1])},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [line.partition(": ")[2] for line in lines[:-1]] == [
        'error: Module has no attribute "no_such_name"  [attr-defined]'
    ] * 2, done.stdout
