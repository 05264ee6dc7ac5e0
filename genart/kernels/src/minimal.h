// Minimal filtering (Winograd 1980; Lavin and Gray 2016; Toom and Cook): fewer products than taps.
//
// All forms are the same along both axes. Points are A and B with A^2 = 1/2, B^2 = 2, and their
// negatives, and infinity; they keep float32 within a few 1e-6 of the largest value.
//
// Three taps: 4 pixels from 6 points, with 0 as the sixth: 36 products of a channel pair for 16
// pixels instead of 144.
//
// Three taps, small: 2 pixels from 4 points, 0, 1, -1 and infinity: 16 products for 4 pixels.
//
// Two taps: 4 pixels from 5 points: 25 products for 16 pixels instead of 64.
//
// Raised, by the form for two: a 3-tap convolution of stride 1/2 has even results, w0 x[i] + w2 x[i - 1], and odd ones,
// w1 x[i]. Four even ones come from 5 points, odd ones as they are: 81 products for 64 pixels
// instead of 144, with 36 different kernels. Windows are read backwards so that w2 is the kernel
// at infinity: the one even result beyond the last window, w2 x[h - 1], needs just that one.
#pragma once

#include "simd.h"

constexpr float A = 0.70710678118654752f, B = 1.41421356237309505f;
constexpr int SIX = 6;  // kinds of products along an axis of the largest form

// Windows of 6 pixels to 6 points: 0, A, -A, B, -B, infinity.
template <class T>
inline void three_in(const T d[6], T v[6]) {
    const T even = d[4] - 2.f * d[2], odd = d[3] - 2.f * d[1];
    const T even2 = d[4] - 0.5f * d[2], odd2 = d[3] - 0.5f * d[1];
    v[0] = d[4] - 2.5f * d[2] + d[0];
    v[1] = even + A * odd;
    v[2] = even - A * odd;
    v[3] = even2 + B * odd2;
    v[4] = even2 - B * odd2;
    v[5] = d[5] - 2.5f * d[3] + d[1];
}

// Products at 6 points to 4 pixels.
template <class T>
inline void three_out(const T m[6], T y[4]) {
    const T sum = m[1] + m[2], gap = m[1] - m[2], sum2 = m[3] + m[4], gap2 = m[3] - m[4];
    y[0] = m[0] + sum + sum2;
    y[1] = A * gap + B * gap2;
    y[2] = 0.5f * sum + 2.f * sum2;
    y[3] = 0.5f * A * gap + 2.f * B * gap2 + m[5];
}

// Three taps at the points of the plain form.
template <class T>
inline void three_kernel(const T g[3], T v[6]) {
    const T a = g[0] + 0.5 * g[2], b = g[0] + 2.0 * g[2];
    const double wa = 0.70710678118654752, wb = 1.41421356237309505;
    v[0] = g[0];
    v[1] = (a + wa * g[1]) * (-2.0 / 3);
    v[2] = (a - wa * g[1]) * (-2.0 / 3);
    v[3] = (b + wb * g[1]) * (1.0 / 6);
    v[4] = (b - wb * g[1]) * (1.0 / 6);
    v[5] = g[2];
}

// Windows of 4 pixels to 4 points: 0, 1, -1, infinity.
template <class T>
inline void small_in(const T d[4], T v[4]) {
    v[0] = d[0] - d[2], v[1] = d[1] + d[2], v[2] = d[2] - d[1], v[3] = d[1] - d[3];
}

// Products at 4 points to 2 pixels.
template <class T>
inline void small_out(const T m[4], T y[2]) {
    y[0] = m[0] + m[1] + m[2], y[1] = m[1] - m[2] - m[3];
}

// Three taps at the 4 points.
template <class T>
inline void small_kernel(const T g[3], T v[4]) {
    v[0] = g[0], v[1] = (g[0] + g[1] + g[2]) * 0.5, v[2] = (g[0] - g[1] + g[2]) * 0.5, v[3] = g[2];
}

// Windows of 5 pixels to 5 points: A, -A, B, -B, infinity.
template <class T>
inline void two_in(const T d[5], T v[5]) {
    const T odd = d[3] - 2.f * d[1], even = d[2] - 2.f * d[0];
    const T odd2 = d[3] - 0.5f * d[1], even2 = d[2] - 0.5f * d[0];
    v[0] = odd + A * even;
    v[1] = odd - A * even;
    v[2] = odd2 + B * even2;
    v[3] = odd2 - B * even2;
    v[4] = d[4] - 2.5f * d[2] + d[0];
}

// Products at 5 points to 4 pixels.
template <class T>
inline void two_out(const T m[5], T y[4]) {
    const T sum = m[0] + m[1], gap = m[0] - m[1], sum2 = m[2] + m[3], gap2 = m[2] - m[3];
    y[0] = sum + sum2;
    y[1] = A * gap + B * gap2;
    y[2] = 0.5f * sum + 2.f * sum2;
    y[3] = 0.5f * A * gap + 2.f * B * gap2 + m[4];
}

// Two taps at the points of the form for two.
template <class T>
inline void two_kernel(const T g[2], T v[5]) {
    const double wa = 0.70710678118654752, wb = 1.41421356237309505;
    const double na = 1.0 / (2 * wa * (0.5 - 2.0)), nb = 1.0 / (2 * wb * (2.0 - 0.5));
    v[0] = (g[0] + wa * g[1]) * na;
    v[1] = (g[0] - wa * g[1]) * -na;
    v[2] = (g[0] + wb * g[1]) * nb;
    v[3] = (g[0] - wb * g[1]) * -nb;
    v[4] = g[1];
}

// Three taps of a raising convolution: w0 and w2 at the 5 points, and w1 for the odd results.
template <class T>
inline void raised_kernel(const T g[3], T v[6]) {
    const T outer[2] = {g[0], g[2]};
    two_kernel(outer, v);
    v[5] = g[1];
}
