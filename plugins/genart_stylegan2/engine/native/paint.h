// The picture: layers to RGB, and its growth from block to block.
#pragma once

#include <algorithm>

#include "layer.h"

namespace genart {

constexpr int MARGIN = MAX_TAPS;  // zeros around a row of the small picture

inline size_t line_numbers(const Layer& layer) { return size_t(layer.w / 2) + 2 * MARGIN; }

// The samples of the small picture that sample `p` of one twice the size is a sum of.
struct Terms {
    int count = 0, from[MAX_TAPS];
    float weight[MAX_TAPS];

    Terms(const Filter& fir, int p) {
        const int first = p - (fir.taps + 1) / 2;  // in the picture with zeros between its samples
        for (int q = first & 1; q < fir.taps; q += 2)
            from[count] = (first + q) / 2, weight[count++] = fir.values[q];
    }
};

// Add row `i` of a picture (h / 2, w / 2) at twice the size to a row (w); `line` is working memory.
inline void grow_row(const Layer& layer, const float* below, int i, float* line, float* to) {
    const int high = layer.h / 2, wide = layer.w / 2;
    float* row = line + MARGIN;
    std::fill(line, line + wide + 2 * MARGIN, 0.f);
    const Terms rows(layer.image_fir, i);
    for (int t = 0; t < rows.count; ++t) {
        if (rows.from[t] < 0 || rows.from[t] >= high) continue;
        const float* from = below + size_t(rows.from[t]) * wide;
        for (int j = 0; j < wide; ++j) row[j] += rows.weight[t] * from[j];
    }
    for (int phase : {0, 1}) {
        const Terms along(layer.image_fir, phase);
        for (int t = 0; t < along.count; ++t) {
            const float* from = row + along.from[t];
            for (int j = 0; j < wide; ++j) to[2 * j + phase] += along.weight[t] * from[j];
        }
    }
}

// A row of pixels (w, 16) of every panel, `apart` floats from each other, to COLORS rows of the
// picture.
template <int COLORS>
inline void paint_row(const Layer& layer, const float* y, size_t apart, float* to) {
    const size_t wide = size_t(layer.panels) * BLOCK;
    const float limit = layer.rgb_limit;
    for (int j = 0; j < layer.w; ++j, y += BLOCK) {
        Vec sums[COLORS] = {};
        for (int p = 0; p < layer.panels; ++p)
            for (int n = 0; n < VECTORS; ++n) {
                const Vec value = load(y + p * apart + n * LANES);
                const float* weight = layer.paints.get() + p * BLOCK + n * LANES;
#pragma GCC unroll 4
                for (int c = 0; c < COLORS; ++c) sums[c] += value * load(weight + c * wide);
            }
        for (int c = 0; c < COLORS; ++c) {
            const float made = sum(sums[c]) + layer.rgb_bias[c];
            to[c * layer.pixels() + j] = std::min(std::max(made, -limit), limit);
        }
    }
}

// Rows [from, end) of a layer's picture (colors, h, w): what its map y (panels, rows, w, 16) adds,
// whose panels are `apart` floats from each other and whose first row is `top`, and the picture
// below (colors, h / 2, w / 2), or none, at twice the size.
inline void paint(const Layer& layer, const float* y, size_t apart, int top, int from, int end,
                  const float* below, float* line, float* image) {
    const auto row = layer.colors == 1   ? paint_row<1>
                     : layer.colors == 3 ? paint_row<3>
                                         : paint_row<4>;
    const size_t quarter = size_t(layer.h / 2) * (layer.w / 2);
    for (int i = from; i < end; ++i) {
        float* to = image + size_t(i) * layer.w;
        row(layer, y + size_t(i - top) * layer.w * BLOCK, apart, to);
        for (int c = 0; below && c < layer.colors; ++c)
            grow_row(layer, below + c * quarter, i, line, to + c * layer.pixels());
    }
}

}  // namespace genart
