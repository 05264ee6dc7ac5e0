// From a map to the points of a strip's windows: what a product reads, (kinds, deep, rows, 16).
#pragma once

#include "cutting.h"

// One window of 6x6 pixels whose first is (y, x), to 36 points that lie `kind` floats apart.
template <bool EDGE, bool FULL>
inline void three_window(const Reader& read, int y, int x, float* v, size_t kind) {
    for (int n = 0; n < VECTORS; ++n) {
        Vec rows[6][6];
        for (int i = 0; i < 6; ++i) {
            Vec d[6];
            for (int j = 0; j < 6; ++j) d[j] = read.get<EDGE, FULL>(y + i, x + j, n);
            three_in(d, rows[i]);
        }
        for (int j = 0; j < 6; ++j) {
            const Vec d[6] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]};
            Vec points[6];
            three_in(d, points);
            for (int i = 0; i < 6; ++i) store(v + (i * 6 + j) * kind + n * LANES, points[i]);
        }
    }
}

// One window of 4x4 pixels to 16 points.
template <bool EDGE, bool FULL>
inline void small_window(const Reader& read, int y, int x, float* v, size_t kind) {
    for (int n = 0; n < VECTORS; ++n) {
        Vec rows[4][4];
        for (int i = 0; i < 4; ++i) {
            Vec d[4];
            for (int j = 0; j < 4; ++j) d[j] = read.get<EDGE, FULL>(y + i, x + j, n);
            small_in(d, rows[i]);
        }
        for (int j = 0; j < 4; ++j) {
            const Vec d[4] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j]};
            Vec points[4];
            small_in(d, points);
            for (int i = 0; i < 4; ++i) store(v + (i * 4 + j) * kind + n * LANES, points[i]);
        }
    }
}

// One window of 5x5 pixels, `step` apart, to 25 points.
template <bool EDGE, bool FULL>
inline void two_window(const Reader& read, int y, int x, int step, float* v, size_t kind) {
    for (int n = 0; n < VECTORS; ++n) {
        Vec rows[5][5];
        for (int i = 0; i < 5; ++i) {
            Vec d[5];
            for (int j = 0; j < 5; ++j) d[j] = read.get<EDGE, FULL>(y + i * step, x + j * step, n);
            two_in(d, rows[i]);
        }
        for (int j = 0; j < 5; ++j) {
            const Vec d[5] = {rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j]};
            Vec points[5];
            two_in(d, points);
            for (int i = 0; i < 5; ++i) store(v + (i * 5 + j) * kind + n * LANES, points[i]);
        }
    }
}

// Block `c` of the blocks of a product, at the points of a strip of tiles.
template <bool FULL>
inline void tile_points(const Cut& cut, const Strip& strip, int c, float* v) {
    const Convolution& conv = cut.conv;
    const bool three = conv.method == THREE, small = conv.method == SMALL;
    const int phase = c / cut.depth, step = conv.stride, span = three ? 6 : small ? 4 : 4 * step + 1;
    const Reader read(conv.x, conv.reading, c % cut.depth);
    const size_t kind = size_t(cut.deep) * (strip.tiles() + PAD) * BLOCK;
    v += size_t(c) * strip.tiles() * BLOCK;
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx, v += BLOCK) {
            const int y = cut.tile * ty * step + phase / step - conv.pad_y;
            const int x = cut.tile * tx * step + phase % step - conv.pad_x;
            const bool edge = y < 0 || x < 0 || y + span > read.h || x + span > read.w;
            if (three)
                edge ? three_window<true, FULL>(read, y, x, v, kind)
                     : three_window<false, FULL>(read, y, x, v, kind);
            else if (small)
                edge ? small_window<true, FULL>(read, y, x, v, kind)
                     : small_window<false, FULL>(read, y, x, v, kind);
            else
                edge ? two_window<true, FULL>(read, y, x, step, v, kind)
                     : two_window<false, FULL>(read, y, x, step, v, kind);
        }
}

// Every tap: shifted copies of block `c` of the map, (taps, depth, pixels, 16).
template <bool FULL>
inline void direct_points(const Cut& cut, const Strip& strip, int c, float* v) {
    const Convolution& conv = cut.conv;
    const Reader read(conv.x, conv.reading, c);
    const int s = conv.stride, taps = conv.method == TAPS ? 1 : conv.kernel_h * conv.kernel_w;
    for (int k = 0; k < taps; ++k) {
        float* to = v + (size_t(k) * cut.depth + c) * strip.tiles() * BLOCK;
        const int down = k / conv.kernel_w - conv.pad_y, along = k % conv.kernel_w - conv.pad_x;
        for (int y = strip.first; y < strip.first + strip.rows; ++y)
            for (int x = 0; x < strip.columns; ++x, to += BLOCK)
                for (int n = 0; n < VECTORS; ++n)
                    store(to + n * LANES, read.get<true, FULL>(y * s + down, x * s + along, n));
    }
}

// `count` numbers, in groups of four as far as there are so many.
inline void copy_numbers(float* to, const float* from, int count) {
    int i = 0;
    for (; i + 4 <= count; i += 4) __builtin_memcpy(to + i, from + i, 4 * sizeof(float));
    for (; i < count; ++i) to[i] = from[i];
}

// Every tap of few channels: rows of neighbouring numbers, (deep, pixels, 16). All blocks at once.
inline void gather_points(const Cut& cut, const Strip& strip, float* v) {
    const Convolution& conv = cut.conv;
    const int run = conv.kernel_w * conv.x.channels, some = 8;  // blocks at a time
    const size_t apart = size_t(strip.tiles()) * BLOCK;
    for (int y = strip.first; y < strip.first + strip.rows; ++y)
        for (int x = 0; x < strip.columns; ++x, v += BLOCK) {
            const float* from = conv.x.data + y * conv.stride * conv.x.row + x * conv.stride * conv.x.pixel;
            alignas(64) float window[some * BLOCK];
            int row = 0, at = 0;  // of the window that is copied next
            for (int block = 0; block < cut.deep; block += some) {
                int filled = 0;
                while (filled < some * BLOCK && row < conv.kernel_h) {
                    const int count = least(run - at, some * BLOCK - filled);
                    copy_numbers(window + filled, from + row * conv.x.row + at, count);
                    filled += count, at += count;
                    if (at == run) ++row, at = 0;
                }
                for (; filled < some * BLOCK; ++filled) window[filled] = 0.f;
                for (int b = 0; b < least(some, cut.deep - block); ++b)
                    for (int n = 0; n < VECTORS; ++n)
                        store(v + (block + b) * apart + n * LANES, load(window + b * BLOCK + n * LANES));
            }
        }
}

// Where block `c` of the channels of every kind lies among the points of a raising convolution.
struct Places {
    float* kind[KINDS];

    Places(const Raised& kinds, int c, int depth, float* v) {
        for (int k = 0; k < KINDS; ++k)
            kind[k] = v + (kinds.start[k] * depth + size_t(c) * kinds.rows[k]) * BLOCK;
    }
};

template <bool EDGE, bool FULL>
inline void raised_window(const Reader& read, const Strip& strip, const Raised& kinds,
                          const Places& places, int ty, int tx) {
    const int row = ty - strip.first;
    const int high = EDGE ? least(4, read.h - 4 * ty) : 4, wide = EDGE ? least(4, read.w - 4 * tx) : 4;
    const bool bottom = EDGE && kinds.bottom && row + 1 == strip.rows;
    const bool right = EDGE && kinds.right && tx + 1 == strip.columns;
    const auto put = [&](int p, int q, int i, int j, int n, Vec value) {
        store(places.kind[p * SIX + q] + (size_t(i) * kinds.along[q] + j) * BLOCK + n * LANES, value);
    };
    for (int n = 0; n < VECTORS; ++n) {
        Vec raw[5][5], evens[5][5];  // backwards: [0] is the last pixel of the tile
        for (int i = 0; i < 5; ++i) {
            for (int j = 0; j < 5; ++j) raw[i][j] = read.get<EDGE, FULL>(4 * ty + 3 - i, 4 * tx + 3 - j, n);
            two_in(raw[i], evens[i]);
        }
        for (int q = 0; q < 5; ++q) {
            const Vec d[5] = {evens[0][q], evens[1][q], evens[2][q], evens[3][q], evens[4][q]};
            Vec points[5];
            two_in(d, points);
            for (int p = 0; p < 5; ++p) put(p, q, row, tx, n, points[p]);
            for (int i = 0; i < high; ++i) put(5, q, 4 * row + i, tx, n, evens[3 - i][q]);
            if (bottom) put(4, q, strip.rows, tx, n, evens[0][q]);
        }
        for (int j = 0; j < wide; ++j) {
            const Vec d[5] = {raw[0][3 - j], raw[1][3 - j], raw[2][3 - j], raw[3][3 - j], raw[4][3 - j]};
            Vec points[5];
            two_in(d, points);
            for (int p = 0; p < 5; ++p) put(p, 5, row, 4 * tx + j, n, points[p]);
            for (int i = 0; i < high; ++i) put(5, 5, 4 * row + i, 4 * tx + j, n, raw[3 - i][3 - j]);
            if (bottom) put(4, 5, strip.rows, 4 * tx + j, n, raw[0][3 - j]);
            if (right && j == 3) {
                for (int p = 0; p < 5; ++p) put(p, 4, row, strip.columns, n, points[p]);
                for (int i = 0; i < high; ++i) put(5, 4, 4 * row + i, strip.columns, n, raw[3 - i][0]);
                if (bottom) put(4, 4, strip.rows, strip.columns, n, raw[0][0]);
            }
        }
    }
}

template <bool FULL>
inline void raised_points(const Cut& cut, const Strip& strip, int c, float* v) {
    const Raised kinds(cut, strip);
    const Places places(kinds, c, cut.depth, v);
    const Reader read(cut.conv.x, cut.conv.reading, c);
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx) {
            const bool inner = ty > 0 && tx > 0 && 4 * ty + 8 <= read.h && 4 * tx + 8 <= read.w;
            if (inner) raised_window<false, FULL>(read, strip, kinds, places, ty, tx);
            else raised_window<true, FULL>(read, strip, kinds, places, ty, tx);
        }
}

// How many pieces the points of a strip come in.
inline int point_pieces(const Cut& cut) {
    if (cut.conv.method == GATHER) return 1;
    return cut.conv.method == TWO ? cut.deep : cut.depth;
}

template <bool FULL>
inline void take_points(const Cut& cut, const Strip& strip, int piece, float* v) {
    switch (cut.conv.method) {
        case THREE: case SMALL: case TWO: return tile_points<FULL>(cut, strip, piece, v);
        case RAISED: return raised_points<FULL>(cut, strip, piece, v);
        case GATHER: return gather_points(cut, strip, v);
        default: return direct_points<FULL>(cut, strip, piece, v);
    }
}

// One piece of the points of a strip.
inline void take_points(const Cut& cut, const Strip& strip, int piece, float* v) {
    if (Reader::is_full(cut.conv.reading)) take_points<true>(cut, strip, piece, v);
    else take_points<false>(cut, strip, piece, v);
}
