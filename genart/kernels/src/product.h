// The matrix product at the heart of everything: rows of pixels or tiles times a panel of 16
// output channels whose weights lie in the order they are read.
#pragma once

#include "simd.h"

constexpr int DEPTH = 16 / PANELS;  // blocks of input channels at a time: 16 KiB of weights stay in L1

// What is fetched while a tile is worked on: what the next ones read.
struct Ahead {
    const float *v, *u;
    int lines;  // of u, for each block of channels
};

// R rows and P panels. Rows of `v` lie in blocks of 16 channels, `apart` floats from block to
// block; panels of `u` are `wide` floats apart, those of `m` (rows, 16) `tall`.
template <int R, int P>
inline void tile(const float* v, size_t apart, const float* u, size_t wide, int depth, float* m,
                 size_t tall, bool add, Ahead ahead) {
    Vec sums[R][P][VECTORS];
    for (int r = 0; r < R; ++r)
        for (int p = 0; p < P; ++p)
            for (int n = 0; n < VECTORS; ++n)
                sums[r][p][n] = add ? load(m + p * tall + r * BLOCK + n * LANES) : Vec{};
    for (int d = 0; d < depth; ++d, v += apart) {
        for (int r = 0; r < R; ++r, ahead.v += BLOCK) __builtin_prefetch(ahead.v);
        for (int p = 0; p < P; ++p)
            for (int i = 0; i < ahead.lines; ++i) __builtin_prefetch(ahead.u + p * wide + i * BLOCK, 0, 2);
        ahead.u += BLOCK * BLOCK;
#pragma GCC unroll 4
        for (int k = 0; k < BLOCK; ++k, u += BLOCK) {
            Vec weights[P][VECTORS];
            for (int p = 0; p < P; ++p)
                for (int n = 0; n < VECTORS; ++n) weights[p][n] = load(u + p * wide + n * LANES);
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                const Vec value = all(v[r * BLOCK + k]);
                for (int p = 0; p < P; ++p)
                    for (int n = 0; n < VECTORS; ++n) sums[r][p][n] += value * weights[p][n];
            }
        }
    }
    for (int r = 0; r < R; ++r)
        for (int p = 0; p < P; ++p)
            for (int n = 0; n < VECTORS; ++n)
                store(m + p * tall + r * BLOCK + n * LANES, sums[r][p][n]);
}

template <int R, int P>
inline void rows_of(int r, const float* v, size_t apart, const float* u, size_t wide, int depth,
                    float* m, size_t tall, bool add, Ahead ahead) {
    if (r == R) return tile<R, P>(v, apart, u, wide, depth, m, tall, add, ahead);
    if constexpr (R > 1) rows_of<R - 1, P>(r, v, apart, u, wide, depth, m, tall, add, ahead);
}

// Products of P panels. What comes next lies right behind, of v as of u.
template <int P>
inline void panels(const float* v, int rows, int depth, const float* u, size_t wide, float* m,
                   size_t tall) {
    const int groups = over(rows, ROWS), each = rows / groups, more = rows % groups;
    const int lines = over(BLOCK, groups);
    const size_t apart = static_cast<size_t>(rows) * BLOCK;
    for (int from = 0; from < depth; from += DEPTH) {
        const int deep = least(DEPTH, depth - from);
        const float* weights = u + static_cast<size_t>(from) * BLOCK * BLOCK;
        const float* next = weights + static_cast<size_t>(2 * deep) * BLOCK * BLOCK;
        for (int g = 0, at = 0; g < groups; ++g) {
            const int r = each + (g < more), share = g * lines < BLOCK ? lines : 0;
            const Ahead ahead{v + (from + deep) * apart + size_t(at) * deep * BLOCK,
                              next + g * lines * BLOCK, share};
            rows_of<ROWS, P>(r, v + from * apart + at * BLOCK, apart, weights, wide, deep,
                             m + at * BLOCK, tall, from > 0, ahead);
            at += r;
        }
    }
}

// m (count, rows, 16) = v (depth, rows, 16) times u (count, 16 * depth, 16), where panels of u
// are `wide` floats apart and those of m `tall`.
inline void product(const float* v, int rows, int depth, const float* u, size_t wide, int count,
                    float* m, size_t tall) {
    if (rows <= 0) return;
    int p = 0;
    if constexpr (PANELS == 2)
        for (; p + 1 < count; p += 2)
            panels<2>(v, rows, depth, u + p * wide, wide, m + p * tall, tall);
    for (; p < count; ++p) panels<1>(v, rows, depth, u + p * wide, wide, m + p * tall, tall);
}

