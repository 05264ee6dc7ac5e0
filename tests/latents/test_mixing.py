"""Latents mixed by weight and by layer."""

import pytest
import torch

import genart
from genart.latents.mixing import parse_layers
from genart.plugins import registry


@pytest.fixture(scope="module")
def plasma():
    return registry("generator").create("plasma-classes", resolution=16)


def test_mix_takes_the_named_layers_from_the_columns_row_by_row(plasma):
    rows, cols = plasma.sample([1, 2], label=1), plasma.sample([7, 8, 9], label=2)
    mixed = genart.mix(plasma, rows, cols, "0-1,5")
    row, col = plasma.map(rows).values, plasma.map(cols).values
    assert mixed.space == "w+"
    assert mixed.values.shape == (6, 8, 32)
    for i in range(2):
        for j in range(3):
            place = mixed.values[i * 3 + j]
            for layer in range(8):
                source = col[j] if layer in (0, 1, 5) else row[i]
                assert torch.equal(place[layer], source[layer])
    assert torch.equal(mixed.label, rows.label.repeat_interleave(3, dim=0))


def test_mix_leaves_the_generators_latents_alone(plasma):
    rows = plasma.map(plasma.sample([1, 2]))
    before = rows.values.clone()
    genart.mix(plasma, rows, plasma.sample([3]), range(8))
    assert torch.equal(rows.values, before)


def test_mixing_no_or_all_layers_gives_rows_or_columns(plasma):
    rows, cols = plasma.sample([1]), plasma.sample([2])
    assert torch.equal(genart.mix(plasma, rows, cols, []).values, plasma.map(rows).values)
    assert torch.equal(genart.mix(plasma, rows, cols, "all").values, plasma.map(cols).values)


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("0-3,8", [0, 1, 2, 3, 8]),
        ("5", [5]),
        (" 3 , 1-2, 2", [1, 2, 3]),
        ("8-", [8, 9, 10, 11]),
        ("all", list(range(12))),
        ("coarse", [0, 1, 2, 3]),
        ("middle,fine", [4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_layers_are_read_from_text(text, layers):
    assert parse_layers(text, 12) == layers


def test_closed_ranges_need_no_model():
    assert parse_layers("0-3,8") == [0, 1, 2, 3, 8]
    assert parse_layers("998-999") == [998, 999]


@pytest.mark.parametrize(
    ("text", "num_ws", "message"),
    [
        ("", 8, "not understood"),
        ("a-b", 8, "not understood"),
        ("-3", 8, "not understood"),
        ("3-1", 8, "backwards"),
        ("0-8", 8, "no layer 8; this model has 0..7"),
        ("8-", 8, "no layer 8"),
        ("fine", 8, r"no fine layers; it has 0\.\.7\."),
        ("1000", None, r"There is no layer 1000\."),
        ("8-", None, "no end without a model"),
        ("0-99999999999", 8, "no layer 99999999999"),
        ("0-99999999999", None, "no layer 99999999999"),
    ],
)
def test_layers_out_of_reach_are_refused(text, num_ws, message):
    with pytest.raises(genart.UsageError, match=message):
        parse_layers(text, num_ws)


def test_a_small_model_has_as_much_of_a_style_as_it_has():
    assert parse_layers("middle", 6) == [4, 5]


def test_layer_numbers_are_checked(plasma):
    with pytest.raises(genart.UsageError, match="no layer 8"):
        genart.mix(plasma, plasma.sample([1]), plasma.sample([2]), [8])
    with pytest.raises(genart.UsageError, match="no layer -1"):
        genart.mix(plasma, plasma.sample([1]), plasma.sample([2]), [-1])


def test_blend_sums_values_labels_and_truncation():
    keys = genart.Latent(
        "z",
        torch.tensor([[1.0, 0.0], [3.0, 4.0]]),
        torch.eye(2),
        torch.tensor([1.0, 0.5]),
    )
    place = genart.blend(keys, [0.25, 0.75])
    torch.testing.assert_close(place.values, torch.tensor([[2.5, 3.0]]))
    torch.testing.assert_close(place.label, torch.tensor([[0.25, 0.75]]))
    torch.testing.assert_close(place.truncation, torch.tensor([0.625]))


def test_blend_gives_several_places_and_single_keys_bit_for_bit(plasma):
    keys = plasma.sample([1, 2, 3])
    assert torch.equal(genart.blend(keys, torch.eye(3)).values, keys.values)
    assert len(genart.blend(keys, torch.ones(5, 3) / 3)) == 5


def test_blend_says_which_weights_fit(plasma):
    with pytest.raises(genart.UsageError, match=r"3 keys need weights of shape \(3,\)"):
        genart.blend(plasma.sample([1, 2, 3]), [0.5, 0.5])
