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

constexpr int SEGMENT = 64;  // pixels of a map that are exported at a time

// Channel `channel` of pixels [from, from + count) of row `y`, to every `apart`th number.
inline void take_channel(const Export& step, int y, int channel, int from, int count, float* to, int apart) {
    const Map& x = step.x;
    const int lane = channel % BLOCK;
    const Reader read(x, step.reading, channel / BLOCK);
    const float* at = read.map + y * x.row + from * x.pixel + lane;
    const float scale = read.scale[lane], shift = read.shift[lane];
    for (int i = 0; i < count; ++i, at += x.pixel) {
        const float value = scale * *at + shift, low = read.slope * value;
        to[i * apart] = read.gate && at[read.gate] <= 0.f ? 0.f : value > low ? value : low;
    }
}

// The sum of what `spread` taps along row `y` add to channel `c` of pixels [from, from + count).
inline void take_spread(const Export& step, int y, int c, int from, int count, float* to) {
    const Map& x = step.x;
    for (int i = 0; i < count; ++i) to[i] = 0.f;
    for (int d = 0; d < step.spread; ++d) {
        const int channel = d * step.channels + c, first = from + d - step.spread / 2;
        const float* row = x.data + channel / BLOCK * x.block + y * x.row + channel % BLOCK;
        for (int i = 0; i < count; ++i) {
            int at = first + i;
            if (at < 0 || at >= x.w) {
                if (step.edge == ZEROS) continue;
                at = inside(at, x.w, step.edge);
            }
            to[i] += row[at * x.pixel];
        }
    }
}

// `count` numbers of a row of the image from `column` on, finished and stored.
inline void finish_pixels(const Export& step, int c, int row, int column, int count, float* line) {
    const int64_t wide = int64_t(step.x.w) * step.shuffle, plane = wide * step.x.h * step.shuffle;
    for (int i = 0; step.bias && i < count; ++i) line[i] += step.bias[c];
    for (int k = 0; step.image && k < step.colors; ++k) {
        const float* image = step.image + k * plane + row * wide + column;
        const float weight = step.matrix[c * step.colors + k];
        for (int i = 0; i < count; ++i) line[i] += weight * image[i];
    }
    for (int i = 0; step.tanh && i < count; i += LANES) store(line + i, tanh(load(line + i)));
    float* to = step.to + c * step.channel + row * step.row + column * step.pixel;
    for (int i = 0; i < count; ++i) to[i * step.pixel] = line[i];
}

// Row `y` of the map of an export, to one row of the image, or to two.
inline void export_row(const Export& step, int y) {
    const int s = step.shuffle;
    for (int c = 0; c < step.channels; ++c)
        for (int p = 0; p < s; ++p)
            for (int from = 0; from < step.x.w; from += SEGMENT) {
                const int count = least(SEGMENT, step.x.w - from);
                float line[2 * SEGMENT + LANES] = {};
                if (step.spread > 1) take_spread(step, y, c, from, count, line);
                else
                    for (int q = 0; q < s; ++q) take_channel(step, y, (c * s + p) * s + q, from, count, line + q, s);
                finish_pixels(step, c, y * s + p, from * s, count * s, line);
            }
}
