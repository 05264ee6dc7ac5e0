"""The structures of the C interface, see `src/kernels.h`, which they copy field by field."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int32, c_int64, c_void_p
from enum import IntEnum

#: Channels that lie together.
BLOCK = 16
#: The most taps of a low-pass filter.
MOST_TAPS = 8
#: The most channels of an image that a layer to RGB makes.
MOST_COLORS = 4


class Edge(IntEnum):
    """What lies beyond the edge of a map."""

    ZEROS = 0
    REFLECT = 1
    REPLICATE = 2


class Method(IntEnum):
    """How a convolution is computed, see `src/kernels.h`."""

    DIRECT = 0
    THREE = 1
    TWO = 2
    GATHER = 3
    RAISED = 4
    TAPS = 5
    SMALL = 6


class Kind(IntEnum):
    """What a step of a program does."""

    CONVOLVE = 1
    NORM = 2
    COMBINE = 3
    POOL = 4
    IMPORT = 5
    EXPORT = 6
    STYLES = 7
    DEMODS = 8
    PAINT = 9
    UNPOOL = 10
    LOW_PASS = 11


class Map(ctypes.Structure):
    """A map of channels in blocks of 16."""

    _fields_ = [
        ("data", c_void_p),
        ("row", c_int64),
        ("pixel", c_int64),
        ("block", c_int64),
        ("h", c_int32),
        ("w", c_int32),
        ("channels", c_int32),
        ("unused", c_int32),
    ]


class Reading(ctypes.Structure):
    """What is done to values as they are read."""

    _fields_ = [
        ("scale", c_void_p),
        ("shift", c_void_p),
        ("gate", c_void_p),
        ("slope", c_float),
        ("edge", c_int32),
    ]


class Writing(ctypes.Structure):
    """What is done to sums before they are stored."""

    _fields_ = [
        ("scale", c_void_p),
        ("shift", c_void_p),
        ("noise", c_void_p),
        ("slope", c_float),
        ("limit", c_float),
    ]


class Paint(ctypes.Structure):
    """A layer to RGB after a convolution."""

    _fields_ = [
        ("weights", c_void_p),
        ("bias", c_void_p),
        ("below", c_void_p),
        ("image", c_void_p),
        ("limit", c_float),
        ("colors", c_int32),
        ("taps", c_int32),
        ("filter", c_float * MOST_TAPS),
    ]


class Painting(ctypes.Structure):
    """The layer to RGB of a map that is there."""

    _fields_ = [("x", Map), ("paint", ctypes.POINTER(Paint))]


class Convolution(ctypes.Structure):
    """A convolution."""

    _fields_ = [
        ("x", Map),
        ("y", Map),
        ("reading", Reading),
        ("writing", Writing),
        ("weights", c_void_p),
        ("paint", ctypes.POINTER(Paint)),
        ("method", c_int32),
        ("kernel_h", c_int32),
        ("kernel_w", c_int32),
        ("stride", c_int32),
        ("pad_y", c_int32),
        ("pad_x", c_int32),
        ("taps", c_int32),
        ("unused", c_int32),
        ("filter", c_float * MOST_TAPS),
    ]


class Norm(ctypes.Structure):
    """An instance normalisation, as the scale and shift it takes."""

    _fields_ = [
        ("x", Map),
        ("gain", c_void_p),
        ("bias", c_void_p),
        ("scale", c_void_p),
        ("shift", c_void_p),
        ("moments", c_void_p),
        ("eps", c_float),
        ("unused", c_int32),
    ]


class Combine(ctypes.Structure):
    """The sum of two maps."""

    _fields_ = [("x", Map), ("z", Map), ("y", Map), ("of_x", Reading), ("of_z", Reading)]


class Pool(ctypes.Structure):
    """The mean or the maximum of 2x2 pixels."""

    _fields_ = [("x", Map), ("y", Map), ("largest", c_int32), ("unused", c_int32)]


class Unpool(ctypes.Structure):
    """The gradient of a pooling."""

    _fields_ = [
        ("x", Map),
        ("gradient", Map),
        ("y", Map),
        ("largest", c_int32),
        ("unused", c_int32),
    ]


class LowPass(ctypes.Structure):
    """Every channel convolved with the same taps along rows and columns."""

    _fields_ = [
        ("x", Map),
        ("y", Map),
        ("taps", c_int32),
        ("before", c_int32),
        ("filter", c_float * MOST_TAPS),
    ]


class Import(ctypes.Structure):
    """An image to a map."""

    _fields_ = [
        ("image", c_void_p),
        ("channel", c_int64),
        ("row", c_int64),
        ("pixel", c_int64),
        ("y", Map),
        ("pad", c_int32),
        ("edge", c_int32),
    ]


class Export(ctypes.Structure):
    """A map to an image."""

    _fields_ = [
        ("x", Map),
        ("reading", Reading),
        ("bias", c_void_p),
        ("image", c_void_p),
        ("matrix", c_void_p),
        ("to", c_void_p),
        ("channel", c_int64),
        ("row", c_int64),
        ("pixel", c_int64),
        ("channels", c_int32),
        ("colors", c_int32),
        ("shuffle", c_int32),
        ("spread", c_int32),
        ("tanh", c_int32),
        ("edge", c_int32),
    ]


class Style(ctypes.Structure):
    """A style of a layer, from w."""

    _fields_ = [
        ("weight", c_void_p),
        ("bias", c_void_p),
        ("rgb", c_void_p),
        ("to", c_void_p),
        ("gain", c_float),
        ("bias_gain", c_float),
        ("w_dim", c_int32),
        ("at", c_int32),
        ("channels", c_int32),
        ("colors", c_int32),
    ]


class Styles(ctypes.Structure):
    """All styles of a network."""

    _fields_ = [
        ("ws", c_void_p),
        ("items", ctypes.POINTER(Style)),
        ("count", c_int32),
        ("unused", c_int32),
    ]


class Demod(ctypes.Structure):
    """The demodulation of a layer, from its style."""

    _fields_ = [
        ("powers", c_void_p),
        ("styles", c_void_p),
        ("scale", c_void_p),
        ("gain", c_float),
        ("eps", c_float),
        ("out", c_int32),
        ("depth", c_int32),
    ]


class Demods(ctypes.Structure):
    """All demodulations of a network."""

    _fields_ = [("items", ctypes.POINTER(Demod)), ("count", c_int32), ("unused", c_int32)]


class Step(ctypes.Structure):
    """One step of a program."""

    _fields_ = [("kind", c_int32), ("unused", c_int32), ("spec", c_void_p)]
