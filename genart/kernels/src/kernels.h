// The C interface. Python's copy of these structures is in genart/kernels/structures.py.
//
// Nothing here allocates memory or throws: every address belongs to the caller, and stays valid
// while genart_run works with it. Numbers are float32. Nothing knows of torch or of Python.
//
// Channels lie in blocks of 16. What is said to be "by channel" has whole blocks of 16, zeros
// behind the last channel.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GENART_VERSION 1

namespace genart {

constexpr int MOST_TAPS = 8, MOST_COLORS = 4;

// Values (channels, h, w): channel c of pixel (y, x) is at
// data[c / 16 * block + y * row + x * pixel + c % 16].
struct Map {
    float* data;
    int64_t row, pixel, block;
    int32_t h, w, channels, unused;
};

enum Edge { ZEROS = 0, REFLECT = 1, REPLICATE = 2 };

// What becomes of a value as it is read: (value * scale + shift), negative ones times slope. Beyond
// the edge are zeros, or pixels of the map. Null: no scale, no shift. Where `gate` is given, a map
// with the strides of the one that is read, values where it is not positive count as 0.
struct Reading {
    const float *scale, *shift, *gate;
    float slope;
    int32_t edge;
};

// What becomes of a sum before it is stored: (sum * scale + shift + noise of the pixel), negative
// ones times slope, clamped to +-limit.
struct Writing {
    const float *scale, *shift, *noise;
    float slope, limit;
};

// A layer to RGB after a convolution, added to the image below at twice its size.
struct Paint {
    const float *weights, *bias;  // (colors, blocks of channels * 16), (colors)
    const float* below;           // (colors, h / 2, w / 2), or null
    float* image;                 // (colors, h, w)
    float limit;
    int32_t colors, taps;
    float filter[MOST_TAPS];
};

// How a convolution is made.
//
// DIRECT: every tap. THREE: 3x3, stride 1, by minimal filtering, 36 products for 16 pixels. SMALL: the
// same with 16 products for 4 pixels and fewer kernels, for small maps. TWO: 2x2
// likewise, 25 products; with stride 2 a 4x4 kernel, as the sum of four of 2x2. GATHER: every tap
// for few channels; x is (h, w, channels) with the padding in it. RAISED: a transposed 3x3
// convolution of stride 2 by minimal filtering, then a filter of `taps`; TAPS: the same, every tap.
enum Method { DIRECT = 0, THREE = 1, TWO = 2, GATHER = 3, RAISED = 4, TAPS = 5, SMALL = 6 };

struct Convolution {
    Map x, y;  // y.data may be null where there is a `paint` that is all that is wanted
    Reading reading;
    Writing writing;
    const float* weights;  // packed
    const Paint* paint;    // or null
    int32_t method, kernel_h, kernel_w, stride, pad_y, pad_x, taps, unused;
    float filter[MOST_TAPS];  // RAISED, TAPS: taps in the order in which they meet pixels
};

// Scale and shift that normalise every channel of x to mean bias and standard deviation gain.
struct Norm {
    Map x;
    const float *gain, *bias;  // by channel, or null: 1 and 0
    float *scale, *shift;      // by channel
    float* moments;            // mean and variance, (2, channels), or null
    float eps;
    int32_t unused;
};

// y = x as it is read + z as it is read; z.data may be null.
struct Combine {
    Map x, z, y;
    Reading of_x, of_z;
};

// The mean or the largest of every 2x2 pixels.
struct Pool {
    Map x, y;
    int32_t largest, unused;
};

// The gradient of a pooling from x, from that of its result.
struct Unpool {
    Map x, gradient, y;
    int32_t largest, unused;
};

// Every channel convolved with the same taps along rows and columns: y at i is the sum of
// filter[q] * x at i - before + q; zeros beyond the edge.
struct LowPass {
    Map x, y;
    int32_t taps, before;
    float filter[MOST_TAPS];
};

// An image of any strides to a map, with `pad` pixels around it; y.pixel is 16 or y.channels.
struct Import {
    const float* image;
    int64_t channel, row, pixel;
    Map y;
    int32_t pad, edge;
};

// A map to an image of any strides. shuffle 2: channel (c * 2 + p) * 2 + q of a pixel is channel c
// of pixel (p, q) of 2x2. spread k: channel d * channels + c is what tap d of k along a row adds to
// the pixel d - k / 2 to the left, beyond the edge as `edge` tells.
struct Export {
    Map x;
    Reading reading;
    const float* bias;   // (channels), or null
    const float* image;  // (colors, h, w) contiguous, or null
    const float* matrix; // (channels, colors): matrix times image is added
    float* to;
    int64_t channel, row, pixel;
    int32_t channels, colors, shuffle, spread, tanh, edge;
};

// to = gain * (weight * w) + bias_gain * bias by channel, of a layer that reads w number `at`. With
// colors: (colors, blocks * 16), times rgb (colors, channels).
struct Style {
    const float *weight, *bias, *rgb;  // (channels, w_dim), (channels), (colors, channels)
    float* to;
    float gain, bias_gain;
    int32_t w_dim, at, channels, colors;
};
struct Styles {
    const float* ws;  // (num_ws, w_dim)
    const Style* items;
    int32_t count, unused;
};

// scale = gain / sqrt(powers * styles^2 + eps), by channel.
struct Demod {
    const float *powers, *styles;  // (out, blocks of channels * 16), by channel
    float* scale;
    float gain, eps;
    int32_t out, depth;  // channels, and blocks of the channels that are read
};
struct Demods {
    const Demod* items;
    int32_t count, unused;
};

// The layer to RGB of a map that is there.
struct Painting {
    Map x;
    const Paint* paint;
};

enum Kind {
    CONVOLVE = 1, NORM = 2, COMBINE = 3, POOL = 4, IMPORT = 5, EXPORT = 6, STYLES = 7, DEMODS = 8, PAINT = 9,
    UNPOOL = 10, LOW_PASS = 11
};

// One step of a program.
struct Step {
    int32_t kind, unused;
    const void* spec;
};

// What is compiled once for every kind of processor. `name` is baseline, avx2 or avx512.
struct Level {
    const char* name;
    size_t (*packed_floats)(const Convolution*);
    void (*pack)(const Convolution*, const float* weight, float* packed, int threads);
    size_t (*scratch_floats)(const Step*, int count, int threads);
    int (*run)(const Step*, int count, float* scratch, int threads);
};

}  // namespace genart
