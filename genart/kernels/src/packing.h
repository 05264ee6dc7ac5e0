// Weights in the order that products read them: (panels, kinds, 16 * deep, 16), of 16 output
// channels, every kind of product, every input channel; zeros beyond the last channels.
#pragma once

#include "cutting.h"

// All kinds of one pair of channels, from its taps (k, k).
inline void pack_pair(const Cut& cut, const float* taps, float* to) {
    const Convolution& conv = cut.conv;
    const size_t kind = cut.kind(), tap = size_t(cut.depth) * BLOCK * BLOCK;
    const int kw = conv.kernel_w;
    if (conv.method == DIRECT || conv.method == TAPS) {
        for (int k = 0; k < conv.kernel_h * kw; ++k) to[k * (conv.method == TAPS ? kind : tap)] = taps[k];
        return;
    }
    if (conv.method == TWO) {
        const int s = conv.stride;
        for (int phase = 0; phase < s * s; ++phase) {
            const float* at = taps + phase / s * kw + phase % s;
            double rows[2][5], points[5];
            for (int y = 0; y < 2; ++y) {
                const double g[2] = {at[y * s * kw], at[y * s * kw + s]};
                two_kernel(g, rows[y]);
            }
            for (int q = 0; q < 5; ++q) {
                const double g[2] = {rows[0][q], rows[1][q]};
                two_kernel(g, points);
                for (int p = 0; p < 5; ++p) to[(p * 5 + q) * kind + phase * tap] = float(points[p]);
            }
        }
        return;
    }
    if (conv.method == SMALL) {
        double rows[3][4], points[4];
        for (int y = 0; y < 3; ++y) {
            const double g[3] = {taps[3 * y], taps[3 * y + 1], taps[3 * y + 2]};
            small_kernel(g, rows[y]);
        }
        for (int q = 0; q < 4; ++q) {
            const double g[3] = {rows[0][q], rows[1][q], rows[2][q]};
            small_kernel(g, points);
            for (int p = 0; p < 4; ++p) to[(p * 4 + q) * kind] = float(points[p]);
        }
        return;
    }
    const auto along = conv.method == RAISED ? raised_kernel<double> : three_kernel<double>;
    double rows[3][SIX], points[SIX];
    for (int y = 0; y < 3; ++y) {
        const double g[3] = {taps[3 * y], taps[3 * y + 1], taps[3 * y + 2]};
        along(g, rows[y]);
    }
    for (int q = 0; q < SIX; ++q) {
        const double g[3] = {rows[0][q], rows[1][q], rows[2][q]};
        along(g, points);
        for (int p = 0; p < SIX; ++p) to[(p * SIX + q) * kind] = float(points[p]);
    }
}

// A panel, from contiguous weights (out, in, kernel_h, kernel_w).
inline void pack_panel(const Cut& cut, const float* weight, int panel, float* packed) {
    const Convolution& conv = cut.conv;
    float* to = packed + panel * cut.wide();
    for (size_t i = 0; i < cut.wide(); ++i) to[i] = 0.f;
    const int in = conv.x.channels, taps = conv.kernel_h * conv.kernel_w;
    for (int o = 0; o < BLOCK && panel * BLOCK + o < conv.y.channels; ++o)
        for (int c = 0; c < in; ++c) {
            const float* from = weight + (size_t(panel * BLOCK + o) * in + c) * taps;
            if (conv.method == GATHER)
                for (int k = 0; k < taps; ++k) to[(size_t(k) * in + c) * BLOCK + o] = from[k];
            else pack_pair(cut, from, to + size_t(c) * BLOCK + o);
        }
}
