"""The public names: sorted, all there, hidden by no module, and cheap to import."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import genart


def test_all_is_sorted_the_way_ruff_sorts_it() -> None:
    constants = [name for name in genart.__all__ if name.isupper()]
    classes = [name for name in genart.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in genart.__all__ if name[0].islower()]
    assert genart.__all__ == [*sorted(constants), *sorted(classes), *sorted(functions)]
    assert len(set(genart.__all__)) == len(genart.__all__)


@pytest.mark.parametrize("name", genart.__all__)
def test_every_public_name_resolves_and_says_what_it_is(name: str) -> None:
    thing = getattr(genart, name)
    if isinstance(thing, type) or callable(thing):
        assert thing.__doc__


def test_dir_shows_every_public_name() -> None:
    assert set(genart.__all__) <= set(dir(genart))


def test_no_module_hides_a_public_name() -> None:
    # importing genart.walk would put the module where the function was
    modules = {module.name for module in pkgutil.iter_modules(genart.__path__)}
    assert modules.isdisjoint(genart.__all__)


def test_a_name_that_is_not_there_says_where_the_names_are() -> None:
    with pytest.raises(AttributeError, match=r'no "lod"; its names are in genart\.__all__'):
        _ = genart.lod


def test_the_names_of_the_interface_are_there() -> None:
    promised = (
        "Latent Generator Inverter Interpolator Stylizer Trainer Sink Control Sketch Param "
        "hookimpl load walk render mix Walk Inversion Progress MemorySink"
    )
    assert set(promised.split()) <= set(genart.__all__)


def test_importing_genart_loads_neither_torch_nor_numpy(tmp_path: Path) -> None:
    script = "import sys, genart; print({'torch', 'numpy', 'click', 'PIL'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "set()"
