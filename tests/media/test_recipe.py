"""Recipes: what every file of genart says about how it was made."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from genart.media.recipe import file_facts, make_recipe, model_facts


def test_a_recipe_names_the_version_the_command_the_facts_and_what_genart_runs_on() -> None:
    recipe = make_recipe(["genart", "render", "my sketch.py"], {"seeds": "1-3"})
    assert list(recipe) == ["genart", "command", "seeds", "versions"]
    assert shlex.split(recipe["command"]) == ["genart", "render", "my sketch.py"]
    assert set(recipe["versions"]) == {"python", "numpy", "torch"}
    assert "command" not in make_recipe((), {}), "where no command line makes it"


def test_files_are_named_by_their_hashes_and_missing_ones_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    file.write_bytes(b"latent")
    sha256 = hashlib.sha256(b"latent").hexdigest()
    assert file_facts([file, tmp_path / "none.npz"]) == {str(file): sha256}
    assert model_facts("a", file) == {"name": "a", "sha256": sha256}
    assert model_facts("plasma", None) == {"name": "plasma", "sha256": None}
