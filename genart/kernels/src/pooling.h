// Pooling of 2x2 pixels, and its gradient.
#pragma once

#include "reading.h"

// Row `y` of the smaller map.
inline void pool_row(const Pool& pool, int block, int y) {
    const Map& x = pool.x;
    const float* top = x.data + block * x.block + 2 * y * x.row;
    float* to = pool.y.data + block * pool.y.block + y * pool.y.row;
    for (int i = 0; i < pool.y.w; ++i, to += pool.y.pixel)
        for (int n = 0; n < VECTORS; ++n) {
            const float *a = top + 2 * i * x.pixel + n * LANES, *b = a + x.row;
            const Vec p = load(a), q = load(a + x.pixel), r = load(b), s = load(b + x.pixel);
            store(to + n * LANES, pool.largest ? larger(larger(p, q), larger(r, s)) : .25f * (p + q + r + s));
        }
}

// Row `y` of the gradient of the larger map: the first of the largest of 2x2 pixels gets all of it,
// in the order of rows; of a mean each gets a quarter. What no pixel was made of gets 0.
inline void unpool_row(const Unpool& step, int block, int y) {
    const Map &x = step.x, &gradient = step.gradient;
    float* to = step.y.data + block * step.y.block + y * step.y.row;
    const int row = y / 2, down = y % 2;
    for (int i = 0; i < x.w; ++i, to += step.y.pixel) {
        const int column = i / 2, along = i % 2;
        const bool out = row >= gradient.h || column >= gradient.w;
        for (int n = 0; n < VECTORS; ++n) {
            if (out) {
                store(to + n * LANES, Vec{});
                continue;
            }
            const Vec g = load(gradient.data + block * gradient.block + row * gradient.row +
                               column * gradient.pixel + n * LANES);
            if (!step.largest) {
                store(to + n * LANES, .25f * g);
                continue;
            }
            const float* corner = x.data + block * x.block + 2 * row * x.row + 2 * column * x.pixel + n * LANES;
            const Vec own = load(corner + down * x.row + along * x.pixel);
            Vec made = g;
            for (int k = 0; k < 4; ++k) {
                const Vec other = load(corner + k / 2 * x.row + k % 2 * x.pixel);
                if (k < 2 * down + along) made = other >= own ? Vec{} : made;
                if (k > 2 * down + along) made = other > own ? Vec{} : made;
            }
            store(to + n * LANES, made);
        }
    }
}
