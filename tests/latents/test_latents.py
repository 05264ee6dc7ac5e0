"""Latents: by seed, joined, and kept in files that are checked before they are believed."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genart
from genart import DataError, Latent, UsageError, load_latent, save_latent
from genart.latent import draw_in, format_seeds, parse_seeds


@pytest.fixture(scope="module")
def plasma() -> genart.Generator:
    return genart.load("plasma", device="cpu", resolution=16)


@pytest.fixture(scope="module")
def classes() -> genart.Generator:
    return genart.load("plasma-classes", device="cpu", resolution=16)


def test_a_seed_means_what_it_means_elsewhere(plasma: genart.Generator) -> None:
    z = plasma.sample([7, 2**32 - 1]).values
    for row, seed in zip(z, (7, 2**32 - 1), strict=True):
        known = np.random.RandomState(seed).randn(1, plasma.z_dim).astype(np.float32)
        assert torch.equal(row, torch.from_numpy(known)[0])


def test_seeds_may_come_as_any_whole_numbers(plasma: genart.Generator) -> None:
    several = plasma.sample(np.array([3, 4])).values
    assert torch.equal(plasma.sample(np.int64(3)).values, several[:1])
    assert torch.equal(plasma.sample(range(3, 5)).values, several)


@pytest.mark.parametrize("seeds", [-1, 2**32, 1.5, [], "a", ["1", "b"], None])
def test_what_is_no_seed_is_refused(plasma: genart.Generator, seeds: Any) -> None:
    with pytest.raises(UsageError, match=r"[Ss]eed"):
        plasma.sample(seeds)


def test_a_seed_out_of_range_is_told_the_range(plasma: genart.Generator) -> None:
    with pytest.raises(UsageError, match=r"Seeds are 0\.\.4294967295, not 4294967296\."):
        plasma.sample(2**32)
    with pytest.raises(UsageError, match=r"A seed is a whole number or a text .*, not 1\.5\."):
        plasma.sample(1.5)  # type: ignore[arg-type]


def test_a_latent_is_frozen(plasma: genart.Generator) -> None:
    latent = plasma.sample(1)
    with pytest.raises(AttributeError):
        latent.space = "w"  # type: ignore[misc]


def test_truncation_draws_the_first_layers_towards_the_average() -> None:
    w = torch.tensor([[4.0, -8.0], [1.0, 2.0]])
    latent = Latent("w", w, torch.eye(2))
    drawn = draw_in(latent, 3, 0.25, None)
    assert drawn.space == "w+"
    assert drawn.values.tolist() == [[[1.0, -2.0]] * 3, [[0.25, 0.5]] * 3]
    assert drawn.label is latent.label
    cut = draw_in(latent, 3, 0.25, 1).values[0].tolist()
    assert cut == [[1.0, -2.0], [4.0, -8.0], [4.0, -8.0]]
    halved = Latent("w", w, truncation=torch.tensor([0.5, 1.0]))
    assert draw_in(halved, 2, 0.25, None).values[:, 1].tolist() == [[0.5, -1.0], [0.25, 0.5]]
    plus = Latent("w+", torch.tensor([[[4.0], [8.0]]]))
    assert draw_in(plus, 2, 0.5, None).values.tolist() == [[[2.0], [4.0]]]


def test_a_class_becomes_a_row_of_its_own(classes: genart.Generator) -> None:
    assert classes.sample([1, 2], 2).label.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert classes.sample([1, 2], [0, 1]).label.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert classes.sample(1).label.tolist() == [[1, 0, 0]]
    blend = torch.tensor([[0.5, 0.5, 0.0]])
    assert classes.sample([1, 2], blend).label.shape == (2, 3)


@pytest.mark.parametrize("label", [3, -1, [0], "0", 1.0, torch.zeros(1, 4), torch.zeros(3)])
def test_what_is_no_class_is_refused(classes: genart.Generator, label: Any) -> None:
    with pytest.raises(UsageError):
        classes.sample([1, 2], label)


def test_a_class_out_of_range_is_told_the_range(classes: genart.Generator) -> None:
    with pytest.raises(UsageError, match=r"Class 3 is outside 0\.\.2\."):
        classes.sample([1, 2], 3)
    with pytest.raises(UsageError, match=r"need 1 or 2 classes, not 3"):
        classes.sample([1, 2], [0, 1, 2])


def test_a_model_without_classes_refuses_one(plasma: genart.Generator) -> None:
    with pytest.raises(UsageError, match="has no classes"):
        plasma.sample(1, 0)


def test_latents_join_in_order_with_what_belongs_to_them(classes: genart.Generator) -> None:
    one, two = classes.sample(1, 1), classes.sample([2, 3], 2)
    both = genart.join([one, two])
    assert torch.equal(both.values, classes.sample([1, 2, 3]).values)
    assert both.label.argmax(1).tolist() == [1, 2, 2]
    assert torch.equal(genart.join([one]).values, one.values)
    with pytest.raises(UsageError, match="No latents to join"):
        genart.join([])


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [Latent("z", torch.zeros(1, 4)), Latent("w", torch.zeros(1, 4))],
        [Latent("z", torch.zeros(1, 4)), Latent("z", torch.zeros(1, 5))],
        [Latent("z", torch.zeros(1, 4), torch.ones(1, 2)), Latent("z", torch.zeros(1, 4))],
    ],
)
def test_latents_that_do_not_fit_are_not_joined(parts: list[Latent]) -> None:
    with pytest.raises(UsageError):
        genart.join(parts)


@pytest.mark.parametrize(
    ("space", "shape"), [("z", (2, 4)), ("w", (1, 8)), ("w+", (3, 5, 8)), ("z", (1, 1))]
)
def test_a_latent_comes_back_from_its_file(
    tmp_path: Path, space: Any, shape: tuple[int, ...]
) -> None:
    n = shape[0]
    latent = Latent(space, torch.randn(shape), torch.rand(n, 3), torch.rand(n))
    path = save_latent(tmp_path / "one", latent, model="plasma", recipe="{}")
    assert path == tmp_path / "one.npz"
    back = load_latent(path)
    assert back.space == space
    for name in ("values", "label", "truncation"):
        assert torch.equal(getattr(back, name), getattr(latent, name))
    assert load_latent(save_latent(path, latent[:1])).values.shape == (1, *shape[1:])


def test_the_official_projectors_file_is_read(tmp_path: Path) -> None:
    w = np.random.RandomState(0).randn(1, 14, 8).astype(np.float32)
    np.savez(tmp_path / "projected_w.npz", w=w)
    latent = load_latent(tmp_path / "projected_w.npz")
    assert latent.space == "w+"
    assert torch.equal(latent.values, torch.from_numpy(w))
    np.savez(tmp_path / "one.npz", w=w[:, :1])
    assert (load_latent(tmp_path / "one.npz").space, len(load_latent(tmp_path / "one.npz"))) == (
        "w",
        1,
    )


class Attack:
    """An object whose unpickling leaves a trace."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("executed",)


def claiming(shape: str) -> bytes:
    """An array file that claims a shape and holds four bytes."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"1234"


def archived(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def saved(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: b"not a zip", r"not a readable \.npz"),
        (lambda: saved(w=np.array([Attack()], dtype=object)), "holds object"),
        (lambda: saved(w=np.zeros((1, 4), np.complex64)), "holds complex64"),
        (lambda: archived(w=claiming("(1, 250000000000)")), "claims 1000000000000 bytes"),
        (lambda: archived(w=claiming("(1,)") + b"more"), "claims 4 bytes"),
        (lambda: archived(w=b"\x93NUMPY"), r"not a readable \.npz"),
        (lambda: archived(w=bytes(1 << 20), v=b"x"), "larger than any latent"),
        (lambda: saved(other=np.zeros(3)), "contains no latent"),
        (lambda: saved(w=np.zeros((1, 2, 3, 4))), "a latent has 2 or 3 axes"),
        (lambda: saved(w=np.array(["text"])), "is text"),
        (lambda: saved(w=np.full((1, 4), np.nan)), "not finite numbers"),
        (lambda: saved(space=np.array("v"), values=np.zeros((1, 4))), '"v" is not one of'),
        (lambda: saved(space=np.array("w+"), values=np.zeros((1, 4))), "has 3 dimensions"),
        (
            lambda: saved(space=np.array("z"), values=np.zeros((2, 4)), label=np.zeros((1, 2))),
            "rows of label",
        ),
    ],
)
def test_a_file_that_is_no_latent_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes], says: str
) -> None:
    monkeypatch.setattr("genart.latents.npz._LIMIT", 1 << 20)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.npz").write_bytes(make())
    with pytest.raises(DataError, match=says):
        load_latent("bad.npz")
    assert not (tmp_path / "executed").exists()


def test_a_latent_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no latent file"):
        load_latent(tmp_path / "none.npz")


def test_a_generator_without_a_mapping_network_draws_w_towards_zero() -> None:
    class Plain(genart.Generator):
        name, resolution, z_dim, w_dim, num_ws, num_classes = "plain", (4, 4), 2, 2, 3, 0
        device = torch.device("cpu")

        def __call__(self, latent, *, truncation=1.0, cutoff=None, noise="const"):  # type: ignore[no-untyped-def]
            return latent.values

    places = genart.Latent("z", torch.ones(2, 2), truncation=torch.tensor([1.0, 0.5]))
    mapped = Plain().map(places, truncation=0.5, cutoff=1)
    assert mapped.space == "w+"
    assert mapped.values[:, :, 0].tolist() == [[0.5, 1, 1], [0.25, 1, 1]]


def test_seeds_may_be_a_text(plasma: genart.Generator) -> None:
    assert torch.equal(plasma.sample("1-3,9").values, plasma.sample([1, 2, 3, 9]).values)
    with pytest.raises(UsageError, match=r"such as 1,2,5-9, not 1\.5"):
        plasma.sample([1.5])


@pytest.mark.parametrize(("first", "second"), [("z", "w"), ("z", "w+"), ("w", "w+"), ("w+", "z")])
def test_with_the_model_latents_of_different_spaces_join(
    plasma: genart.Generator, first: str, second: str
) -> None:
    drawn = {"z": plasma.sample([1, 2]), "w+": plasma.map(plasma.sample([1, 2]))}
    drawn["w"] = Latent("w", drawn["w+"].values[:, 0])
    with pytest.raises(UsageError, match=r"Give their model, .* genart\.join\(latents, model\)"):
        genart.join([drawn[first], drawn[second]])
    both = genart.join([drawn[first], drawn[second]], plasma)
    assert (both.space, len(both)) == ("w+" if "w+" in (first, second) else "w", 4)
    wanted = plasma(drawn["z"])
    assert torch.allclose(plasma(both), torch.cat([wanted, wanted]), atol=1e-5)


def test_with_the_model_missing_labels_are_the_default_class(classes: genart.Generator) -> None:
    parts = [classes.sample(1, 2), replace(classes.sample(2), label=None)]
    with pytest.raises(UsageError, match="Some of these latents have a label"):
        genart.join(parts)
    assert genart.join(parts, classes).label.argmax(1).tolist() == [2, 0]


def test_keys_of_a_walk_that_are_a_list_are_refused_with_the_fix(plasma: genart.Generator) -> None:
    with pytest.raises(UsageError, match=r"one Latent, not list: .* genart\.join"):
        genart.walk([plasma.sample(1), plasma.sample(2)])


def test_seeds_are_written_short_and_a_range_has_its_limit() -> None:
    assert format_seeds([1, 2, 5, 6, 7, 9]) == "1-2,5-7,9"
    assert format_seeds([3, 2, 2]) == "3,2,2"
    assert len(parse_seeds("5-100004")) == 100_000
    for text in ("5-100005", "7-6"):
        with pytest.raises(UsageError, match="at most 100000"):
            parse_seeds(text)


def test_latents_of_several_spaces_are_joined_by_their_model(
    classes: genart.Generator, plasma: genart.Generator
) -> None:
    z = classes.sample([1, 2], 1)
    mapped = classes.map(z)
    w = Latent("w", mapped.values[:, 0], mapped.label)
    with pytest.raises(UsageError, match=r"mapped to w\+"):
        genart.join([z, mapped])
    both = genart.join([z, w], classes)
    assert (both.space, len(both), both.label) == ("w", 4, None)
    torch.testing.assert_close(both.values, torch.cat([w.values, w.values]))
    both = genart.join([w, mapped, z], classes)
    assert both.space == "w+"
    torch.testing.assert_close(both.values, torch.cat([mapped.values] * 3))


def test_latents_joined_by_their_model_get_the_label_and_truncation_they_lack(
    classes: genart.Generator,
) -> None:
    labelled, plain = classes.sample([1], 2), Latent("z", torch.zeros(2, classes.z_dim))
    assert torch.equal(genart.join([labelled], classes).values, labelled.values)
    both = genart.join([plain, labelled], classes)
    assert both.label is not None
    assert both.label.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert both.truncation is None
    cut = Latent("z", torch.zeros(1, classes.z_dim), truncation=torch.tensor([0.5]))
    both = genart.join([plain, cut], classes)
    assert both.truncation is not None
    assert both.truncation.tolist() == [1.0, 1.0, 0.5]
    assert both.label is None
    mapped = genart.join([cut, classes.map(plain)], classes)
    assert mapped.truncation is not None
    assert mapped.truncation.tolist() == [0.5, 1.0, 1.0]


def test_a_notebook_shows_the_first_numbers_of_a_latent_as_a_curve() -> None:
    shown = Latent("z", torch.tensor([[0.0, 3.0, -3.0, 9.0, 1.5]]))._repr_html_()
    assert 'points="0,12.0 2,0.0 4,24.0 6,0.0 8,6.0"' in shown
    assert '<svg width="10" height="24"' in shown


@pytest.mark.parametrize(
    ("shape", "space", "expected"),
    [
        ((1, 6, 20), "w+", (1, 6, 20)),
        ((6, 20), "w+", (1, 6, 20)),
        ((3, 6, 20), "w+", (3, 6, 20)),
        ((3, 1, 20), "w", (3, 20)),
        ((1, 20), "w", (1, 20)),
        ((20,), "w", (1, 20)),
    ],
)
def test_arrays_and_tensors_of_other_programs_are_latents(
    tmp_path: Path, shape: tuple[int, ...], space: str, expected: tuple[int, ...]
) -> None:
    values = torch.randn(shape)
    np.save(tmp_path / "a.npy", values.numpy())
    torch.save(values, tmp_path / "a.pt")
    torch.save({"latent": values, "other": 1}, tmp_path / "b.pt")
    torch.save([values], tmp_path / "c.pt")
    for name in ("a.npy", "a.pt", "b.pt", "c.pt"):
        latent = genart.load_latent(tmp_path / name)
        assert (latent.space, tuple(latent.values.shape)) == (space, expected), name
        assert torch.equal(latent.values.flatten(), values.flatten())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (np.zeros((1, 1, 1, 18, 512), np.float32), r"shape \(1, 1, 1, 18, 512\); a latent has num"),
        (np.array(["a"]), "has <U1 of shape"),
        (np.full((1, 20), np.nan), "not finite"),
        (b"\x93NUMPY\x01\0v\0{'descr'", "not a readable .npy file"),
    ],
)
def test_another_array_is_refused_in_one_sentence(tmp_path: Path, content: Any, says: str) -> None:
    if isinstance(content, bytes):
        (tmp_path / "a.npy").write_bytes(content)
    else:
        np.save(tmp_path / "a.npy", content)
    with pytest.raises(genart.DataError, match=says):
        genart.load_latent(tmp_path / "a.npy")


def test_a_tensor_file_without_a_latent_is_refused(tmp_path: Path) -> None:
    for content in ({"state_dict": {"a": torch.zeros(2)}}, [1, 2], "text"):
        torch.save(content, tmp_path / "a.pt")
        with pytest.raises(genart.DataError, match="contains no latent"):
            genart.load_latent(tmp_path / "a.pt")
    (tmp_path / "a.pt").write_text("no pickle")
    with pytest.raises(genart.DataError, match="contains no latent"):
        genart.load_latent(tmp_path / "a.pt")
