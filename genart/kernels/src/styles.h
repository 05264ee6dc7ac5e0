// What changes from picture to picture of a StyleGAN2: styles of w, and demodulation.
#pragma once

#include "reading.h"

// Block `block` of a style, of channels.
inline void take_style(const Style& style, const float* ws, int block) {
    const int wide = blocks(style.channels) * BLOCK;
    for (int i = block * BLOCK; i < (block + 1) * BLOCK; ++i) {
        float made = 0.f;
        if (i < style.channels)
            made = style.gain * dot(style.weight + size_t(i) * style.w_dim, ws + size_t(style.at) * style.w_dim,
                                    style.w_dim) +
                   style.bias_gain * style.bias[i];
        if (!style.colors) style.to[i] = made;
        for (int c = 0; c < style.colors; ++c)
            style.to[c * wide + i] = i < style.channels ? style.rgb[c * style.channels + i] * made : 0.f;
    }
}

// Block `block` of what the channels of a layer's result are multiplied by.
inline void take_demod(const Demod& demod, int block) {
    const int wide = demod.depth * BLOCK;
    for (int o = block * BLOCK; o < (block + 1) * BLOCK; ++o) {
        if (o >= demod.out) {
            demod.scale[o] = 0.f;
            continue;
        }
        const float* row = demod.powers + size_t(o) * wide;
        Vec total{};
        for (int i = 0; i < wide; i += LANES)
            total += load(row + i) * (load(demod.styles + i) * load(demod.styles + i));
        demod.scale[o] = demod.gain / __builtin_sqrtf(sum(total) + demod.eps);
    }
}
