"""Walks: loops close exactly, keys are met, nothing is ever not a number."""

import math
import re
from itertools import pairwise

import pytest
import torch

import genart
from genart.latents.easing import EASINGS
from genart.latents.walks import segment
from genart.plugins import registry

KINDS = sorted(registry("interpolator"))
THROUGH = ("linear", "slerp", "cubic", "bspline")
SPACES = ("z", "w", "w+")


@pytest.fixture(scope="module")
def plasma():
    return registry("generator").create("plasma-classes", resolution=16)


def keys_in(space, plasma, seeds=(1, 2, 3, 4, 5)):
    z = plasma.sample(seeds, label=[seed % 3 for seed in seeds])
    if space == "z":
        return z
    mapped = plasma.map(z)
    if space == "w+":
        return mapped
    return genart.Latent("w", mapped.values[:, 0], mapped.label)


def same(a, b):
    pairs = [(a.values, b.values), (a.label, b.label), (a.truncation, b.truncation)]
    return all(x is y if x is None or y is None else torch.equal(x, y) for x, y in pairs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", SPACES)
def test_a_loop_closes_bit_for_bit(kind, space, plasma):
    walk = genart.walk(keys_in(space, plasma), kind)
    assert same(walk(0), walk(1))
    assert same(walk(0.75), walk(-0.25))
    assert same(walk(0), walk(-1e-18))
    assert same(walk(0.5), walk(7.5))


@pytest.mark.parametrize("kind", KINDS)
def test_an_interpolator_closes_its_loop_by_itself(kind, plasma):
    interpolator = registry("interpolator").create(kind)
    keys = keys_in("z", plasma)
    assert same(interpolator(keys, 0.0, True), interpolator(keys, 1.0, True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loop", [True, False])
def test_a_walk_has_no_jumps(kind, loop, plasma):
    """The last frame leads to the first like any frame to its next."""
    walk = genart.walk(keys_in("z", plasma), kind, loop=loop)
    places = walk.at([k / 200 for k in range(201)])
    steps = (places.values[1:] - places.values[:-1]).norm(dim=1)
    assert steps.max() < 3.5 * steps.median()
    if loop:
        assert steps[-1] < 2 * steps[-2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", SPACES)
def test_labels_stay_convex_blends_and_places_keep_their_shape(kind, space, plasma):
    keys = keys_in(space, plasma)
    places = genart.walk(keys, kind).at([0.0, 0.07, 0.31, 0.5, 0.93])
    assert places.space == space
    assert places.values.shape[1:] == keys.values.shape[1:]
    assert places.values.dtype == torch.float32
    assert torch.isfinite(places.values).all()
    assert (places.label >= 0).all()
    torch.testing.assert_close(places.label.sum(1), torch.ones(5))
    assert not torch.equal(places.label[1], places.label[0]), "labels travel too"


@pytest.mark.parametrize("kind", THROUGH)
@pytest.mark.parametrize("easing", sorted(EASINGS))
@pytest.mark.parametrize("loop", [True, False])
def test_keys_are_met_bit_for_bit(kind, easing, loop, plasma):
    keys = keys_in("z", plasma)
    walk = genart.walk(keys, kind, loop=loop, easing=easing)
    for i in range(len(keys)):
        assert same(walk(i / walk.segments), keys[i])


def test_every_key_of_a_long_walk_is_met_though_floats_round(plasma):
    keys = plasma.sample(range(49))
    assert 1 / 49 * 49 != 1, "the trap this test is about"
    for easing in ("linear", "cut"):
        walk = genart.walk(keys, "slerp", easing=easing)
        assert torch.equal(walk.at([i / 49 for i in range(49)]).values, keys.values)


def test_an_open_walk_stops_at_both_ends(plasma):
    keys = keys_in("z", plasma)
    walk = genart.walk(keys, "slerp", loop=False)
    assert same(walk(-3), keys[0])
    assert same(walk(1), keys[4])
    assert same(walk(2), keys[4])


def test_spherical_is_another_name_of_slerp(plasma):
    keys = keys_in("z", plasma)
    assert same(genart.walk(keys, "spherical")(0.3), genart.walk(keys, "slerp")(0.3))


def test_linear_is_half_way_at_the_middle(plasma):
    keys = keys_in("w+", plasma)
    middle = genart.walk(keys, "linear")(0.1).values[0]
    torch.testing.assert_close(middle, (keys.values[0] + keys.values[1]) / 2)


def test_slerp_turns_at_a_constant_rate_and_keeps_length():
    keys = genart.Latent("z", torch.tensor([[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]]))
    third = genart.walk(keys, "slerp", loop=False)(1 / 3).values[0]
    expected = torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6), 0.0]) * (2 + 2 / 3)
    torch.testing.assert_close(third, expected)


def test_slerp_in_w_goes_straight(plasma):
    keys = keys_in("w", plasma)
    assert same(genart.walk(keys, "slerp")(0.27), genart.walk(keys, "linear")(0.27))


@pytest.mark.parametrize(
    "other",
    [(-3.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 0.0, 0.0), (-3.0, 1e-7, 0.0), (3.0, 1e-12, 0.0)],
    ids=["opposite", "identical", "zero", "nearly opposite", "nearly identical"],
)
def test_slerp_is_steady_where_the_angle_gives_no_direction(other):
    keys = genart.Latent("z", torch.tensor([[3.0, 0.0, 0.0], other]))
    places = genart.walk(keys, "slerp").at([k / 100 for k in range(101)]).values
    assert torch.isfinite(places).all()
    assert (places[1:] - places[:-1]).norm(dim=1).max() < 0.2
    if other[0] == 0:
        torch.testing.assert_close(places[:, 0], 3 * torch.linspace(-1, 1, 101).abs())
    if other[0] == -3.0:
        torch.testing.assert_close(places.norm(dim=1), torch.full((101,), 3.0))


def test_cubic_is_catmull_rom():
    keys = genart.Latent("w", torch.tensor([[0.0], [1.0], [4.0], [2.0]]))
    closed = genart.walk(keys, "cubic")
    assert closed(0.375).values.item() == pytest.approx((-0 + 9 * 1 + 9 * 4 - 2) / 16)
    assert closed(0.875).values.item() == pytest.approx((-4 + 9 * 2 + 9 * 0 - 1) / 16)
    ended = genart.walk(keys, "cubic", loop=False)
    beyond = 2 * 0 - 1
    assert ended(1 / 6).values.item() == pytest.approx((-beyond + 9 * 0 + 9 * 1 - 4) / 16)


@pytest.mark.parametrize("loop", [True, False])
def test_bspline_bends_without_a_jerk(loop):
    keys = genart.Latent("w", torch.tensor([[0.0], [1.0], [4.0], [2.0], [-3.0]]))
    walk = genart.walk(keys, "bspline", loop=loop)
    h = 1 / 60
    for i in range(1, 4):
        at = i / walk.segments
        x = [walk(at + k * h).values.double().item() for k in range(-3, 4)]
        before, after = x[0] - 2 * x[1] + x[2], x[4] - 2 * x[5] + x[6]
        here = x[2] - 2 * x[3] + x[4]
        assert here == pytest.approx((before + after) / 2, abs=0.35 * abs(here) + 1e-3)


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("count", [2, 3])
def test_splines_manage_few_keys(loop, count, plasma):
    keys = plasma.sample(range(count))
    for kind in ("cubic", "bspline"):
        places = genart.walk(keys, kind, loop=loop).at([0.1, 0.5, 0.9])
        assert torch.isfinite(places.values).all()


def test_a_circle_has_the_radius_of_normal_draws_and_starts_at_the_first_key(plasma):
    keys = plasma.sample([1])
    places = genart.walk(keys, "circle", seed=4).at([k / 12 for k in range(12)]).values
    torch.testing.assert_close(places.norm(dim=1), torch.full((12,), math.sqrt(32)))
    towards = torch.nn.functional.cosine_similarity(places[:1], keys.values)
    assert towards.item() == pytest.approx(1, abs=1e-6)
    assert torch.linalg.matrix_rank(places, rtol=1e-5) == 2, "a plane"
    torch.testing.assert_close(places[6], -places[0], atol=1e-5, rtol=0)


def test_a_circle_in_w_goes_round_the_mean_of_the_keys(plasma):
    keys = keys_in("w+", plasma)
    walk = genart.walk(keys, "circle")
    torch.testing.assert_close(walk(0).values, keys.values[:1])
    middle = walk.at([k / 8 for k in range(8)]).values.mean(0)
    torch.testing.assert_close(middle, keys.values.mean(0), atol=1e-5, rtol=0)
    layers = walk(0.2).values[0]
    torch.testing.assert_close(layers, layers[:1].expand_as(layers))


def test_a_noise_path_is_standard_normal_in_z_at_every_phase():
    keys = genart.Latent("z", torch.randn(1, 20000, generator=torch.Generator().manual_seed(1)))
    places = genart.walk(keys, "noise", radius=3.0).at([0.0, 0.2, 0.63]).values
    assert places.mean(1).abs().max() < 0.03
    assert (places.std(1) - 1).abs().max() < 0.03


def test_a_noise_path_strays_more_with_radius_and_trembles_with_less_smoothness(plasma):
    key = plasma.sample([1])

    def length(**options):
        places = genart.walk(key, "noise", **options).at([k / 60 for k in range(61)]).values
        return (places[1:] - places[:-1]).norm(dim=1).sum()

    assert length(radius=0.0) == 0
    assert same(genart.walk(key, "noise", radius=0.0)(0.3), key)
    assert length(radius=0.3) < length(radius=1.0)
    assert length(smoothness=2.0) < length(smoothness=0.6) < length(smoothness=0.2)


@pytest.mark.parametrize("kind", ["circle", "noise"])
def test_seeds_choose_the_path(kind, plasma):
    key = plasma.sample([1])
    first = genart.walk(key, kind, seed=1)(0.3)
    assert same(first, genart.walk(key, kind, seed=1)(0.3))
    assert not same(first, genart.walk(key, kind, seed=2)(0.3))


def test_pulse_breathes_between_its_factors_and_walks_on(plasma):
    keys = keys_in("z", plasma)
    walk = genart.walk(keys, "pulse", pulses=2, low=0.2, high=1.0)
    places = walk.at([k / 8 for k in range(8)])
    expected = torch.tensor([1.0, 0.6, 0.2, 0.6] * 2)
    torch.testing.assert_close(places.truncation, expected)
    assert torch.equal(places.values, genart.walk(keys).at([k / 8 for k in range(8)]).values)
    images = plasma(walk.at([0.0, 0.25]))
    assert not torch.equal(images[0], images[1])


def test_pulse_multiplies_the_keys_own_truncation(plasma):
    key = genart.Latent("z", plasma.sample([1]).values, truncation=torch.tensor([0.5]))
    walk = genart.walk(key, "pulse", low=0.2)
    assert walk(0.5).truncation.item() == pytest.approx(0.1)


def test_traverse_goes_from_the_opposite_to_the_image_and_back(plasma):
    key = plasma.sample([1])
    loop = genart.walk(key, "traverse").at([0.0, 0.25, 0.5, 0.75])
    torch.testing.assert_close(loop.truncation, torch.tensor([-1.0, 0.0, 1.0, 0.0]))
    ended = genart.walk(key, "traverse", loop=False)
    assert ended(1.0).truncation.item() == pytest.approx(1)
    assert torch.equal(loop.values, key.values.expand(4, -1))


def test_breathing_walks_take_another_base_but_not_each_other(plasma):
    keys = keys_in("z", plasma)
    walk = genart.walk(keys, "pulse", base="cubic")
    assert torch.equal(walk(0.3).values, genart.walk(keys, "cubic")(0.3).values)
    with pytest.raises(genart.UsageError, match="changes truncation itself"):
        genart.walk(keys, "pulse", base="traverse")


@pytest.mark.parametrize("name", sorted(EASINGS))
def test_an_easing_keeps_its_ends_and_never_turns_back(name):
    values = [EASINGS[name](k / 100) for k in range(101)]
    assert values[0] == 0
    assert values[-1] == 1
    assert all(a <= b for a, b in pairwise(values))


def test_hold_rests_on_keys_and_cut_jumps(plasma):
    keys = keys_in("z", plasma)
    hold, cut = (genart.walk(keys, "slerp", easing=name) for name in ("hold", "cut"))
    assert same(hold(0.03), keys[0])
    assert same(hold(0.17), keys[1])
    assert not same(hold(0.1), keys[0])
    assert same(cut(0.19), keys[0])
    assert same(cut(0.2), keys[1])


@pytest.mark.parametrize("kind", KINDS)
def test_one_key_is_enough_for_walks_around_it(kind, plasma):
    key = plasma.sample([1])
    if kind in (*THROUGH, "spherical"):
        with pytest.raises(genart.UsageError, match=r"needs at least two.*circle"):
            genart.walk(key, kind)
    else:
        assert torch.isfinite(genart.walk(key, kind)(0.3).values).all()


@pytest.mark.parametrize("kind", ["circle", "noise"])
def test_walks_around_one_key_in_w_say_why_they_cannot(kind, plasma):
    with pytest.raises(genart.UsageError, match="needs at least two; in z one key is enough"):
        genart.walk(keys_in("w", plasma, [1]), kind)


def test_a_walk_is_frozen(plasma):
    walk = genart.walk(plasma.sample([1, 2]))
    with pytest.raises(AttributeError):
        walk.loop = False


def test_a_misspelt_kind_or_easing_gets_a_suggestion(plasma):
    keys = plasma.sample([1, 2])
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "slerp"'):
        genart.walk(keys, "slrep")
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "smoothstep"'):
        genart.walk(keys, easing="smothstep")


def test_options_are_given_by_name(plasma):
    with pytest.raises(TypeError):
        genart.walk(plasma.sample([1, 2]), "slerp", True)


def test_options_a_kind_does_not_take_are_named(plasma):
    with pytest.raises(genart.UsageError, match=r"'sed'.*its options: seed, radius"):
        genart.walk(plasma.sample([1]), "circle", sed=3)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("circle", {"radius": -1.0}, "radius must be 0 or more"),
        ("noise", {"smoothness": 0.0}, "outside 0.05..10"),
        ("noise", {"smoothness": 0.049}, "outside 0.05..10"),
        ("noise", {"smoothness": 10.1}, "outside 0.05..10"),
        ("noise", {"radius": -1.0}, "radius must be 0 or more"),
        ("noise", {"radius": math.inf}, "radius must be 0 or more"),
        ("pulse", {"pulses": -1}, "pulses must be 0 or more"),
        ("pulse", {"low": math.inf}, "finite"),
        ("pulse", {"base": "slrep"}, "slerp"),
    ],
)
def test_options_out_of_range_are_refused(kind, options, message, plasma):
    with pytest.raises(genart.UsageError, match=message):
        genart.walk(plasma.sample([1]), kind, **options)


@pytest.mark.parametrize("phase", [math.nan, math.inf])
def test_a_phase_is_a_number(phase, plasma):
    with pytest.raises(genart.UsageError, match="finite number"):
        genart.walk(plasma.sample([1, 2]))(phase)


def test_a_strangers_interpolator_closes_and_is_checked(plasma):
    keys = plasma.sample([1, 2])
    drift = genart.Walk(keys, lambda keys, phase, loop: genart.blend(keys, [1, phase]))
    assert same(drift(0), drift(1))
    assert same(drift(0), drift(-1e-18))
    with pytest.raises(genart.UsageError, match="gives 1 latent in z, this one gave 2"):
        genart.Walk(keys, lambda keys, phase, loop: keys)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 49])
@pytest.mark.parametrize("loop", [True, False])
def test_segments_cover_the_walk(count, loop):
    stretches = count if loop else max(count - 1, 1)
    for k in range(stretches):
        assert segment((k + 0.25) / stretches, count, loop) == (
            k,
            min(k + 1, count - 1) if not loop else (k + 1) % count,
            pytest.approx(0.25),
        )
    assert segment(1.0, count, loop)[2] == (0 if loop else 1)


def test_what_is_not_given_is_what_the_page_says(plasma):
    key, keys = plasma.sample([1]), plasma.sample([1, 2, 3])
    for kind, options in (
        ("circle", {"seed": 0, "radius": 1.0}),
        ("noise", {"seed": 0, "radius": 1.0, "smoothness": 0.6}),
        ("pulse", {"base": "slerp", "low": 0.3, "high": 1.0}),
        ("traverse", {"base": "slerp", "low": -1.0, "high": 1.0}),
    ):
        for given in (keys,) if kind in ("pulse", "traverse") else (key, keys):
            assert same(genart.walk(given, kind)(0.3), genart.walk(given, kind, **options)(0.3))
    assert same(genart.walk(keys, "pulse")(0.2), genart.walk(keys, "pulse", pulses=3)(0.2))


@pytest.mark.parametrize("kind", ["circle", "noise", "pulse"])
def test_interpolators_are_frozen(kind):
    with pytest.raises(AttributeError):
        registry("interpolator").create(kind).seed = 7


def test_a_circle_is_a_circle_of_its_radius_in_w_too():
    values = torch.randn(4, 2, 64, generator=torch.Generator().manual_seed(1))
    values[:, 1] = values[:, 0]
    keys = genart.Latent("w+", values)
    for scale in (1.0, 1e-4):
        small = genart.Latent("w+", values * scale)
        places = genart.walk(small, "circle", radius=2.0, seed=3).at([k / 9 for k in range(9)])
        away = (places.values - small.values.mean(0)).norm(dim=2)
        first = (small.values[0] - small.values.mean(0)).norm(dim=1)
        torch.testing.assert_close(away / scale, (2 * first / scale).expand_as(away))
    quarter = genart.walk(keys, "circle")(0.25).values[0] - keys.values.mean(0)
    start = keys.values[0] - keys.values.mean(0)
    assert (quarter * start).sum(1).abs().max() < 1e-4, "a quarter on is at right angles"
    opened = genart.walk(keys, "circle", loop=False)
    torch.testing.assert_close(opened(0.5).values, genart.walk(keys, "circle")(0.5).values)


def test_a_circle_from_the_origin_has_a_direction():
    keys = genart.Latent("z", torch.zeros(1, 16))
    places = genart.walk(keys, "circle").at([0.0, 0.2]).values
    torch.testing.assert_close(places[0], torch.ones(16))
    torch.testing.assert_close(places.norm(dim=1), torch.full((2,), 4.0))


@pytest.mark.parametrize("smoothness", [0.2, 0.6, 2.0])
def test_a_noise_path_has_the_periodic_kernel(smoothness):
    """MacKay 1998: the correlation of two phases, without the constant part."""
    keys = genart.Latent("z", torch.zeros(1, 40_000))
    phases = [0.0, 0.03, 0.1, 0.25, 0.5, 0.9]
    walk = genart.walk(keys, "noise", radius=1.0, smoothness=smoothness)
    places = walk.at(phases).values.double() * math.sqrt(2)  # the key adds nothing here
    found = places @ places[0] / places.shape[1]
    at = torch.arange(1000) / 1000

    def kernel(d):
        return (-2 * (math.pi * d).sin().square() / smoothness**2).exp()

    mean = kernel(at).mean()
    wanted = (kernel(torch.tensor(phases)) - mean) / (1 - mean)
    torch.testing.assert_close(found.float(), wanted, atol=0.03, rtol=0)


def test_a_noise_path_in_w_is_measured_by_the_spread_of_the_keys():
    values = torch.randn(6, 1, 20_000, generator=torch.Generator().manual_seed(1)) * 0.5
    keys = genart.Latent("w+", values + 3.0)
    walk = genart.walk(keys, "noise", radius=2.0)
    strayed = walk(0.0).values[0] - keys.values[0]
    spread = keys.values.std(0, correction=0).square().mean().sqrt()
    assert strayed.std().item() == pytest.approx(2.0 * spread.item(), rel=0.03)
    assert strayed.mean().item() == pytest.approx(0.0, abs=0.03)


def test_a_notebook_shows_a_walk_on_its_two_main_directions():
    square = torch.tensor([[2.0, 2.0, 0.0], [-2.0, 2.0, 0.0], [-2.0, -2.0, 0.0], [2.0, -2.0, 0.0]])
    shown = genart.walk(genart.Latent("w", square + 5.0), "linear")._repr_html_()
    assert '<svg width="160" height="160"' in shown
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', shown)
    places = torch.tensor([[float(x) - 80, float(y) - 80] for x, y in dots])
    assert places.norm(dim=1).tolist() == pytest.approx([72.0] * 4, rel=0.05)
    assert places.abs().max().item() == pytest.approx(72.0, abs=0.1)
    torch.testing.assert_close(places[0], -places[2], atol=3.0, rtol=0)
    assert len(shown.partition('points="')[2].partition('"')[0].split()) == 97


def test_slerp_through_opposite_keys_keeps_their_length_in_every_direction():
    for direction in ([1.0, 1.0, 1.0], [0.3, -2.0, 1.0], [0.0, 0.0, 5.0]):
        key = torch.tensor([direction])
        keys = genart.Latent("z", torch.cat([key, -key]))
        places = genart.walk(keys, "slerp").at([0.0, 0.1, 0.25, 0.4]).values
        torch.testing.assert_close(places.norm(dim=1), key.norm(dim=1).expand(4))
        torch.testing.assert_close((places[2] * key).sum(), torch.tensor(0.0), atol=1e-5, rtol=0)


def test_an_open_pulse_breathes_as_often_as_a_loop(plasma):
    keys = keys_in("z", plasma)
    phases = [0.0, 0.25, 0.5, 0.6, 1.0]
    opened = genart.walk(keys, "pulse", pulses=2, loop=False).at(phases).truncation
    torch.testing.assert_close(opened, torch.tensor([1.0, 0.3, 1.0, opened[3], 1.0]))
    assert genart.walk(keys, "pulse", pulses=2)(0.6).truncation.item() == pytest.approx(opened[3])


@pytest.mark.parametrize("kind", ["circle", "noise"])
def test_two_keys_are_enough_for_walks_around_them_in_w(kind, plasma):
    assert torch.isfinite(genart.walk(keys_in("w", plasma, [1, 2]), kind)(0.3).values).all()


def test_a_circle_in_z_starts_in_the_direction_of_the_first_of_several_keys(plasma):
    keys = plasma.sample([1, 2, 3])
    start = genart.walk(keys, "circle")(0.0).values
    cosines = torch.nn.functional.cosine_similarity(start.expand(3, -1), keys.values)
    assert cosines[0].item() == pytest.approx(1.0, abs=1e-6)
    assert cosines[1:].abs().max() < 0.9
