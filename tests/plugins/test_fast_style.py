"""Fast styles: the network, its files, the stylizer's desk, and how one is trained."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from support.broken_pictures import BROKEN, broken_zip
from torch import nn

import genart
from genart.testing import check_stylizer
from genart_neural_style.fast import fast, shipped
from genart_neural_style.fast_data import ContentImages
from genart_neural_style.fast_files import read_fast, save_fast
from genart_neural_style.fast_losses import StyleLosses, gram, out_of_range, variation
from genart_neural_style.fast_settings import FastSettings
from genart_neural_style.fast_trainer import FastTrainer
from genart_neural_style.fast_training import FastTraining, style_names
from genart_neural_style.kernel_plan import FastTransform
from genart_neural_style.transform import Layout, TransformNet, johnson, small

TINY = {
    "width": 8, "blocks": 1, "crop": 32, "batch": 2, "style_size": 32, "features": "lite0",
    "snapshot_steps": 2,
}  # fmt: skip


def random_net(layout, seed=0):
    torch.manual_seed(seed)
    net = TransformNet(layout)
    for name, weight in net.named_parameters():
        nn.init.normal_(weight, 1.0 if ".weight" in name and weight.ndim == 2 else 0.0, 0.15)
    return net


def image(height=24, width=32, n=1, seed=0):
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def three(tmp_path):
    """A file of three styles."""
    path = tmp_path / "three.safetensors"
    return save_fast(path, random_net(small(8, 1, 3)), ["sea", "fire", "size"], {"licence": "CC0"})


# The network of the PyTorch examples, written down plainly.


class PlainConv(nn.Module):
    def __init__(self, narrow, wide, kernel, stride=1, times=1):
        super().__init__()
        self.conv2d = nn.Conv2d(narrow, wide, kernel, stride)
        self.times = times

    def forward(self, x):
        x = F.interpolate(x, scale_factor=self.times, mode="nearest") if self.times > 1 else x
        return self.conv2d(nn.ReflectionPad2d(self.conv2d.kernel_size[0] // 2)(x))


class PlainResidual(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.conv1, self.conv2 = PlainConv(wide, wide, 3), PlainConv(wide, wide, 3)
        self.in1, self.in2 = (nn.InstanceNorm2d(wide, affine=True) for _ in range(2))

    def forward(self, x):
        return x + self.in2(self.conv2(F.relu(self.in1(self.conv1(x)))))


class PlainNet(nn.Module):
    def __init__(self, width=8, blocks=5):
        super().__init__()
        self.conv1 = PlainConv(3, width, 9)
        self.conv2 = PlainConv(width, 2 * width, 3, 2)
        self.conv3 = PlainConv(2 * width, 4 * width, 3, 2)
        for i in range(1, blocks + 1):
            setattr(self, f"res{i}", PlainResidual(4 * width))
        self.deconv1 = PlainConv(4 * width, 2 * width, 3, times=2)
        self.deconv2 = PlainConv(2 * width, width, 3, times=2)
        self.deconv3 = PlainConv(width, 3, 9)
        for i, wide in enumerate((width, 2 * width, 4 * width, 2 * width, width), 1):
            setattr(self, f"in{i}", nn.InstanceNorm2d(wide, affine=True))
        self.blocks = blocks

    def forward(self, x):
        for i in (1, 2, 3):
            x = F.relu(getattr(self, f"in{i}")(getattr(self, f"conv{i}")(x)))
        for i in range(1, self.blocks + 1):
            x = getattr(self, f"res{i}")(x)
        for i in (1, 2):
            x = F.relu(getattr(self, f"in{3 + i}")(getattr(self, f"deconv{i}")(x)))
        return self.deconv3(x)


def plain_net(**shape):
    torch.manual_seed(3)
    net = PlainNet(**shape).eval()
    net.deconv3.conv2d.weight.data *= 40  # values in 0..255
    net.deconv3.conv2d.bias.data += 128
    for name, weight in net.named_parameters():
        if ".in" in f".{name}" and weight.ndim == 1:
            weight.data += torch.randn_like(weight) * 0.2
    return net


@pytest.mark.parametrize("blocks", [5, 2])
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_a_pth_of_the_pytorch_examples_paints_as_its_own_code_does(tmp_path, old, blocks):
    net = plain_net(blocks=blocks)
    state = net.state_dict()
    if old:  # what torch 0.3 wrote beside the weights
        for norm in ("in1", "in4", "res1.in2"):
            state[f"{norm}.running_mean"] = torch.full_like(state[f"{norm}.weight"], 9.0)
            state[f"{norm}.running_var"] = torch.zeros_like(state[f"{norm}.weight"])
    torch.save(state, tmp_path / "mosaic.pth", _use_new_zipfile_serialization=not old)
    given = image(24, 32, n=2)
    with torch.no_grad():
        theirs = net((given + 1) * 127.5).clamp(0, 255) / 127.5 - 1
    ours = genart.stylizer(f"fast:{tmp_path / 'mosaic.pth'}")(given)
    assert theirs.std() > 0.1
    assert (ours - theirs).abs().max() < 1e-4
    summary = (
        genart.registry("reader")
        .create("fast-style")
        .recognise(genart.checkpoints.read_checkpoint(tmp_path / "mosaic.pth"))
    )
    assert summary["architecture"] == f"8-16-32, {blocks} blocks"


LAYOUTS = {
    "small": small(20, 1, 3),
    "johnson": johnson(8, 1, 3),
    "no up-sampling": Layout(((3, 1, 12),), ((5, 1, 9), (1, 1, 3)), 1, 3, direct=True),
    "7x7 at the end": Layout(((5, 2, 12),), ((7, 2, 3),), 0, 3),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
def test_kernels_paint_what_the_network_paints(layout, level):
    net = random_net(layout).eval().requires_grad_(False)
    fast_net, mix = FastTransform(net), torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    for height, width in ((32, 24), (16, 44)):
        given = image(height, width, n=2)
        found, wanted = fast_net(given, mix), net(given, mix)
        assert fast_net._inference((height, width), given[0], mix[0]) is not None
        assert wanted.std() > 0.05
        assert (found - wanted).abs().max() < 1e-5 * wanted.abs().max()
        alone = torch.cat([fast_net(given[i : i + 1], mix[i : i + 1]) for i in (0, 1)])
        assert torch.equal(found, alone)


@pytest.mark.usefixtures("kernels")
def test_kernels_paint_with_changed_weights_at_once():
    net = random_net(small(8, 1, 2)).eval().requires_grad_(False)
    fast_net, mix, given = FastTransform(net), torch.tensor([[0.5, 0.5]]), image()
    before = fast_net(given, mix)
    for change in (net.in2.weight, net.colour.bias, net.res1.conv1.conv2d.weight):
        change.data.add_(0.3)
        found, wanted = fast_net(given, mix), net(given, mix)
        assert (found - wanted).abs().max() < 1e-5 * wanted.abs().max()
        assert not torch.equal(found, before)


@pytest.mark.usefixtures("kernels")
def test_kernels_leave_a_kernel_they_cannot_compute_to_the_network():
    net = random_net(Layout(((5, 2, 8), (3, 2, 8)), ((5, 2, 8), (5, 2, 3)), 1)).eval()
    given, mix = image(), torch.ones(1, 1)
    with torch.no_grad():
        lasting = given.contiguous(memory_format=torch.channels_last)
        assert torch.equal(FastTransform(net)(given, mix), net(lasting, mix))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (15, 17), (33, 50), (64, 64)])
def test_any_size_is_painted(three, size):
    check_stylizer(fast(f"{three}#fire"), image(*size, n=2))


def test_edges_are_painted_like_the_rest():
    coarse = image(14, 14) * 0.8
    given = F.interpolate(coarse, (160, 160), mode="bicubic").clamp(-1, 1)
    out = genart.stylizer("fast:starry_night")(given)
    middle = out[..., 30:-30, 30:-30].mean((0, 2, 3))
    edges = out[..., :3, :], out[..., -3:, :], out[..., :3], out[..., -3:]
    strange = [(edge.mean((0, 2, 3)) - middle).abs().max().item() for edge in edges]
    assert sum(strange) < 0.65, strange  # 0.87 where the edge is not cut off


def test_styles_are_mixed_like_channels_on_a_desk(three):
    painter, given = fast(str(three)), image()

    def mixed(**shares):
        for name in ("sea", "fire", "size_style"):
            setattr(painter, name, shares.get(name, 0.0))
        return painter(given)

    sea, fire, both = mixed(sea=1.0), mixed(fire=1.0), mixed(sea=0.5, fire=0.5)
    assert torch.equal(sea, genart.stylizer("fast", style=f"{three}#sea")(given))
    assert (sea - fire).abs().mean() > 0.05
    assert (both - sea).abs().mean() > 0.01
    assert (both - (sea + fire) / 2).abs().mean() > 0.001  # a style between, not a double exposure
    assert torch.allclose(mixed(sea=1.0, fire=1.0), both, atol=1e-6)
    assert torch.equal(mixed(), given)
    assert torch.allclose(mixed(fire=0.25), torch.lerp(given, fire, 0.25), atol=1e-6)


def test_an_image_may_keep_its_colours(three):
    painter, given = fast(str(three)), image() * 0.3
    painter.own_colour = 1.0
    light = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    out = painter(given)
    assert torch.allclose(
        (out - (out * light).sum(1, keepdim=True))[
            out.abs().amax(1, keepdim=True).expand_as(out) < 1
        ],
        (given - (given * light).sum(1, keepdim=True))[
            out.abs().amax(1, keepdim=True).expand_as(out) < 1
        ],
        atol=1e-5,
    )


def test_a_style_that_comes_with_genart_is_asked_for_by_name():
    names = shipped()
    assert len(names) >= 3
    for name, path in names.items():
        painter = genart.stylizer(f"fast:{name}")
        check_stylizer(painter, image())
        assert [getattr(painter, each) for each in painter.styles] == [
            float(each == name) for each in painter.styles
        ]
        assert path.stat().st_size < 2e6
        texts = genart.checkpoints.read_checkpoint(path).metadata
        assert texts["licence"]
        assert texts["training"]
    with pytest.raises(genart.errors.UnknownName, match=next(iter(names))):
        genart.stylizer("fast:no_such_style")


def test_a_style_may_have_a_name_in_any_script(tmp_path):
    night, noon, decomposed = "\u043d\u043e\u0447\u044c", "\u6771\u4eac", "u\u0308ber"
    named = style_names([f"{tmp_path}/{each}.png" for each in (night.upper(), noon, decomposed)])
    assert list(named) == [night, noon, "\u00fcber"]
    save_fast(tmp_path / "a.safetensors", random_net(small(8, 1, 3)), list(named), {})
    painter = genart.stylizer("fast", model=str(tmp_path / "a.safetensors"), style=decomposed)
    assert len(painter.styles) == 3
    assert all(each.isascii() and each.isidentifier() for each in painter.styles)
    assert [getattr(painter, each) for each in painter.styles] == [0, 0, 1]
    check_stylizer(painter, image())


def test_a_file_of_ours_carries_what_it_is(three):
    read = read_fast(three)
    assert read.styles == ("sea", "fire", "size")
    assert read.metadata["licence"] == "CC0"
    summary = (
        genart.registry("reader")
        .create("fast-style")
        .recognise(genart.checkpoints.read_checkpoint(three))
    )
    assert summary["styles"] == ["sea", "fire", "size"]
    with pytest.raises(genart.errors.CheckpointError, match="--style fast:"):
        genart.load(str(three))


def test_a_file_that_is_no_fast_style_is_told_what_it_lacks(tmp_path, three):
    def fails(path, *says):
        with pytest.raises(genart.errors.CheckpointError) as caught:
            fast(str(path))
        for text in says:
            assert text in str(caught.value)

    empty = tmp_path / "empty.pth"
    empty.touch()
    fails(empty, "is empty")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(three.read_bytes()[:-1000])
    fails(cut, "cut.safetensors")
    other = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(3)}, other)
    fails(other, "not a fast style", "conv1.conv2d.weight, conv2.conv2d.weight", "are missing")
    state = plain_net(blocks=1).state_dict()
    del state["res1.conv2.conv2d.bias"]
    torch.save(state, tmp_path / "less.pth")
    fails(tmp_path / "less.pth", "res1.conv2.conv2d.bias is missing")
    state = plain_net(blocks=1).state_dict() | {"in2.weight": torch.ones(5)}
    torch.save(state, tmp_path / "odd.pth")
    fails(tmp_path / "odd.pth", "in2.weight has shape (1, 5)")
    fails(tmp_path / "none.pth", "none.pth")
    with pytest.raises(genart.errors.UnknownName, match="sea"):
        fast("seaa", three)


def test_losses_equal_numpy():
    maps = lambda x, n: [x, x * 2, x[:, :2], x[..., ::2]][:n]  # noqa: E731
    painted, content, style = image(8, 8), image(8, 8, seed=1), image(12, 8, seed=2)

    def numpy_gram(x):
        flat = x.numpy().reshape(x.shape[1], -1).astype(np.float64)
        return flat @ flat.T / flat.shape[1]

    network = genart.perception.FeatureMaps("a test", 4, maps)
    like, far = StyleLosses(network, [content, style])(painted, content, torch.tensor([1]))
    p, c = maps(painted, 4)[2].numpy(), maps(content, 4)[2].numpy()
    strength = np.mean([(maps(x, 4)[2].numpy() ** 2).mean() for x in (content, style)])
    assert like.item() == pytest.approx(((p - c) ** 2).mean() / strength, rel=1e-5)
    pairs = zip(maps(painted, 4), maps(style, 4), strict=True)
    grams = [(numpy_gram(a), numpy_gram(b)) for a, b in pairs]
    expected = np.mean([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in grams])
    assert far.item() == pytest.approx(expected, rel=1e-5)
    assert gram(painted).shape == (1, 3, 3)
    steps = np.diff(painted.numpy(), axis=3), np.diff(painted.numpy(), axis=2)
    assert variation(painted).item() == pytest.approx(sum((x**2).mean() for x in steps), rel=1e-5)
    assert out_of_range(torch.tensor([0.5, -3.0])).item() == pytest.approx(2.0)


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A folder of images, one of them broken, and two styles beside it."""
    root = tmp_path_factory.mktemp("material")
    (root / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        frame = rng.integers(0, 255, (40, 48, 3), np.uint8)
        Image.fromarray(frame // (i + 1)).save(root / "pictures" / f"{i}.png")
    (root / "pictures" / "broken.jpg").write_bytes(b"no image")
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[::4] = 255
    Image.fromarray(stripes).save(root / "stripes.png")
    Image.fromarray(np.full((40, 40, 3), (200, 30, 10), np.uint8)).save(root / "red.png")
    return root


def fit(material, out, steps, **options):
    style = (str(material / "stripes.png"), f"rot={material / 'red.png'}")
    settings = FastSettings(**{**TINY, "style": style, "steps": steps, **options})
    return FastTrainer(settings).fit(material / "pictures", out, resume="auto")


def newest(folder):
    return genart.checkpoints.read_checkpoint(sorted(folder.glob("snapshot-*.pt"))[-1]).tree


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{}, {"net": "johnson", "crop": 64, "stroke": 2, "temporal_weight": 1.0}]
)
def test_a_resumed_run_equals_an_uninterrupted_one(material, tmp_path, options):
    fit(material, tmp_path / "whole", 4, **options)
    fit(material, tmp_path / "parts", 2, **options)
    fit(material, tmp_path / "parts", 4, **options)
    whole, parts = newest(tmp_path / "whole"), newest(tmp_path / "parts")
    assert whole["steps"] == 4
    assert same(whole, parts)
    model = "model.safetensors"
    assert (tmp_path / "whole" / model).read_bytes() == (tmp_path / "parts" / model).read_bytes()


def test_a_snapshot_from_before_the_small_network_had_its_name_goes_on(material, tmp_path):
    fit(material, tmp_path / "whole", 4)
    fit(material, tmp_path / "parts", 2)
    (snapshot,) = (tmp_path / "parts").glob("snapshot-*.pt")
    state = torch.load(snapshot, weights_only=True)
    state["settings"]["net"] = "stage"
    torch.save(state, snapshot)
    fit(material, tmp_path / "parts", 4)
    assert same(newest(tmp_path / "whole"), newest(tmp_path / "parts"))


def test_training_leaves_a_model_sheets_a_log_and_the_newest_snapshots(material, tmp_path):
    model = fit(material, tmp_path, 5, snapshot_steps=1, licence="CC0", note="noise")
    assert sorted(p.name for p in tmp_path.glob("snapshot-*")) == [
        f"snapshot-{n:08d}.pt" for n in (3, 4, 5)
    ]
    with Image.open(tmp_path / "painted-00000005.png") as sheet:
        assert sheet.size == (4 * 32, 3 * 32)  # the images, and each style below
    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5]
    assert {"content", "style", "tv"} <= set(records[-1])
    assert "broken.jpg" in records[-1]["left_out"]
    painter = genart.stylizer("fast", model=str(model), style="rot")
    assert list(painter.styles) == ["stripes", "rot"]
    assert painter.model.metadata["dataset"] == "noise"
    check_stylizer(painter, image())


def test_images_that_cannot_be_read_are_left_out_and_named(tmp_path):
    pictures = ContentImages(broken_zip(tmp_path / "set.zip"), 16)
    assert pictures.draw(64, torch.Generator().manual_seed(0)).shape == (64, 3, 16, 16)
    assert sorted(pictures.left_out) == [*BROKEN]


def test_ctrl_c_keeps_a_snapshot_and_says_so(material, tmp_path):
    def stop(progress):
        if progress.done == 2:
            raise KeyboardInterrupt

    settings = FastSettings(**{**TINY, "style": (str(material / "red.png"),), "steps": 9})
    with pytest.raises(KeyboardInterrupt, match=r"snapshot-00000002\.pt"):
        FastTrainer(settings).fit(material / "pictures", tmp_path, progress=stop)


def test_the_averaged_network_forgets_the_initial_weights_early(material):
    settings = FastSettings(**{**TINY, "style": (str(material / "red.png"),), "warmup": 0})
    data = ContentImages(material / "pictures", 32)
    run, kept = FastTraining(settings, data, torch.device("cpu")), []
    for _ in range(4):
        before = next(run.average.network.parameters()).clone()
        run.step()
        now, mean = next(run.net.parameters()), next(run.average.network.parameters())
        kept.append(((mean - now).norm() / (before - now).norm()).item())
    assert kept == pytest.approx([n / (n + 10) for n in range(1, 5)], abs=1e-3)


def test_the_loss_falls_and_the_style_arrives(material):
    style = (str(material / "stripes.png"),)
    settings = FastSettings(**{**TINY, "style": style, "lr": 0.01, "warmup": 0})
    data = ContentImages(material / "pictures", 32)
    training = FastTraining(settings, data, torch.device("cpu"))
    losses = [training.step()["style"] for _ in range(25)]
    assert sum(losses[-3:]) < 0.85 * sum(losses[:3])


def test_what_training_cannot_use_is_reported(material, tmp_path, genart_command):
    pictures, red = material / "pictures", material / "red.png"
    for style, says in [
        ([], "needs at least one style image"),
        ([red, f"RED={red}"], "twice"),
        ([material / "none.png"], "none.png"),
    ]:
        given = [part for each in style for part in ("--style", each)]
        done = genart_command("train", "fast", "--data", pictures, "--out", tmp_path / "o", *given)
        assert done.code in (1, 2)
        assert says in done.err
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.png").write_bytes(b"")
    with pytest.raises(genart.DataError, match=r"a\.png"):
        ContentImages(broken, 32).draw(1, torch.Generator())
    fit(material, tmp_path / "run", 2)
    with pytest.raises(genart.UsageError, match="width was 8, now 16"):
        fit(material, tmp_path / "run", 3, width=16)


def test_train_fast_on_the_command_line_takes_several_styles(material, tmp_path, genart_command):
    out = tmp_path / "run"
    options = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    styles = ["--style", material / "red.png", "--style", f"lines={material / 'stripes.png'}"]
    done = genart_command(
        "train", "fast", "--data", material / "pictures", "--out", out, "--steps", 2, *options,
        *styles, "--json", "--device", "cpu",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert read_fast(done.json["model"]).styles == ("red", "lines")
