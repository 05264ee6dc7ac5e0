// An ordinary convolution: windows to points, products to pixels.
#pragma once

#include <algorithm>

#include "layer.h"
#include "product.h"

namespace genart {

// Rows of tiles that are worked on together.
struct Strip {
    int first, rows, columns;  // in tiles
    int tiles() const { return rows * columns; }
};

// Where a plain layer's points lie: (36, depth, tiles, 16), one kind after the other.
inline size_t plain_numbers(int tiles, int depth) {
    return size_t(SIX * SIX) * tiles * depth * BLOCK;
}

template <bool EDGE>
inline void plain_window(const float* map, const Layer& layer, const float* style, int ty, int tx,
                         float* v, size_t kind) {
    for (int n = 0; n < VECTORS; ++n) {
        const Vec scale = load(style + n * LANES);
        Vec rows[6][6];
        for (int i = 0; i < 6; ++i) {
            Vec d[6];
            for (int j = 0; j < 6; ++j)
                d[j] = scale * load(pixel<EDGE>(map, layer.below_h, layer.below_w, 4 * ty - 1 + i,
                                                4 * tx - 1 + j) + n * LANES);
            plain_in(d, rows[i]);
        }
        for (int j = 0; j < 6; ++j) {
            const Vec d[6] = {rows[0][j], rows[1][j], rows[2][j],
                              rows[3][j], rows[4][j], rows[5][j]};
            Vec points[6];
            plain_in(d, points);
            for (int i = 0; i < 6; ++i) store(v + (i * 6 + j) * kind + n * LANES, points[i]);
        }
    }
}

// Block `c` of the channels of x (depth, h, w, 16) at the points of a strip's windows.
inline void plain_points(const Layer& layer, const float* x, const Strip& strip, int c, float* v) {
    const float* map = x + c * layer.pixels_below() * BLOCK;
    const float* style = layer.styles.get() + c * BLOCK;
    const size_t kind = size_t(layer.depth) * strip.tiles() * BLOCK;
    v += size_t(c) * strip.tiles() * BLOCK;
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx, v += BLOCK) {
            const bool inside = ty > 0 && tx > 0 && 4 * ty + 5 <= layer.below_h &&
                                4 * tx + 5 <= layer.below_w;
            if (inside) plain_window<false>(map, layer, style, ty, tx, v, kind);
            else plain_window<true>(map, layer, style, ty, tx, v, kind);
        }
}

// A panel's products (36, tiles, 16) to pixels of y (h, w, 16), whose first row is `top`.
inline void plain_pixels(const Layer& layer, const Strip& strip, int panel, const float* m,
                         float* y, int top) {
    const size_t kind = size_t(strip.tiles()) * BLOCK;
    const Ending end = layer.ending(panel);
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx, m += BLOCK) {
            const int high = std::min(4, layer.h - 4 * ty), wide = std::min(4, layer.w - 4 * tx);
            for (int n = 0; n < VECTORS; ++n) {
                Vec rows[6][4];
                for (int i = 0; i < 6; ++i) {
                    Vec points[6];
                    for (int j = 0; j < 6; ++j)
                        points[j] = load(m + (i * 6 + j) * kind + n * LANES);
                    plain_out(points, rows[i]);
                }
                for (int j = 0; j < wide; ++j) {
                    const Vec points[6] = {rows[0][j], rows[1][j], rows[2][j],
                                           rows[3][j], rows[4][j], rows[5][j]};
                    Vec column[4];
                    plain_out(points, column);
                    for (int i = 0; i < high; ++i) {
                        const size_t at = size_t(4 * ty + i) * layer.w + 4 * tx + j;
                        store(y + (at - size_t(top) * layer.w) * BLOCK + n * LANES,
                              end(column[i], n, at));
                    }
                }
            }
        }
}

// The strip of a plain layer in the direct form: 9 shifted copies of x, (9 * depth, h * w, 16).
inline void direct_points(const Layer& layer, const float* x, int c, float* v) {
    const int h = layer.below_h, w = layer.below_w;
    const float* map = x + c * layer.pixels_below() * BLOCK;
    const float* style = layer.styles.get() + c * BLOCK;
    for (int k = 0; k < (layer.up ? 1 : 9); ++k) {
        float* to = v + (size_t(k) * layer.depth + c) * layer.pixels_below() * BLOCK;
        const int down = layer.up ? 0 : k / 3 - 1, along = layer.up ? 0 : k % 3 - 1;
        for (int y = 0; y < h; ++y)
            for (int i = 0; i < w; ++i, to += BLOCK)
                for (int n = 0; n < VECTORS; ++n)
                    store(to + n * LANES, load(style + n * LANES) *
                                              load(pixel<true>(map, h, w, y + down, i + along) +
                                                   n * LANES));
    }
}

// A panel's sums (h * w, 16) to pixels.
inline void direct_pixels(const Layer& layer, int panel, const float* m, float* y) {
    const Ending end = layer.ending(panel);
    for (size_t at = 0; at < layer.pixels(); ++at)
        for (int n = 0; n < VECTORS; ++n)
            store(y + at * BLOCK + n * LANES, end(load(m + at * BLOCK + n * LANES), n, at));
}

}  // namespace genart
