// A convolution to twice the size: a transposed one by minimal filtering, then the low-pass filter
// along rows, then along columns together with what ends the layer.
#pragma once

#include "plain.h"

namespace genart {

// The products of a strip: for every kind (p, q) a matrix of down[p] * along[q] rows. Kinds 0 to 4
// are even results at the points, the last of them once more beyond the edge; kind 5 odd results,
// one for each pixel.
struct Kinds {
    int down[SIX], along[SIX];
    size_t start[SIX * SIX + 1];  // rows before a kind
    bool bottom, right;           // whether the strip ends the map, and needs what lies beyond

    Kinds(const Layer& layer, const Strip& strip) {
        const int h = layer.below_h, w = layer.below_w, rest = h - 4 * strip.first;
        bottom = 4 * strip.rows == rest;
        right = 4 * strip.columns == w;
        for (int p = 0; p < 5; ++p) down[p] = strip.rows, along[p] = strip.columns;
        down[4] += bottom, along[4] += right;
        down[5] = std::min(4 * strip.rows, rest), along[5] = w;
        start[0] = 0;
        for (int k = 0; k < SIX * SIX; ++k) start[k + 1] = start[k] + size_t(rows(k));
    }

    int rows(int kind) const { return down[kind / SIX] * along[kind % SIX]; }
    size_t all() const { return start[SIX * SIX]; }
    // The first number of row (i, j) of kind (p, q), in blocks of 16.
    size_t at(int p, int q, int i, int j) const {
        return start[p * SIX + q] + size_t(i) * along[q] + j;
    }
};

// Where block `c` of the channels of every kind lies among points (36, depth, rows, 16).
struct Places {
    float* kind[SIX * SIX];

    Places(const Kinds& kinds, int c, int depth, float* v) {
        for (int k = 0; k < SIX * SIX; ++k)
            kind[k] = v + (kinds.start[k] * depth + size_t(c) * kinds.rows(k)) * BLOCK;
    }
};

template <bool EDGE>
inline void raised_window(const Layer& layer, const Strip& strip, const Kinds& kinds,
                          const Places& places, const float* map, const float* style, int ty,
                          int tx) {
    const int h = layer.below_h, w = layer.below_w, row = ty - strip.first;
    const int high = EDGE ? std::min(4, h - 4 * ty) : 4, wide = EDGE ? std::min(4, w - 4 * tx) : 4;
    const bool bottom = EDGE && kinds.bottom && row + 1 == strip.rows;
    const bool right = EDGE && kinds.right && tx + 1 == strip.columns;
    const auto put = [&](int p, int q, int i, int j, int n, Vec value) {
        store(places.kind[p * SIX + q] + (size_t(i) * kinds.along[q] + j) * BLOCK + n * LANES, value);
    };
    for (int n = 0; n < VECTORS; ++n) {
        const Vec scale = load(style + n * LANES);
        Vec raw[5][5], evens[5][5];  // backwards: [0] is the last pixel of the tile
        for (int i = 0; i < 5; ++i) {
            for (int j = 0; j < 5; ++j)
                raw[i][j] = scale * load(pixel<EDGE>(map, h, w, 4 * ty + 3 - i, 4 * tx + 3 - j) +
                                         n * LANES);
            raised_in(raw[i], evens[i]);
        }
        for (int q = 0; q < 5; ++q) {
            const Vec d[5] = {evens[0][q], evens[1][q], evens[2][q], evens[3][q], evens[4][q]};
            Vec points[5];
            raised_in(d, points);
            for (int p = 0; p < 5; ++p) put(p, q, row, tx, n, points[p]);
            for (int i = 0; i < high; ++i) put(5, q, 4 * row + i, tx, n, evens[3 - i][q]);
            if (bottom) put(4, q, strip.rows, tx, n, evens[0][q]);
        }
        for (int j = 0; j < wide; ++j) {
            const Vec d[5] = {raw[0][3 - j], raw[1][3 - j], raw[2][3 - j], raw[3][3 - j],
                              raw[4][3 - j]};
            Vec points[5];
            raised_in(d, points);
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

// Block `c` of the channels of x (depth, h, w, 16) as a strip's products want them.
inline void raised_points(const Layer& layer, const float* x, const Strip& strip, int c, float* v) {
    const Kinds kinds(layer, strip);
    const Places places(kinds, c, layer.depth, v);
    const float* map = x + c * layer.pixels_below() * BLOCK;
    const float* style = layer.styles.get() + c * BLOCK;
    for (int ty = strip.first; ty < strip.first + strip.rows; ++ty)
        for (int tx = 0; tx < strip.columns; ++tx) {
            const bool inside = ty > 0 && tx > 0 && 4 * ty + 8 <= layer.below_h &&
                                4 * tx + 8 <= layer.below_w;
            if (inside) raised_window<false>(layer, strip, kinds, places, map, style, ty, tx);
            else raised_window<true>(layer, strip, kinds, places, map, style, ty, tx);
        }
}

// Rows of the transposed convolution's result, (rows, across, 16) from row 8 * strip.first on.
inline int raised_rows(const Layer& layer, const Strip& strip) {
    const bool last = 4 * (strip.first + strip.rows) >= layer.below_h;
    return last ? 2 * (layer.below_h - 4 * strip.first) + 1 : 8 * strip.rows;
}
inline int raised_across(const Strip& strip) { return 8 * strip.columns + 1; }

// Products (rows, 16) of a panel to the transposed convolution's result t (8 * rows + 1, across, 16).
inline void raised_results(const Layer& layer, const Strip& strip, const float* m, float* t) {
    const Kinds kinds(layer, strip);
    const int across = raised_across(strip);
    for (int n = 0; n < VECTORS; ++n) {
        const auto get = [&](int p, int q, int i, int j) {
            return load(m + kinds.at(p, q, i, j) * BLOCK + n * LANES);
        };
        const auto put = [&](int y, int x, Vec value) {
            store(t + (size_t(y) * across + x) * BLOCK + n * LANES, value);
        };
        for (int row = 0; row < strip.rows; ++row)
            for (int tx = 0; tx < strip.columns; ++tx) {
                Vec columns[4][5];
                for (int p = 0; p < 5; ++p) {
                    const Vec points[5] = {get(p, 0, row, tx), get(p, 1, row, tx),
                                           get(p, 2, row, tx), get(p, 3, row, tx),
                                           get(p, 4, row, tx)};
                    Vec made[4];
                    raised_out(points, made);
                    for (int j = 0; j < 4; ++j) columns[j][p] = made[j];
                }
                for (int j = 0; j < 4; ++j) {
                    Vec made[4];
                    raised_out(columns[j], made);
                    for (int i = 0; i < 4; ++i) put(8 * row + 6 - 2 * i, 8 * tx + 6 - 2 * j, made[i]);
                }
            }
        for (int row = 0; row < strip.rows; ++row)  // even rows, odd columns, and the last column
            for (int x = 0; x < kinds.along[5] + kinds.right; ++x) {
                const bool beyond = x == kinds.along[5];
                const int q = beyond ? 4 : 5, j = beyond ? strip.columns : x;
                const Vec points[5] = {get(0, q, row, j), get(1, q, row, j), get(2, q, row, j),
                                       get(3, q, row, j), get(4, q, row, j)};
                Vec made[4];
                raised_out(points, made);
                for (int i = 0; i < 4; ++i) put(8 * row + 6 - 2 * i, beyond ? 2 * x : 2 * x + 1, made[i]);
            }
        for (int y = 0; y < kinds.down[5] + kinds.bottom; ++y) {  // odd rows, and the last row
            const bool beyond = y == kinds.down[5];
            const int p = beyond ? 4 : 5, i = beyond ? strip.rows : y, to = beyond ? 2 * y : 2 * y + 1;
            for (int tx = 0; tx < strip.columns; ++tx) {
                const Vec points[5] = {get(p, 0, i, tx), get(p, 1, i, tx), get(p, 2, i, tx),
                                       get(p, 3, i, tx), get(p, 4, i, tx)};
                Vec made[4];
                raised_out(points, made);
                for (int j = 0; j < 4; ++j) put(to, 8 * tx + 6 - 2 * j, made[j]);
            }
            for (int x = 0; x < kinds.along[5]; ++x) put(to, 2 * x + 1, get(p, 5, i, x));
            if (kinds.right) put(to, 2 * kinds.along[5], get(p, 4, i, strip.columns));
        }
    }
}

// The same from the 9 taps of every pixel, (9, h * w, 16), for a whole map.
inline void direct_results(const Layer& layer, const float* m, float* t, int across) {
    const int h = layer.below_h, w = layer.below_w;
    const auto terms = [](int at, int size, int taps[2], int from[2]) {
        int n = 0;
        if (at % 2) taps[n] = 1, from[n++] = at / 2;
        else {
            if (at / 2 < size) taps[n] = 0, from[n++] = at / 2;
            if (at > 0) taps[n] = 2, from[n++] = at / 2 - 1;
        }
        return n;
    };
    for (int y = 0; y <= 2 * h; ++y)
        for (int x = 0; x <= 2 * w; ++x) {
            int ys[2], xs[2], down[2], along[2];
            const int many = terms(y, h, down, ys), more = terms(x, w, along, xs);
            for (int n = 0; n < VECTORS; ++n) {
                Vec total{};
                for (int i = 0; i < many; ++i)
                    for (int j = 0; j < more; ++j)
                        total += load(m + ((size_t(3 * down[i] + along[j]) * h + ys[i]) * w + xs[j]) *
                                              BLOCK + n * LANES);
                store(t + (size_t(y) * across + x) * BLOCK + n * LANES, total);
            }
        }
}

// One output of a filter: the sum of `taps` blocks, `apart` floats from each other, from first on.
template <int TAPS>
inline Vec filtered(const Filter& fir, const float* from, size_t apart, int first, int end, int n) {
    Vec total{};
    const int low = std::max(0, -first), high = std::min(TAPS ? TAPS : fir.taps, end - first);
    for (int q = low; q < high; ++q)
        total += fir.values[q] * load(from + (first + q) * ptrdiff_t(apart) + n * LANES);
    return total;
}

// Rows of t (2w + 1 of across, 16), filtered along, to `to` (rows, 2w, 16).
inline void filter_rows(const Layer& layer, const float* t, int across, int rows, float* to) {
    const Filter& fir = layer.fir;
    const int before = (fir.taps - 1) / 2, size = layer.w + 1;
    for (int y = 0; y < rows; ++y, t += size_t(across) * BLOCK)
        for (int x = 0; x < layer.w; ++x, to += BLOCK) {
            const int first = x - before;
            for (int n = 0; n < VECTORS; ++n) {
                Vec made;
                if (fir.taps == 4 && first >= 0 && first + 4 <= size) {
                    const float* at = t + size_t(first) * BLOCK + n * LANES;
                    made = fir.values[0] * load(at) + fir.values[1] * load(at + BLOCK) +
                           fir.values[2] * load(at + 2 * BLOCK) +
                           fir.values[3] * load(at + 3 * BLOCK);
                } else {
                    made = filtered<0>(fir, t, BLOCK, first, size, n);
                }
                store(to + n * LANES, made);
            }
        }
}

// Rows from `from` to `end` of the layer's result y (h, w, 16), from t (h + 1, w, 16).
inline void filter_columns(const Layer& layer, int panel, const float* t, int from, int end,
                           float* y) {
    const Filter& fir = layer.fir;
    const Ending ending = layer.ending(panel);
    const int before = (fir.taps - 1) / 2, size = layer.h + 1;
    const size_t row = size_t(layer.w) * BLOCK;
    for (int i = from; i < end; ++i) {
        const int first = i - before;
        const bool inside = fir.taps == 4 && first >= 0 && first + 4 <= size;
        for (int x = 0; x < layer.w; ++x) {
            const size_t at = size_t(i) * layer.w + x;
            for (int n = 0; n < VECTORS; ++n) {
                Vec made;
                if (inside) {
                    const float* above = t + first * row + size_t(x) * BLOCK + n * LANES;
                    made = fir.values[0] * load(above) + fir.values[1] * load(above + row) +
                           fir.values[2] * load(above + 2 * row) +
                           fir.values[3] * load(above + 3 * row);
                } else {
                    made = filtered<0>(fir, t + size_t(x) * BLOCK, row, first, size, n);
                }
                store(y + at * BLOCK + n * LANES, ending(made, n, at));
            }
        }
    }
}

}  // namespace genart
