// What a layer is given, and the numbers of an image as its loops need them.
#pragma once

#include <cmath>

#include "weights.h"

namespace genart {

constexpr int MAX_TAPS = 8, MAX_COLORS = 4;
constexpr float SLOPE = 0.2f, GAIN = 1.41421356237309505f, EPS = 1e-8f;

// What makes a style from a w: rows * w * gain + bias * bias_gain.
struct Affine {
    const float *weight, *bias;  // (channels, w_dim), (channels)
    float gain, bias_gain;
    int w_dim, at;  // which w of those of a picture

    float operator()(const float* ws, int channel) const {
        const float* row = weight + size_t(channel) * w_dim;
        return gain * dot(row, ws + size_t(at) * w_dim, w_dim) + bias_gain * bias[channel];
    }
};

// A styled convolution, and the layer to RGB behind it where there is one. Python fills it in:
// keep it like `Spec` in library.py. Pointers stay valid; only the noise changes from picture to
// picture. Sizes are those of what the layer makes.
struct Spec {
    const Packed* weights;
    const float *bias, *noise, *rgb_weight, *rgb_bias;  // (out), (h * w), (colors, out), (colors)
    Affine style, rgb_style;
    int form, up, h, w;
    int taps, image_taps, colors, unused;
    float limit, rgb_limit;  // infinity where nothing is clamped
    float filter[MAX_TAPS], image_filter[MAX_TAPS];  // taps that sum to 1
};

// Taps in the order in which they meet pixels, with the gain that zeros between pixels ask for.
struct Filter {
    int taps;
    float values[MAX_TAPS];

    Filter(int taps, const float* given) : taps(taps) {
        for (int q = 0; q < taps; ++q) values[q] = 2.f * given[taps - 1 - q];
    }
};

// What ends a layer: demodulation, noise, bias, leaky ReLU, clamp.
struct Ending {
    const float *demod, *bias, *noise;  // of this block of channels, and of the whole map
    float limit;

    Vec operator()(Vec value, int n, size_t pixel) const {
        value = value * load(demod + n * LANES) + (load(bias + n * LANES) + all(noise[pixel]));
        value = larger(value, SLOPE * value);
        return smaller(larger(value, all(-limit)), all(limit));
    }
};

struct Layer : Spec {
    int below_h, below_w, depth, panels;
    Filter fir, image_fir;
    Floats styles, demods, biases, paints;  // padded to whole blocks

    explicit Layer(const Spec& spec)
        : Spec(spec), below_h(up ? h / 2 : h), below_w(up ? w / 2 : w), depth(weights->depth),
          panels(weights->panels), fir(taps, filter), image_fir(image_taps, image_filter),
          styles(size_t(depth) * BLOCK), demods(size_t(panels) * BLOCK),
          biases(size_t(panels) * BLOCK), paints(size_t(colors) * panels * BLOCK) {}

    // Work out a block of the styles, of those to RGB, of the demodulation, which needs all styles.
    void take_styles(const float* ws, int block) {
        for (int i = block * BLOCK; i < (block + 1) * BLOCK; ++i)
            styles.get()[i] = i < weights->in ? style(ws, i) : 0.f;
    }
    void take_paints(const float* ws, int block) {
        for (int i = block * BLOCK; i < (block + 1) * BLOCK; ++i) {
            const float scale = i < weights->out ? rgb_style(ws, i) : 0.f;
            for (int c = 0; c < colors; ++c)
                paints.get()[c * panels * BLOCK + i] =
                    i < weights->out ? rgb_weight[c * weights->out + i] * scale : 0.f;
        }
    }
    void take_demods(int block) {
        for (int o = block * BLOCK; o < (block + 1) * BLOCK; ++o) {
            const bool real = o < weights->out;
            const float power = real ? weights->power(o, styles.get()) : 0.f;
            demods.get()[o] = real ? GAIN / std::sqrt(power + EPS) : 0.f;
            biases.get()[o] = real ? GAIN * bias[o] : 0.f;
        }
    }

    Ending ending(int panel) const {
        return {demods.get() + panel * BLOCK, biases.get() + panel * BLOCK, noise, limit};
    }

    size_t pixels() const { return size_t(h) * w; }
    size_t pixels_below() const { return size_t(below_h) * below_w; }
};

alignas(64) inline const float NOTHING[BLOCK] = {};

// A pixel's block of channels; zeros beyond the edge, where one is near.
template <bool EDGE>
inline const float* pixel(const float* map, int h, int w, int y, int x) {
    if (EDGE && (y < 0 || x < 0 || y >= h || x >= w)) return NOTHING;
    return map + (size_t(y) * w + x) * BLOCK;
}

}  // namespace genart
