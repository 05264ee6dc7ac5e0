"""The engine on CUDA: its arithmetic and its bookkeeping on a CPU, the rest where a GPU is."""

from __future__ import annotations

import copy
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import genart
from genart.media.frames import send_frames, to_frames
from genart_stylegan2.config import Config
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.gpu import GpuEngine
from genart_stylegan2.gpu.graphs import Recorded, Shelf, Work
from genart_stylegan2.gpu.kernels import After, filter_finish, finish
from genart_stylegan2.layers import low_pass
from genart_stylegan2.network import Network
from genart_stylegan2.tf32 import exact

on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def network(**words: object) -> Network:
    torch.manual_seed(0)
    shape = {"channel_base": 512, "channel_max": 32, "z_dim": 16, "w_dim": 16, "mapping_layers": 2}
    net = Network(Config(32, **{**shape, **words})).eval().requires_grad_(False)  # type: ignore[arg-type]
    for name, parameter in net.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(0.1)
        elif name.endswith("bias"):
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return net


def places(net: Network, n: int = 2) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(n, net.config.num_ws, net.config.w_dim, generator=draw)


class Tape:
    """Records work by keeping it, as CUDA would, and counts."""

    def __init__(self) -> None:
        self.recorded = self.played = 0

    def __call__(self, work: Work) -> Callable[[], torch.Tensor]:
        self.recorded += 1
        kept = work()

        def play() -> torch.Tensor:
            self.played += 1
            return kept.copy_(work())  # into the same memory each time

        return play


def engine(net: Network, tape: Tape | None = None) -> GpuEngine:
    return GpuEngine(net.synthesis, "cpu", tape or Tape())


@pytest.mark.parametrize("noise", ["const", "none", torch.tensor([0.2, 0.7])])
@pytest.mark.parametrize(
    "words",
    [{}, {"conv_clamp": 2.0}, {"img_channels": 4}, {"resample_filter": (1, 2, 1)},
     {"use_noise": False}],
    ids=["plain", "clamped", "alpha", "three taps", "no noise"],
)  # fmt: skip
def test_the_flow_makes_the_networks_images(words: dict, noise: str | torch.Tensor) -> None:
    net = network(**words)
    made = engine(net)(places(net), noise, (4, 4), 32)
    assert made is not None
    torch.testing.assert_close(made, net.synthesis(places(net), noise), atol=3e-5, rtol=1e-4)


def test_the_flow_makes_other_aspects_and_smaller_images() -> None:
    net = network()
    made = engine(net)(places(net), "const", (4, 6), 16)
    assert made is not None
    assert made.shape == (2, 3, 16, 24)
    wanted = net.synthesis(places(net), "const", (4, 6), False, 16)
    torch.testing.assert_close(made, wanted, atol=3e-5, rtol=1e-4)


@pytest.mark.parametrize("half", ["high", "all"])
def test_the_flow_in_half_precision_errs_no_more_than_the_network_does(half: str) -> None:
    net = network(num_fp16_res=1)
    whole = net.synthesis(places(net))
    made = engine(net)(places(net), "const", (4, 4), 32, half)
    assert made is not None
    assert made.dtype == torch.float32
    ours = (made - whole).abs()
    theirs = (net.synthesis(places(net), half=half) - whole).abs()
    assert 0 < ours.mean() < 1.2 * theirs.mean()
    assert ours.max() < 1.5 * theirs.max()


def test_random_noise_is_fresh_and_the_reference_draws_the_same() -> None:
    net = network()
    play = engine(net)
    torch.manual_seed(3)
    first, second = (play(places(net), "random", (4, 4), 32) for _ in range(2))
    torch.manual_seed(3)
    assert first is not None
    assert second is not None
    torch.testing.assert_close(first, net.synthesis(places(net), "random"), atol=3e-5, rtol=1e-4)
    assert (first - second).abs().max() > 1e-3
    still = play(places(net), "const", (4, 4), 32)
    torch.testing.assert_close(still, net.synthesis(places(net)), atol=3e-5, rtol=1e-4)


def test_a_shape_is_recorded_once_and_images_are_their_own() -> None:
    net, tape = network(), Tape()
    play = engine(net, tape)
    first = play(places(net), "const", (4, 4), 32)
    assert first is not None
    kept = first.clone()
    play(places(net) * 2, "const", (4, 4), 32)
    assert torch.equal(first, kept)
    assert (tape.recorded, tape.played) == (1, 2)
    play(places(net, 3), "const", (4, 4), 32)
    play(places(net), "const", (4, 4), 32, "all")
    play(places(net), "const", (4, 8), 32)
    assert tape.recorded == 4


def change(net: Network) -> None:
    net.synthesis.b8.conv0.weight.add_(1.0)  # type: ignore[union-attr, operator]


def swap(net: Network) -> None:
    conv = net.synthesis.b16.conv1
    conv.weight = torch.nn.Parameter(conv.weight.flip(1), requires_grad=False)  # type: ignore[union-attr, operator]


def sneak(net: Network) -> None:
    net.synthesis.b8.conv1.bias.data.add_(1.0)  # type: ignore[union-attr]


@pytest.mark.parametrize("alter", [change, swap, sneak])
def test_changed_weights_are_recorded_anew(alter: Callable[[Network], None]) -> None:
    net, tape = network(), Tape()
    play = engine(net, tape)
    before = play(places(net), "const", (4, 4), 32)
    alter(net)
    after = play(places(net), "const", (4, 4), 32)
    assert before is not None
    assert after is not None
    assert (after - before).abs().max() > 1e-2
    torch.testing.assert_close(after, net.synthesis(places(net)), atol=1e-4, rtol=1e-4)
    assert tape.recorded == 2


def test_what_it_cannot_do_faithfully_it_leaves_to_the_network() -> None:
    net = network()
    play, ws = engine(net), places(net)
    with torch.enable_grad():
        assert play(ws.clone().requires_grad_(), "const", (4, 4), 32) is None
    assert play(ws.double(), "const", (4, 4), 32) is None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert play(ws, "const", (4, 4), 32) is None
    hook = net.synthesis.b8.conv1.register_forward_hook(lambda *_: None)  # type: ignore[union-attr]
    assert play(ws, "const", (4, 4), 32) is None
    hook.remove()
    assert play(ws, "const", (4, 4), 32) is not None
    assert GpuEngine(net.synthesis)(ws, "const", (4, 4), 32) is None, "not on CUDA"
    other = network(architecture="resnet")
    assert engine(other)(places(other), "const", (4, 4), 32) is None


def test_a_recording_that_fails_leaves_the_image_to_the_network_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(work: Work) -> Work:
        raise RuntimeError("operation not permitted when stream is capturing")

    net = network()
    play = GpuEngine(net.synthesis, "cpu", broken)
    for _ in range(2):
        assert play(places(net), "const", (4, 4), 32) is None
    assert [each.message for each in caplog.records] == [
        "Recording a CUDA graph failed; the network makes the images: "
        "operation not permitted when stream is capturing"
    ]


def test_memory_that_runs_out_is_told_to_whoever_plays() -> None:
    def full(work: Work) -> Work:
        raise torch.OutOfMemoryError("CUDA out of memory")

    net = network()
    with pytest.raises(torch.OutOfMemoryError):
        GpuEngine(net.synthesis, "cpu", full)(places(net), "const", (4, 4), 32)


def test_copies_record_for_themselves() -> None:
    net = network()
    play = engine(net)
    copied = copy.deepcopy(play)
    assert copied._synthesis is not play._synthesis
    assert isinstance(copied, GpuEngine)


def test_the_shelf_lets_the_least_recently_used_go() -> None:
    shelf, made = Shelf(2), []
    for key in "abacab":
        shelf.get(key, lambda key=key: made.append(key) or key)  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]
    assert len(shelf) == 2


def test_a_recording_reads_its_inputs_in_place() -> None:
    x, y = torch.ones(2), torch.zeros(2)
    add = Recorded(lambda a, b: a + b, [x, y], Tape())
    assert add(torch.full((2,), 3.0), y).tolist() == [3, 3]
    add.inputs[1].fill_(5.0)
    assert add(x, add.inputs[1]).tolist() == [6, 6]


def test_exact_puts_everything_back() -> None:
    before = torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    with exact():
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"
    with exact(False):
        assert torch.backends.cudnn.conv.fp32_precision == before[0]
    after = torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    assert after == before


def compare_kernels(device: str, dtypes: tuple[torch.dtype, ...]) -> None:
    """Triton beside torch, over shapes that no block divides."""
    from genart_stylegan2.gpu import fused

    draw = torch.Generator().manual_seed(2)

    def numbers(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw).to(device)

    for dtype in dtypes:
        for n, c, h, w, per, limit in ((2, 5, 3, 7, 2, 1.0), (1, 9, 5, 4, 1, None)):
            x = numbers(n, c, h, w).to(dtype)
            scale = numbers(n, c) if limit else None
            kernel = low_pass((1, 3, 3, 1) if limit else (1, 2, 4)).to(device)
            after = After(numbers(n, c), numbers(per, 1, h, w), numbers(c), limit, scale)
            near = {"atol": 2e-6, "rtol": 1e-5} if dtype == torch.float32 else {}
            torch.testing.assert_close(fused.finish(x, after), finish(x, after), **near)
            up = numbers(n, c, h + 1, w + 1).to(dtype)
            grown = After(
                after.demod, numbers(per, 1, *filtered(up, kernel)), after.bias, limit, scale
            )
            made, wanted = (
                module.filter_finish(up, kernel, grown)
                for module in (fused, sys.modules[filter_finish.__module__])
            )
            assert made.is_contiguous(memory_format=torch.channels_last)
            torch.testing.assert_close(made, wanted, **near)


def filtered(x: torch.Tensor, kernel: torch.Tensor) -> tuple[int, int]:
    """(h, w) of a map after its filter."""
    k = len(kernel)
    lost = k - 1 - (k - 1) // 2 - (k - 2) // 2
    return x.shape[2] - lost, x.shape[3] - lost


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs Triton")
def test_the_kernels_do_what_torch_does() -> None:
    """In a process of its own: Triton asks at its import whether to interpret."""
    code = "import torch, test_gpu; test_gpu.compare_kernels('cpu', (torch.float32,))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=os.path.dirname(__file__),
        env={**os.environ, "TRITON_INTERPRET": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_frames_that_are_sent_are_the_frames() -> None:
    image = torch.rand(2, 3, 8, 8) * 2 - 1
    sent = send_frames(image, (16, 16))
    assert sent.ready
    assert all(map(np.array_equal, sent.wait(), to_frames(image, (16, 16))))


@on_cuda
def test_on_cuda_the_kernels_do_what_torch_does() -> None:
    pytest.importorskip("triton")
    compare_kernels("cuda", (torch.float32, torch.float16))


@on_cuda
@pytest.mark.parametrize("precision", ["float32", "half"])
def test_on_cuda_images_are_those_of_the_cpu(precision: str) -> None:
    net = network()
    latent = genart.Latent("w+", places(net))
    wanted = StyleGAN2.from_network(copy.deepcopy(net), engine=False)(latent)
    model = StyleGAN2.from_network(net, device="cuda").with_precision(precision)
    limit = 1e-3 if precision == "float32" else 2e-2 * float(wanted.abs().max())
    for noise in ("const", "none", 0.3):
        still = StyleGAN2.from_network(copy.deepcopy(net), engine=False, device="cpu")
        made = model(latent, noise=noise).cpu()
        assert (made - still(latent, noise=noise)).abs().max() < limit
    assert (model(latent).cpu() - wanted).abs().max() < limit


@on_cuda
def test_on_cuda_changed_weights_show_at_once_and_hooks_are_heard() -> None:
    net = network()
    model = StyleGAN2.from_network(net, device="cuda", half=False)
    latent = genart.Latent("w+", places(net))
    before = model(latent)
    net.synthesis.b8.conv0.weight.add_(1.0)  # type: ignore[union-attr, operator]
    assert (model(latent) - before).abs().max() > 1e-2
    heard: list[str] = []
    hook = net.synthesis.b8.conv1.register_forward_hook(  # type: ignore[union-attr]
        lambda *_: heard.append("x")
    )
    model(latent)
    hook.remove()
    assert heard


@on_cuda
def test_on_cuda_random_noise_follows_its_seed() -> None:
    model = StyleGAN2.from_network(network(), device="cuda", half=False)
    latent = model.sample([1])
    made = []
    for _ in range(2):
        torch.cuda.manual_seed_all(7)
        made.append([model(latent, noise="random") for _ in range(2)])
    assert torch.equal(made[0][0], made[1][0])
    assert torch.equal(made[0][1], made[1][1])
    assert (made[0][0] - made[0][1]).abs().max() > 1e-3


@on_cuda
def test_on_cuda_models_are_recorded_while_others_play_and_anew_after_changes() -> None:
    nets = [network() for _ in range(3)]
    models = [StyleGAN2.from_network(net, device="cuda", half=False) for net in nets]
    latent = genart.Latent("w+", places(nets[0]))
    for change_by in (0.0, 0.1):
        for net in nets:
            net.synthesis.b8.conv0.weight.add_(change_by)  # type: ignore[union-attr, operator]
        torch.cuda.synchronize()  # the threads have streams of their own
        slow = StyleGAN2.from_network(
            copy.deepcopy(nets[0]), device="cuda", half=False, engine=False
        )

        def play(model: StyleGAN2) -> torch.Tensor:
            with torch.cuda.stream(torch.cuda.Stream()):
                for _ in range(5):
                    model(latent, noise="random")
                made = model(latent).cpu()
            return made

        with ThreadPoolExecutor(3) as threads:
            made = list(threads.map(play, models))
        for each in made:
            assert (each - slow(latent).cpu()).abs().max() < 1e-3


@on_cuda
def test_on_cuda_frames_travel_and_are_whole() -> None:
    image = (torch.rand(1, 3, 64, 64) * 2 - 1).cuda()
    sent = [send_frames(image * k / 4) for k in range(5)]
    for k, each in enumerate(sent):
        assert np.array_equal(each.wait()[0], to_frames((image * k / 4).cpu())[0])


@on_cuda
def test_on_cuda_a_training_step_runs() -> None:
    from genart_stylegan2.data import Dataset
    from genart_stylegan2.settings import Settings
    from genart_stylegan2.training import Training

    settings = Settings(
        resolution=16, z_dim=8, w_dim=8, mapping_layers=2, channel_base=128, channel_max=16,
        batch=4, r1_every=2, pl_every=2, aug="fixed", p=0.5,
    )  # fmt: skip
    pictures = torch.randint(0, 256, (10, 3, 16, 16), dtype=torch.uint8)
    run = Training(settings, Dataset(pictures, None, 0), torch.device("cuda"))
    run.step()  # the first one makes what is kept, and may wait for it
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            figures = run.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(figure.isfinite() for figure in figures.values())
