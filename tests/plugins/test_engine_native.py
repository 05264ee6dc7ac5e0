"""The accelerator: the same images by compiled kernels, and none of it where it is not wanted."""

from __future__ import annotations

import copy
import logging
import os
import select
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from support.engine_cases import (
    affine,
    bias,
    both,
    by_assigning,
    by_data,
    by_loading,
    by_numpy,
    by_replacing,
    by_step,
    const,
    in_place,
    network,
    noise_map,
    noise_strength,
    places,
)
from support.stylegan2_cases import CASES

import genart
from genart_stylegan2.engine import Engine, native
from genart_stylegan2.engine.native import build, choice
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.network import Network

pytestmark = pytest.mark.slow
CLOSE = 2e-5
SOURCES = Path(build.__file__).parent
KNOWN = [name for name in CASES if "resnet" not in name]
needs_compiler = pytest.mark.skipif(
    sys.platform == "win32" or not (os.environ.get("CXX") or shutil.which("c++")),
    reason="no C++ compiler",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the library in it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENART_CACHE", str(folder))
        build.build(build.level())
    return folder


@pytest.fixture
def accelerated(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENART_CACHE", str(built))
    monkeypatch.setenv("GENART_NATIVE", "auto")


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and a process that has not built yet."""
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENART_NATIVE", "on")
    monkeypatch.setattr(choice, "_builder", None)
    yield tmp_path
    if choice._builder is not None:
        choice._builder.wait()


def compiled(sources: Path, level: str, folder: Path) -> Path:
    """A library as quickly as it can be had."""
    made = folder / f"{level}.so"
    command = [*build._compiler(), *build._flags(level), "-O0", str(sources / "kernels.cpp")]
    subprocess.run([*command, "-o", str(made)], check=True)
    return made


def engine(net: Network) -> Engine:
    """One that is known to use the kernels."""
    made = Engine(net.synthesis)
    assert made(places(net), "const", (4, 4), net.config.img_resolution) is not None
    assert all(isinstance(plan, native.NativePlan) for plan in made._plans.values())
    return made


def check(
    net: Network, noise: Any = "const", start: tuple[int, int] = (4, 4), top: int | None = None
) -> None:
    """The kernels' image is the network's, of the same chance, on one thread as on two."""
    ws, top, fast = places(net), top or net.config.img_resolution, engine(net)
    pictures = []
    for threads in (1, 2):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            torch.manual_seed(1)
            pictures.append(fast(ws, noise, start, top))
        finally:
            torch.set_num_threads(before)
    torch.manual_seed(1)
    with torch.no_grad():
        wanted = net.synthesis(ws, noise, start, top=top)
    torch.testing.assert_close(pictures[0], wanted, rtol=1e-5, atol=CLOSE)
    assert torch.equal(pictures[0], pictures[1])


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("case", KNOWN)
def test_it_makes_what_the_network_makes(case: str) -> None:
    check(network(case))


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("architecture", ["skip", "orig"])
@pytest.mark.parametrize("noise", ["const", "random", "none", torch.tensor([0.3])], ids=str)
@pytest.mark.parametrize("start", [(4, 4), (4, 7), (8, 4), (4, 32)])
def test_it_knows_every_kind_of_noise_and_aspect(
    architecture: str, noise: Any, start: tuple[int, int]
) -> None:
    check(network(architecture), noise, start)


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("taps", [(1,), (1, 1), (1, 2, 1), (1, 2, 3, 4), (1, 5, 10, 10, 5, 1)])
def test_it_knows_every_filter(taps: tuple[int, ...]) -> None:
    check(network("skip", resample_filter=taps), start=(4, 5))


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("start", [(4, 4), (5, 4)])
def test_it_knows_large_images_and_many_channels(start: tuple[int, int]) -> None:
    check(network(img_resolution=256, channel_base=4096, channel_max=300), start=start)


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("top", [4, 8, 16])
def test_it_stops_early_where_asked(top: int) -> None:
    check(network(), top=top)


@needs_compiler
@pytest.mark.parametrize("level", ["DEFAULT", "AVX2", "AVX512"])
def test_every_kind_of_processor_has_its_library(level: str, tmp_path: Path) -> None:
    """Those that this processor cannot run compile at least."""
    made = compiled(SOURCES, level, tmp_path)
    able = {"DEFAULT": 0, "AVX2": 1, "AVX512": 2}
    if able[level] <= able.get(build.level(), 0):
        assert choice.opened(made) is not None


@needs_compiler
@pytest.mark.usefixtures("accelerated")
def test_what_it_cannot_do_is_left_to_the_engine_in_torch() -> None:
    for net in (network("resnet"), network(resample_filter=tuple(range(1, 10)))):
        made = Engine(net.synthesis)
        image = made(places(net), "const", (4, 4), 32)
        with torch.no_grad():
            wanted = net.synthesis(places(net))
        torch.testing.assert_close(image, wanted, rtol=0, atol=CLOSE)


@needs_compiler
@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize(
    "change",
    [
        in_place, by_data, by_numpy, by_loading, by_assigning,
        by_step, by_replacing, noise_strength, noise_map, bias,
        affine, const,
    ],
)  # fmt: skip
def test_changed_weights_show_at_once(change: Callable[[Network], None]) -> None:
    net = network()
    fast = engine(net)
    ask = lambda: fast(places(net), "const", (4, 4), 32)  # noqa: E731
    before = ask()
    change(net)
    after = ask()
    assert before is not None
    assert after is not None
    assert (after - before).abs().max() > 100 * CLOSE
    with torch.no_grad():
        torch.testing.assert_close(after, net.synthesis(places(net)), rtol=1e-4, atol=5 * CLOSE)


@needs_compiler
@pytest.mark.usefixtures("accelerated")
def test_an_image_is_the_same_in_whatever_batch_copy_and_thread() -> None:
    net = network("64px")
    engine(net)
    model = StyleGAN2.from_network(net)
    latent = model.sample([1, 2, 3])
    alone = [model(latent[n]) for n in range(3)]
    assert torch.equal(model(latent), torch.cat(alone))
    assert torch.equal(copy.deepcopy(model)(latent[1]), alone[1])
    found: dict[int, list[torch.Tensor]] = {0: [], 1: []}
    models = (model, StyleGAN2.from_network(net))

    def play(n: int) -> None:
        found[n].extend(models[n](latent[i]) for i in (0, 1, 2, 0, 1, 2))

    threads = [threading.Thread(target=play, args=(n,)) for n in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for made in found.values():
        assert all(torch.equal(a, b) for a, b in zip(made, alone * 2, strict=True))


@needs_compiler
def test_a_forked_process_has_threads_of_its_own(built: Path) -> None:
    work = (
        "import os, sys, torch\n"
        "from support.engine_cases import network, places\n"
        "from genart_stylegan2.engine import Engine\n"
        "torch.set_num_threads(2)\n"
        "net = network()\n"
        "ask = lambda: made(places(net), 'const', (4, 4), 32)\n"
        "made = Engine(net.synthesis)\n"
        "first = ask()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os._exit(0 if torch.equal(ask(), first) else 5)\n"
        "assert made._library is not None\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    surroundings = {**os.environ, "GENART_CACHE": str(built), "GENART_NATIVE": "auto"}
    surroundings["PYTHONPATH"] = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", work], env=surroundings, timeout=120
    )
    assert done.returncode == 0


@needs_compiler
@pytest.mark.usefixtures("accelerated")
def test_it_is_used_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert native.library() is not None
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert native.library() is None
    monkeypatch.setenv("GENART_NATIVE", "auto")
    net = network()
    made = Engine(net.synthesis, accelerated=False)
    made(places(net), "const", (4, 4), 32)
    assert not any(isinstance(plan, native.NativePlan) for plan in made._plans.values())


@pytest.mark.parametrize("wanted", ["auto", "off"])
def test_nothing_is_built_unasked(
    alone: Path, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENART_NATIVE", wanted)
    assert native.library() is None
    assert choice._builder is None
    assert not (alone / "cache").exists()


def compiler(folder: Path, body: str) -> str:
    """A compiler that tells its version and then does what body says with its last argument."""
    path = folder / "cxx"
    path.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --version ]; then echo mine; exit; fi\n'
        'for out in "$@"; do :; done\n' + body
    )
    path.chmod(0o700)
    return str(path)


@needs_compiler
def test_asked_for_it_is_built_aside_and_serves_who_comes_later(
    built: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library,) = (built / "native").iterdir()
    monkeypatch.setenv("CXX", compiler(alone, f"cp {library} $out\n"))
    net = network()
    first = Engine(net.synthesis)
    ask = lambda made: made(places(net), "const", (4, 4), 32)  # noqa: E731
    ask(first)
    assert first._library is None, "the first image does not wait"
    assert choice._builder is not None
    assert choice._builder.wait() == 0
    second = Engine(net.synthesis)
    torch.testing.assert_close(ask(second), ask(first), rtol=0, atol=CLOSE)
    assert second._library is not None
    assert first._library is None, "no image of a film differs from the others"


@needs_compiler
def test_two_may_build_at_once(built: Path, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library,) = (built / "native").iterdir()
    monkeypatch.setenv("CXX", compiler(alone, f"cp {library} $out\n"))
    made: list[Path] = []
    both = [
        threading.Thread(target=lambda: made.append(build.build(build.level()))) for _ in range(2)
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert made[0] == made[1] == build.found()
    assert list(build.folder().iterdir()) == made[:1], "and leave nothing else behind"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script is the compiler")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo no such thing >&2; exit 1\n", "do not compile.*no such thing"),
        ("echo rubbish > $out\n", "gives wrong results"),
    ],
    ids=["fails", "writes rubbish"],
)
def test_a_broken_compiler_leaves_the_engine_in_torch(
    alone: Path, body: str, reason: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CXX", compiler(alone, body))
    with pytest.raises(build.BuildError, match=reason):
        build.build("DEFAULT")
    assert list(build.folder().iterdir()) == []
    monkeypatch.setattr(sys, "executable", str(alone / "no python"))
    with caplog.at_level(logging.INFO):
        assert native.library() is None
        assert both(network())[0] is not None
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_no_compiler_is_told_to_who_asks(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(alone))
    with pytest.raises(genart.GenartError, match=r"Install one, or set CXX to yours|Linux"):
        build.build("DEFAULT")


@needs_compiler
@pytest.mark.usefixtures("accelerated")
def test_a_library_that_computes_wrongly_refuses_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(SOURCES, sources)
    header = sources / "layer.h"
    header.write_text(header.read_text().replace("SLOPE = 0.2f", "SLOPE = 0.21f"))
    assert choice.opened(compiled(sources, "DEFAULT", tmp_path)) is None
    found = build.found()
    assert found is not None
    assert choice.opened(found) is not None


@needs_compiler
@pytest.mark.usefixtures("accelerated")
def test_a_library_that_others_could_write_is_not_run(built: Path, tmp_path: Path) -> None:
    found = build.found()
    assert found is not None
    found.chmod(found.stat().st_mode | stat.S_IWOTH)
    try:
        assert native.library() is None
    finally:
        found.chmod(0o700)
    assert native.library() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script is the compiler")
def test_a_build_outlives_the_command_that_asked_for_it(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [alone / "asked", alone / "compiled"]
    for gate in gates:
        os.mkfifo(gate)
    asked, compiled = (os.open(gate, os.O_RDWR) for gate in gates)
    script = alone / "cxx"
    wait = f'if [ "$1" = --version ]; then read go < {gates[0]}; echo mine; exit; fi'
    script.write_text(f"#!/bin/sh\n{wait}\necho so > {gates[1]}\nexit 1\n")
    script.chmod(0o700)
    monkeypatch.setenv("CXX", str(script))
    ask = "from genart_stylegan2.engine import native; native.library()"
    subprocess.run([sys.executable, "-c", ask], check=True)
    os.write(asked, b"go\n")  # the compiler answers after the command has ended
    assert select.select([compiled], [], [], 60)[0]
    os.close(asked)
    os.close(compiled)
