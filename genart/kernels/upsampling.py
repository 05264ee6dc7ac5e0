"""Weights of layers to twice the size in the forms that take fewest products."""

from __future__ import annotations

from torch import Tensor


def doubling_weight(weight: Tensor) -> Tensor:
    """Nearest-neighbour up-sampling by 2 and a convolution, as one transposed convolution.

    The edge pixel is repeated where the convolution repeats or reflects; for a kernel of 5 and more
    only where it repeats.

    Args:
        weight: (out, in, k, k) of the convolution, which keeps the size; k is odd.

    Returns:
        (in, out, k + 1, k + 1) of one of stride 2 and padding (k - 1) / 2.
    """
    out, into, k, _ = weight.shape
    made = weight.new_zeros(into, out, k + 1, k + 1)
    turned = weight.flip(2, 3).transpose(0, 1)
    for p in (0, 1):
        for q in (0, 1):
            made[:, :, p : p + k, q : q + k] += turned
    return made


def phases_weight(weight: Tensor) -> Tensor:
    """A transposed convolution of stride 2 as one that gives the four pixels as channels.

    Args:
        weight: (in, out, t, t), of padding t / 2 - 1; t is even.

    Returns:
        (4 * out, in, k, k), padding k // 2; channel (c * 2 + p) * 2 + q is channel c of pixel
        (p, q) of 2x2.
    """
    into, out, taps, _ = weight.shape
    padding = taps // 2 - 1
    reach = (padding + 1) // 2
    made = weight.new_zeros(out, 2, 2, into, 2 * reach + 1, 2 * reach + 1)
    pairs = [(p, j + reach, p + padding - 2 * j) for p in (0, 1) for j in range(-reach, reach + 1)]
    pairs = [(p, at, tap) for p, at, tap in pairs if 0 <= tap < taps]
    for p, y, down in pairs:
        for q, x, along in pairs:
            made[:, p, q, :, y, x] = weight[:, :, down, along].T
    return made.flatten(0, 2)
