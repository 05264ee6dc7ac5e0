// A convolution to twice the size: a transposed one of stride 2, then a low-pass filter along rows,
// then along columns together with what ends the layer.
#pragma once

#include "cutting.h"

// Rows of the transposed convolution's result, (rows, across, 16) from row 8 * strip.first on.
inline int raised_rows(const Cut& cut, const Strip& strip) {
    const int h = cut.conv.x.h;
    const bool last = 4 * (strip.first + strip.rows) >= h;
    return last ? 2 * (h - 4 * strip.first) + 1 : 8 * strip.rows;
}
inline int raised_across(const Strip& strip) { return 8 * strip.columns + 1; }

// Products (rows, 16) of a panel to the transposed convolution's result t (8 * rows + 1, across, 16).
inline void raised_results(const Cut& cut, const Strip& strip, const float* m, float* t) {
    const Raised kinds(cut, strip);
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
                    two_out(points, made);
                    for (int j = 0; j < 4; ++j) columns[j][p] = made[j];
                }
                for (int j = 0; j < 4; ++j) {
                    Vec made[4];
                    two_out(columns[j], made);
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
                two_out(points, made);
                for (int i = 0; i < 4; ++i) put(8 * row + 6 - 2 * i, beyond ? 2 * x : 2 * x + 1, made[i]);
            }
        for (int y = 0; y < kinds.down[5] + kinds.bottom; ++y) {  // odd rows, and the last row
            const bool beyond = y == kinds.down[5];
            const int p = beyond ? 4 : 5, i = beyond ? strip.rows : y, to = beyond ? 2 * y : 2 * y + 1;
            for (int tx = 0; tx < strip.columns; ++tx) {
                const Vec points[5] = {get(p, 0, i, tx), get(p, 1, i, tx), get(p, 2, i, tx),
                                       get(p, 3, i, tx), get(p, 4, i, tx)};
                Vec made[4];
                two_out(points, made);
                for (int j = 0; j < 4; ++j) put(to, 8 * tx + 6 - 2 * j, made[j]);
            }
            for (int x = 0; x < kinds.along[5]; ++x) put(to, 2 * x + 1, get(p, 5, i, x));
            if (kinds.right) put(to, 2 * kinds.along[5], get(p, 4, i, strip.columns));
        }
    }
}

// The same from the 9 taps of every pixel, (9, h * w, 16), for a whole map.
inline void taps_results(const Cut& cut, const float* m, float* t, int across) {
    const int h = cut.conv.x.h, w = cut.conv.x.w;
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
                        total += load(m + (size_t(3 * down[i] + along[j]) * (h * w + PAD) + ys[i] * w + xs[j]) *
                                              BLOCK + n * LANES);
                store(t + (size_t(y) * across + x) * BLOCK + n * LANES, total);
            }
        }
}

// Where `taps` pixels of a filter begin for result `at`.
inline int filter_start(const Convolution& conv, int at) { return at - (conv.taps - 1) / 2; }

// One result of a filter: the sum of `taps` blocks, `apart` floats from each other, from first on.
inline Vec filtered(const float* fir, int taps, const float* from, ptrdiff_t apart, int first, int end, int n) {
    from += n * LANES;
    if (taps == 4 && first >= 0 && first + 4 <= end) {
        const float* at = from + first * apart;
        return fir[0] * load(at) + fir[1] * load(at + apart) + fir[2] * load(at + 2 * apart) +
               fir[3] * load(at + 3 * apart);
    }
    Vec total{};
    const int low = most(0, -first), high = least(taps, end - first);
    for (int q = low; q < high; ++q) total += fir[q] * load(from + (first + q) * apart);
    return total;
}

// Rows of t (w + 1 of across, 16), filtered along, to `to` (rows, w, 16).
inline void filter_rows(const Convolution& conv, const float* t, int across, int rows, float* to) {
    for (int y = 0; y < rows; ++y, t += size_t(across) * BLOCK)
        for (int x = 0; x < conv.y.w; ++x, to += BLOCK)
            for (int n = 0; n < VECTORS; ++n)
                store(to + n * LANES,
                      filtered(conv.filter, conv.taps, t, BLOCK, filter_start(conv, x), conv.y.w + 1, n));
}

// Rows from `from` to `end` of the layer's result, from t (h + 1, w, 16).
inline void filter_columns(const Convolution& conv, const float* t, int from, int end, const Writer& to) {
    const ptrdiff_t row = ptrdiff_t(conv.y.w) * BLOCK;
    for (int y = from; y < end; ++y)
        for (int x = 0; x < conv.y.w; ++x)
            for (int n = 0; n < VECTORS; ++n)
                to.put(filtered(conv.filter, conv.taps, t + x * BLOCK, row, filter_start(conv, y), conv.y.h + 1, n), y, x, n);
}

constexpr int LOW_PASS_ROWS = 16;  // at a time

inline size_t low_pass_floats(const LowPass& step) {
    return size_t(LOW_PASS_ROWS + step.taps) * step.y.w * BLOCK;
}

// Rows [from, end) of block `block`; `rows` is working memory.
inline void low_pass_rows(const LowPass& step, int block, int from, int end, float* rows) {
    const Map &x = step.x, &y = step.y;
    const int first = most(0, from - step.before), last = least(x.h, end - step.before + step.taps - 1);
    const ptrdiff_t wide = ptrdiff_t(y.w) * BLOCK;
    for (int i = first; i < last; ++i) {
        const float* row = x.data + block * x.block + i * x.row;
        for (int j = 0; j < y.w; ++j)
            for (int n = 0; n < VECTORS; ++n)
                store(rows + (i - first) * wide + j * BLOCK + n * LANES,
                      filtered(step.filter, step.taps, row, x.pixel, j - step.before, x.w, n));
    }
    for (int i = from; i < end; ++i) {
        float* to = y.data + block * y.block + i * y.row;
        for (int j = 0; j < y.w; ++j, to += y.pixel)
            for (int n = 0; n < VECTORS; ++n)
                store(to + n * LANES, filtered(step.filter, step.taps, rows + j * BLOCK, wide,
                                               i - step.before - first, last - first, n));
    }
}
