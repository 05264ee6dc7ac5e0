"""Images to frames and back: the only module that converts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import genart
from genart import UsageError, to_frames
from genart.media.frames import (
    PendingFrame,
    as_frame,
    frame_to_image,
    in_order,
    on_black,
    send_frames,
)


def image(*values: float) -> torch.Tensor:
    """One image, 3 x 1 x n, with these values in every channel."""
    return torch.tensor(values)[None, None, None].expand(1, 3, 1, -1)


def test_the_range_maps_to_bytes_and_what_is_outside_is_clipped() -> None:
    (frame,) = to_frames(image(-1, 1, 0, -7, 7, 1 - 1 / 127.5))
    assert frame[0, :, 0].tolist() == [0, 255, 128, 0, 255, 254]
    assert frame.dtype == np.uint8


def test_a_value_that_is_no_number_becomes_grey_and_infinity_an_end() -> None:
    (frame,) = to_frames(image(float("nan"), float("inf"), float("-inf")))
    assert frame[0, :, 0].tolist() == [128, 255, 0]


def test_every_byte_survives_the_way_to_an_image_and_back() -> None:
    frame = np.arange(256 * 3, dtype=np.uint32).astype(np.uint8).reshape(16, 16, 3)
    assert np.array_equal(to_frames(frame_to_image(frame))[0], frame)


def test_channels_stay_in_order_grey_is_spread_and_alpha_kept() -> None:
    colour = torch.tensor([-1.0, 0.0, 1.0, 1.0])[None, :, None, None]
    assert to_frames(colour[:, :3])[0][0, 0].tolist() == [0, 128, 255]
    assert to_frames(colour)[0][0, 0].tolist() == [0, 128, 255, 255]
    assert to_frames(colour[:, :1])[0].shape == (1, 1, 3)


def test_a_batch_gives_a_frame_each() -> None:
    frames = to_frames(torch.linspace(-1, 1, 3)[:, None, None, None].expand(3, 3, 2, 2))
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 128, 255]


@pytest.mark.parametrize("size", [(8, 8), (16, 8), (5, 9), (64, 32)])
def test_a_size_is_covered_without_stretching(size: tuple[int, int]) -> None:
    square = torch.full((1, 3, 32, 32), -1.0)
    square[..., 12:20, 12:20] = 1.0
    (frame,) = to_frames(square, size)
    assert frame.shape == (*size, 3)
    rows, columns = np.nonzero(frame[..., 0] > 127)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert abs(int(tall) - int(wide)) <= 1
    middle = ((size[0] - 1) / 2, (size[1] - 1) / 2)
    assert (rows.mean(), columns.mean()) == pytest.approx(middle, abs=0.51)


def test_the_same_size_changes_nothing() -> None:
    picture = torch.rand(1, 3, 6, 10) * 2 - 1
    assert np.array_equal(to_frames(picture, (6, 10))[0], to_frames(picture)[0])


def test_the_image_given_is_left_alone() -> None:
    picture = torch.full((1, 3, 2, 2), float("nan"))
    to_frames(picture)
    assert picture.isnan().all()


def test_every_float_becomes_the_byte_that_plain_arithmetic_gives() -> None:
    draw = torch.Generator().manual_seed(1)
    picture = torch.randn(2, 3, 33, 47, generator=draw)
    picture[0, :, 0, :8] = torch.tensor([torch.nan, torch.inf, -torch.inf, -0.0, 1, -1, 0, 1e30])
    picture[1, 0] = ((torch.arange(33 * 47) % 256) + 0.5).view(33, 47) / 127.5 - 1  # half way
    plain = torch.nan_to_num(picture, nan=0.0, posinf=1.0, neginf=-1.0)
    wanted = ((plain * 127.5 + 127.5).round().clamp(0, 255)).to(torch.uint8).permute(0, 2, 3, 1)
    for layout in (torch.contiguous_format, torch.channels_last):
        made = to_frames(picture.to(memory_format=layout))
        assert np.array_equal(np.stack(made), wanted.numpy())


def test_a_frame_is_its_own_whatever_is_made_after_it_and_where() -> None:
    frames = [to_frames(torch.full((1, 3, 8, 8), value))[0] for value in (-1.0, 0.0, 1.0)]
    with torch.inference_mode():
        frames += to_frames(torch.full((1, 3, 16, 8), -1.0))
    frames += to_frames(torch.full((1, 3, 16, 8), 1.0, requires_grad=True))
    assert [int(frame.min()) for frame in frames] == [0, 128, 255, 0, 255]
    assert [int(frame.max()) for frame in frames] == [0, 128, 255, 0, 255]


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 2, 4, 4), (1, 5, 4, 4)])
def test_what_is_no_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="An image must have shape"):
        to_frames(torch.zeros(shape))


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 2), np.uint8)]
)
def test_what_is_no_frame_is_refused(frame: np.ndarray) -> None:
    with pytest.raises(UsageError, match="A frame must be uint8"):
        frame_to_image(frame)


class OnItsWay(PendingFrame):
    """A frame that a GPU would still be busy with."""

    ready = False


def test_a_frame_on_its_way_is_waited_for_when_the_next_was_begun() -> None:
    done: list[str] = []

    def begun() -> Iterator[PendingFrame]:
        for name, kind in zip("abcd", (OnItsWay, OnItsWay, PendingFrame, OnItsWay), strict=True):
            done.append(name)
            yield kind(np.full((1, 1, 3), ord(name), np.uint8))

    for frame in in_order(begun()):
        done.append(chr(frame[0, 0, 0]).upper())
    assert "".join(done) == "abAcBCdD"


def test_a_frame_that_came_stays_the_same() -> None:
    pending = PendingFrame(send_frames(image(-1, 1)))
    assert pending.ready
    assert pending() is pending()
    assert pending()[0, :, 0].tolist() == [0, 255]


def test_alpha_is_painted_on_black_and_rounded() -> None:
    frame = np.array([[[255, 3, 200, 255], [255, 3, 200, 43], [255, 3, 200, 0]]], np.uint8)
    assert on_black(frame).tolist() == [[[255, 3, 200], [43, 1, 34], [0, 0, 0]]]
    assert on_black(frame[..., :3]) is not frame
    opaque = np.ascontiguousarray(frame[..., :3])
    assert on_black(opaque) is opaque


def test_a_frame_with_alpha_becomes_an_image_with_alpha() -> None:
    frame = np.array([[[0, 51, 204, 255]]], np.uint8)
    made = frame_to_image(frame)
    assert made.shape == (1, 4, 1, 1)
    assert made.flatten().tolist() == pytest.approx([-1.0, -0.6, 0.6, 1.0])


def test_a_tall_image_keeps_its_aspect() -> None:
    tall = torch.full((1, 3, 40, 20), -1.0)
    tall[..., 16:24, 6:14] = 1.0
    (frame,) = to_frames(tall, (20, 8))
    rows, columns = np.nonzero(frame[..., 0] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (4, 4)
    assert (rows.mean(), columns.mean()) == (9.5, 3.5)


def test_fine_patterns_become_grey_where_an_image_is_made_smaller() -> None:
    grain = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    coarse, fine = (to_frames(grain, size)[0].std() for size in ((16, 16), (64, 64)))
    assert coarse < 0.35 * fine


def test_where_an_image_is_cropped_the_middle_stays() -> None:
    wide = torch.linspace(-1, 1, 11).expand(1, 3, 4, 11)
    (frame,) = to_frames(wide, (4, 5))
    assert frame[0, :, 0].tolist() == to_frames(wide)[0][0, 3:8, 0].tolist()


def test_a_frame_of_the_size_that_is_needed_stays_as_it_is() -> None:
    frame = np.full((4, 6, 3), 7, np.uint8)
    assert as_frame(frame, (4, 6)) is frame
    assert as_frame(frame, (2, 3)).shape == (2, 3, 3)
    assert as_frame(torch.zeros(1, 3, 4, 6), (4, 6)).tolist() == [[[128] * 3] * 6] * 4
    with pytest.raises(UsageError, match="uint8"):
        as_frame(np.zeros((4, 6, 3)), (4, 6))
    with pytest.raises(genart.errors.SketchError):
        as_frame(torch.zeros(2, 3, 4, 6), (4, 6))


def test_an_enlarged_image_is_sampled_at_the_centres_of_pixels() -> None:
    ramp = (torch.arange(16) / 7.5 - 1).expand(1, 3, 16, 16)
    (frame,) = to_frames(ramp, (32, 32))
    wanted = ((torch.arange(32) + 0.5) / 2 - 0.5) * 17  # 0..15 as 0..255
    assert np.abs(frame[8, 4:-4, 0].astype(float) - wanted[4:-4].numpy()).max() <= 0.51


def test_an_image_with_alpha_lies_on_black_with_gradients() -> None:
    image = torch.tensor([1.0, 0.0, -1.0, 0.0]).view(1, 4, 1, 1).requires_grad_()
    laid = genart.media.image_on_black(image)
    assert laid.flatten().tolist() == [0.0, -0.5, -1.0], "half of 255, 127 and 0"
    laid.sum().backward()
    assert image.grad is not None
    assert genart.media.image_on_black(laid) is laid
