// The picture: layers to RGB, and its growth from block to block.
#pragma once

#include <vector>

#include "layer.h"

namespace genart {

// Where sample p of a picture twice the size comes from: `value(n)` of the small one, n < size.
template <class Value>
inline float grown(const Filter& fir, int p, int size, Value value) {
    const int first = p - (fir.taps + 1) / 2;  // in the picture with zeros between its samples
    float total = 0;
    for (int q = first & 1; q < fir.taps; q += 2) {
        const int n = (first + q) / 2;
        if (first + q >= 0 && n < size) total += fir.values[q] * value(n);
    }
    return total;
}

// Rows [from, end) of a layer's picture (colors, h, w): what its map y (panels, rows, w, 16) adds,
// whose panels are `apart` floats from each other and whose first row is `top`, and the picture
// below (colors, h / 2, w / 2), or none, at twice the size.
inline void paint(const Layer& layer, const float* y, size_t apart, int top, int from, int end,
                  const float* below, float* image) {
    const int wide = layer.panels * BLOCK, half_h = layer.h / 2, half_w = layer.w / 2;
    const float limit = layer.rgb_limit;
    std::vector<float> row(below ? size_t(half_w) : 0);
    for (int i = from; i < end; ++i) {
        for (int j = 0; j < layer.w; ++j) {
            const float* at = y + (size_t(i - top) * layer.w + j) * BLOCK;
            Vec sums[MAX_COLORS] = {};
            for (int p = 0; p < layer.panels; ++p)
                for (int n = 0; n < VECTORS; ++n) {
                    const Vec value = load(at + p * apart + n * LANES);
                    const float* weight = layer.paints.get() + p * BLOCK + n * LANES;
                    for (int c = 0; c < layer.colors; ++c) sums[c] += value * load(weight + c * wide);
                }
            for (int c = 0; c < layer.colors; ++c) {
                const float made = sum(sums[c]) + layer.rgb_bias[c];
                image[c * layer.pixels() + size_t(i) * layer.w + j] =
                    std::fmin(std::fmax(made, -limit), limit);
            }
        }
        for (int c = 0; below && c < layer.colors; ++c) {
            const float* from = below + size_t(c) * half_h * half_w;
            for (int j = 0; j < half_w; ++j)
                row[j] = grown(layer.image_fir, i, half_h,
                               [&](int n) { return from[size_t(n) * half_w + j]; });
            float* to = image + c * layer.pixels() + size_t(i) * layer.w;
            for (int j = 0; j < layer.w; ++j)
                to[j] += grown(layer.image_fir, j, half_w, [&](int n) { return row[n]; });
        }
    }
}

}  // namespace genart
