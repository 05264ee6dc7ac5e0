// The picture: layers to RGB, and its growth from block to block.
#pragma once

#include "reading.h"

constexpr int MARGIN = MOST_TAPS;  // zeros around a row of the small picture

inline size_t line_floats(int w) { return size_t(w / 2) + 2 * MARGIN; }

// The samples of the small picture that sample `p` of one twice the size is a sum of.
struct Terms {
    int count = 0, from[MOST_TAPS];
    float weight[MOST_TAPS];

    Terms(const Paint& paint, int p) {
        const int first = p - (paint.taps + 1) / 2;  // in the picture with zeros between its samples
        for (int q = first & 1; q < paint.taps; q += 2)
            from[count] = (first + q) / 2, weight[count++] = paint.filter[q];
    }
};

// Add row `i` of a picture (h / 2, w / 2) at twice the size to a row (w); `line` is working memory.
inline void grow_row(const Paint& paint, int h, int w, const float* below, int i, float* line, float* to) {
    const int high = h / 2, wide = w / 2;
    float* row = line + MARGIN;
    for (int j = 0; j < wide + 2 * MARGIN; ++j) line[j] = 0.f;
    const Terms rows(paint, i);
    for (int t = 0; t < rows.count; ++t) {
        if (rows.from[t] < 0 || rows.from[t] >= high) continue;
        const float* from = below + size_t(rows.from[t]) * wide;
        for (int j = 0; j < wide; ++j) row[j] += rows.weight[t] * from[j];
    }
    for (int phase = 0; phase < 2; ++phase) {
        const Terms along(paint, phase);
        for (int t = 0; t < along.count; ++t) {
            const float* from = row + along.from[t];
            for (int j = 0; j < wide; ++j) to[2 * j + phase] += along.weight[t] * from[j];
        }
    }
}

// A row of pixels (w, 16) of every panel of y to COLORS rows of the picture, `plane` floats apart.
template <int COLORS>
inline void paint_row(const Paint& paint, const Map& y, int row, float* to, size_t plane) {
    const int panels = blocks(y.channels);
    const size_t wide = size_t(panels) * BLOCK;
    const float limit = paint.limit;
    for (int j = 0; j < y.w; ++j) {
        Vec sums[COLORS] = {};
        for (int p = 0; p < panels; ++p)
            for (int n = 0; n < VECTORS; ++n) {
                const Vec value = load(y.data + p * y.block + row * y.row + j * y.pixel + n * LANES);
                const float* weight = paint.weights + p * BLOCK + n * LANES;
#pragma GCC unroll 4
                for (int c = 0; c < COLORS; ++c) sums[c] += value * load(weight + c * wide);
            }
        for (int c = 0; c < COLORS; ++c) {
            const float made = sum(sums[c]) + paint.bias[c];
            to[c * plane + j] = made > limit ? limit : made < -limit ? -limit : made;
        }
    }
}

// Rows [from, end) of the picture of a map y, whose rows begin with row `top` of the picture (h, w).
inline void paint_rows(const Paint& paint, const Map& y, int h, int top, int from, int end, float* line) {
    const auto row = paint.colors == 1   ? paint_row<1>
                     : paint.colors == 2 ? paint_row<2>
                     : paint.colors == 3 ? paint_row<3>
                                         : paint_row<4>;
    const size_t plane = size_t(h) * y.w, quarter = size_t(h / 2) * (y.w / 2);
    for (int i = from; i < end; ++i) {
        float* to = paint.image + size_t(i) * y.w;
        row(paint, y, i - top, to, plane);
        for (int c = 0; paint.below && c < paint.colors; ++c)
            grow_row(paint, h, y.w, paint.below + c * quarter, i, line, to + c * plane);
    }
}
