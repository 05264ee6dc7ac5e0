// From a panel's products to the pixels of its 16 channels.
#pragma once

#include "cutting.h"

// Tiles from products at their points, (kinds, tiles, 16).
template <int POINTS, int SIDE>
inline void tile_pixels(const Cut& cut, const Strip& strip, const float* m, const Writer& to) {
    const size_t kind = size_t(strip.tiles() + PAD) * BLOCK;
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx, m += BLOCK) {
            const int high = least(SIDE, cut.conv.y.h - SIDE * ty);
            const int wide = least(SIDE, cut.conv.y.w - SIDE * tx);
            for (int n = 0; n < VECTORS; ++n) {
                Vec rows[POINTS][SIDE];
                for (int i = 0; i < POINTS; ++i) {
                    Vec points[POINTS];
                    for (int j = 0; j < POINTS; ++j)
                        points[j] = load(m + (i * POINTS + j) * kind + n * LANES);
                    if constexpr (POINTS == 6) three_out(points, rows[i]);
                    else if constexpr (POINTS == 4) small_out(points, rows[i]);
                    else two_out(points, rows[i]);
                }
                for (int j = 0; j < wide; ++j) {
                    Vec points[POINTS], column[SIDE];
                    for (int i = 0; i < POINTS; ++i) points[i] = rows[i][j];
                    if constexpr (POINTS == 6) three_out(points, column);
                    else if constexpr (POINTS == 4) small_out(points, column);
                    else two_out(points, column);
                    for (int i = 0; i < high; ++i) to.put(column[i], SIDE * ty + i, SIDE * tx + j, n);
                }
            }
        }
}

// Pixels from their sums, (pixels, 16).
inline void direct_pixels(const Strip& strip, const float* m, const Writer& to) {
    for (int y = strip.first; y < strip.first + strip.rows; ++y)
        for (int x = 0; x < strip.columns; ++x, m += BLOCK)
            for (int n = 0; n < VECTORS; ++n) to.put(load(m + n * LANES), y, x, n);
}

inline void put_pixels(const Cut& cut, const Strip& strip, const float* m, const Writer& to) {
    switch (cut.conv.method) {
        case THREE: return tile_pixels<6, 4>(cut, strip, m, to);
        case SMALL: return tile_pixels<4, 2>(cut, strip, m, to);
        case TWO: return tile_pixels<5, 4>(cut, strip, m, to);
        default: return direct_pixels(strip, m, to);
    }
}
