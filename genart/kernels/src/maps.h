// Steps that are no convolutions: normalisation, sums, and the way from images and back.
#pragma once

#include "reading.h"

constexpr int PART = 4096, CHUNK = 256;  // pixels: of a part of a norm, and of its inner loop

inline int norm_parts(const Map& x) { return over(x.h * x.w, PART); }

// Mean and sum of squared distances from it (Chan et al. 1983), of one block of channels.
struct Moments {
    double count, mean[BLOCK], squares[BLOCK];

    void add(double n, const double* other_mean, const double* other_squares) {
        const double all = count + n;
        for (int i = 0; i < BLOCK; ++i) {
            const double gap = other_mean[i] - mean[i];
            squares[i] += other_squares[i] + gap * gap * count * n / all;
            mean[i] += gap * n / all;
        }
        count = all;
    }
};

// The moments of part `part` of the pixels of block `block`.
inline void take_moments(const Map& x, int block, int part, Moments* to) {
    *to = Moments{};
    const int end = least(x.h * x.w, (part + 1) * PART);
    const float* map = x.data + block * x.block;
    for (int from = part * PART; from < end; from += CHUNK) {
        const int count = least(CHUNK, end - from);
        double means[BLOCK], squares[BLOCK];
        for (int n = 0; n < VECTORS; ++n) {
            Vec total{}, apart{};
            for (int i = from; i < from + count; ++i)
                total += load(map + i / x.w * x.row + i % x.w * x.pixel + n * LANES);
            const Vec mean = total / float(count);
            for (int i = from; i < from + count; ++i) {
                const Vec gap = load(map + i / x.w * x.row + i % x.w * x.pixel + n * LANES) - mean;
                apart += gap * gap;
            }
            for (int i = 0; i < LANES; ++i) means[n * LANES + i] = mean[i], squares[n * LANES + i] = apart[i];
        }
        to->add(count, means, squares);
    }
}

// Scale and shift of block `block`, of the moments of its parts.
inline void end_norm(const Norm& norm, int block, const Moments* parts) {
    Moments all{};
    for (int n = 0; n < norm_parts(norm.x); ++n) all.add(parts[n].count, parts[n].mean, parts[n].squares);
    for (int i = 0; i < BLOCK; ++i) {
        const int c = block * BLOCK + i;
        const bool real = c < norm.x.channels;
        const double variance = all.squares[i] / all.count;
        const double root = __builtin_sqrtf(float(variance) + norm.eps);
        const double scale = (real && norm.gain ? norm.gain[c] : 1.f) / root;
        norm.scale[c] = real ? float(scale) : 0.f;
        norm.shift[c] = real ? float((norm.bias ? norm.bias[c] : 0.f) - all.mean[i] * scale) : 0.f;
        if (!norm.moments || !real) continue;
        norm.moments[c] = float(all.mean[i]);
        norm.moments[norm.x.channels + c] = float(variance);
    }
}

// A row of block `block`.
inline void combine_row(const Combine& step, int block, int y) {
    const Reader x(step.x, step.of_x, block), z(step.z, step.of_z, block);
    float* to = step.y.data + block * step.y.block + y * step.y.row;
    for (int i = 0; i < step.y.w; ++i, to += step.y.pixel)
        for (int n = 0; n < VECTORS; ++n) {
            Vec value = x.get<false, true>(y, i, n);
            if (step.z.data) value += z.get<false, true>(y, i, n);
            store(to + n * LANES, value);
        }
}

// Row `y` of what is made of an image.
inline void import_row(const Import& step, int y) {
    const Map& to = step.y;
    const int h = to.h - 2 * step.pad, w = to.w - 2 * step.pad;
    const int wide = to.pixel == to.channels ? to.channels : blocks(to.channels) * BLOCK;
    const bool row_out = y < step.pad || y >= h + step.pad;
    const float* from = step.image + inside(y - step.pad, h, step.edge) * step.row;
    for (int x = 0; x < to.w; ++x) {
        const bool out = step.edge == ZEROS && (row_out || x < step.pad || x >= w + step.pad);
        const float* pixel = from + inside(x - step.pad, w, step.edge) * step.pixel;
        float* at = to.data + y * to.row + x * to.pixel;
        for (int c = 0; c < wide; ++c)
            at[c / BLOCK * to.block + c % BLOCK] = out || c >= to.channels ? 0.f : pixel[c * step.channel];
    }
}

// Row `y` of the map of an export, to one row of the image, or to two.
inline void export_row(const Export& step, int y) {
    const Map& x = step.x;
    const int depth = blocks(x.channels), spread = step.spread, s = step.shuffle;
    const size_t plane = size_t(x.h) * s * x.w * s;
    float values[MOST_TAPS * 2 * BLOCK];  // of the channels of a pixel
    for (int i = 0; i < x.w; ++i) {
        if (spread == 1)
            for (int b = 0; b < depth; ++b) {
                const Reader read(x, step.reading, b);
                for (int n = 0; n < VECTORS; ++n)
                    store(values + b * BLOCK + n * LANES, read.get<false, true>(y, i, n));
            }
        else
            for (int c = 0; c < step.channels; ++c) {
                values[c] = 0.f;
                for (int d = 0; d < spread; ++d) {
                    int at = i + d - spread / 2;
                    if (step.edge == ZEROS && (at < 0 || at >= x.w)) continue;
                    at = inside(at, x.w, step.edge);
                    const int channel = d * step.channels + c;
                    values[c] += x.data[channel / BLOCK * x.block + y * x.row + at * x.pixel + channel % BLOCK];
                }
            }
        for (int c = 0; c < step.channels; ++c)
            for (int p = 0; p < s * s; ++p) {
                const int row = y * s + p / s, column = i * s + p % s;
                float value = values[c * s * s + p] + (step.bias ? step.bias[c] : 0.f);
                for (int k = 0; step.image && k < step.colors; ++k)
                    value += step.matrix[c * step.colors + k] *
                             step.image[k * plane + size_t(row) * x.w * s + column];
                step.to[c * step.channel + row * step.row + column * step.pixel] = value;
            }
    }
    if (!step.tanh) return;
    for (int c = 0; c < step.channels; ++c)
        for (int p = 0; p < s; ++p) {
            float* row = step.to + c * step.channel + (y * s + p) * step.row;
            for (int i = 0; i < x.w * s; i += LANES) {
                Vec value{};
                const int count = least(LANES, x.w * s - i);
                for (int n = 0; n < count; ++n) value[n] = row[(i + n) * step.pixel];
                value = tanh(value);
                for (int n = 0; n < count; ++n) row[(i + n) * step.pixel] = value[n];
            }
        }
}
