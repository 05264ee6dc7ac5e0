// Tests a library of kernels without Python: every level that this processor has, on one thread and
// on three, against plain loops. Usage: driver LIBRARY [LEVEL]; with a level, only that one, and it
// must be the fastest one of this processor.
//
// Every array has exactly the size that the interface asks for, so that a sanitizer sees an access
// beyond it.
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../genart/kernels/src/kernels.h"

using namespace genart;

namespace {

constexpr int BLOCK = 16, THREADS[] = {1, 3};

struct Functions {
    int (*version)();
    int (*levels)();
    const char* (*level_name)(int);
    size_t (*packed_floats)(int, const Convolution*);
    void (*pack)(int, const Convolution*, const float*, float*, int);
    size_t (*scratch_floats)(int, const Step*, int, int);
    int (*run)(int, const Step*, int, float*, int);
} kernels;

int failures = 0;
unsigned state = 1;

float draw() {
    state = state * 1664525u + 1013904223u;
    return float(state >> 8) / float(1 << 23) - 1.f;
}

// Memory of exactly so many floats, with random values, or with zeros behind the channels of a map.
float* floats(size_t count) {
    float* made = static_cast<float*>(malloc((count ? count : 1) * sizeof(float)));
    for (size_t i = 0; i < count; ++i) made[i] = draw();
    return made;
}

int blocks(int channels) { return (channels + BLOCK - 1) / BLOCK; }

Map map(int channels, int h, int w) {
    const size_t size = size_t(blocks(channels)) * h * w * BLOCK;
    float* data = floats(size);
    for (size_t i = 0; i < size; ++i)
        if (int(i / (size_t(h) * w * BLOCK)) * BLOCK + int(i % BLOCK) >= channels) data[i] = 0;
    return {data, int64_t(w) * BLOCK, BLOCK, int64_t(h) * w * BLOCK, h, w, channels, 0};
}

float* by_channel(int channels, float around) {
    float* made = floats(size_t(blocks(channels)) * BLOCK);
    for (int c = 0; c < blocks(channels) * BLOCK; ++c) made[c] = c < channels ? around + made[c] / 4 : 0;
    return made;
}

float at(const Map& x, int c, int y, int i) {
    return x.data[c / BLOCK * x.block + y * x.row + i * x.pixel + c % BLOCK];
}

double leaky(double value, float slope) { return value > 0 ? value : value * slope; }

double read(const Map& x, const Reading& how, int c, int y, int i) {
    if (y < 0 || i < 0 || y >= x.h || i >= x.w) {
        if (how.edge == ZEROS) return 0;
        if (how.edge == REFLECT) {
            y = y < 0 ? -y : y >= x.h ? 2 * x.h - 2 - y : y;
            i = i < 0 ? -i : i >= x.w ? 2 * x.w - 2 - i : i;
        }
        y = y < 0 ? 0 : y >= x.h ? x.h - 1 : y;
        i = i < 0 ? 0 : i >= x.w ? x.w - 1 : i;
    }
    return leaky(double(at(x, c, y, i)) * (how.scale ? how.scale[c] : 1) + (how.shift ? how.shift[c] : 0), how.slope);
}

double written(const Writing& how, double sum, int c, int pixel) {
    double value = sum * (how.scale ? how.scale[c] : 1) + (how.shift ? how.shift[c] : 0);
    value = leaky(value + (how.noise ? how.noise[pixel] : 0), how.slope);
    return fmin(fmax(value, -how.limit), how.limit);
}

void report(const char* what, const char* level, double error, bool same) {
    const bool right = error < 1e-4 && same;
    failures += !right;
    if (!right) printf("%s, %s: error %.2g%s\n", what, level, error, same ? "" : ", threads differ");
}

// Run steps on one thread and on three; whether the results are equal.
bool run(int level, const Step* steps, int count, float* result, size_t size) {
    float* first = static_cast<float*>(malloc(size * sizeof(float)));
    bool same = true;
    for (int threads : THREADS) {
        float* scratch = floats(kernels.scratch_floats(level, steps, count, threads));
        if (kernels.run(level, steps, count, scratch, threads)) same = false;
        free(scratch);
        if (threads == 1) memcpy(first, result, size * sizeof(float));
        else same = same && !memcmp(first, result, size * sizeof(float));
    }
    free(first);
    return same;
}

double plain_sum(const Convolution& conv, const float* weight, int o, int y, int x) {
    double sum = 0;
    const int kh = conv.kernel_h, kw = conv.kernel_w;
    for (int c = 0; c < conv.x.channels; ++c)
        for (int a = 0; a < kh; ++a)
            for (int b = 0; b < kw; ++b) {
                const float tap = weight[((size_t(o) * conv.x.channels + c) * kh + a) * kw + b];
                const int i = y * conv.stride + a - conv.pad_y, j = x * conv.stride + b - conv.pad_x;
                if (conv.method == GATHER)
                    sum += double(tap) * conv.x.data[i * conv.x.row + j * conv.x.pixel + c];
                else
                    sum += tap * read(conv.x, conv.reading, c, i, j);
            }
    return sum;
}

// A transposed convolution to (2h + 1, 2w + 1), then the filter along both axes.
double raised_sum(const Convolution& conv, const float* weight, int o, int y, int x) {
    double sum = 0;
    const int before = (conv.taps - 1) / 2, h = conv.x.h, w = conv.x.w;
    for (int p = 0; p < conv.taps; ++p)
        for (int q = 0; q < conv.taps; ++q) {
            const int ty = y - before + p, tx = x - before + q;
            if (ty < 0 || tx < 0 || ty > 2 * h || tx > 2 * w) continue;
            for (int a = ty % 2; a < 3; a += 2)
                for (int b = tx % 2; b < 3; b += 2) {
                    const int i = (ty - a) / 2, j = (tx - b) / 2;
                    if (ty < a || tx < b || i >= h || j >= w) continue;
                    for (int c = 0; c < conv.x.channels; ++c)
                        sum += double(conv.filter[p]) * conv.filter[q] * read(conv.x, conv.reading, c, i, j) *
                               weight[((size_t(o) * conv.x.channels + c) * 3 + a) * 3 + b];
                }
        }
    return sum;
}

struct Case {
    const char* name;
    Method method;
    int kernel, stride, pad, in, out, h, w;
    Edge edge;
    bool full;  // with all that a reading and a writing can do
};

const Case CASES[] = {
    {"1x1", DIRECT, 1, 1, 0, 20, 37, 5, 7, ZEROS, true},
    {"3x3, stride 2", DIRECT, 3, 2, 1, 20, 18, 9, 11, REPLICATE, false},
    {"3x3, minimal", THREE, 3, 1, 1, 37, 20, 21, 70, REFLECT, true},
    {"3x3, minimal, one row", THREE, 3, 1, 1, 16, 16, 1, 3, ZEROS, false},
    {"2x2, minimal", TWO, 2, 1, 1, 17, 16, 9, 10, ZEROS, true},
    {"4x4, stride 2, minimal", TWO, 4, 2, 1, 20, 33, 18, 22, ZEROS, true},
    {"7x7 of an image", GATHER, 7, 1, 0, 3, 20, 19, 24, ZEROS, false},
    {"raising, minimal", RAISED, 3, 1, 0, 20, 37, 9, 13, ZEROS, true},
    {"raising, every tap", TAPS, 3, 1, 0, 20, 37, 4, 5, ZEROS, true},
};

bool raises(Method method) { return method == RAISED || method == TAPS; }

void test_convolution(const Case& test, int level, const char* name) {
    Convolution conv{};
    conv.method = test.method, conv.kernel_h = conv.kernel_w = test.kernel, conv.stride = test.stride;
    conv.pad_y = conv.pad_x = test.pad;
    const auto size = [&](int x) { return raises(test.method) ? 2 * x : (x + 2 * test.pad - test.kernel) / test.stride + 1; };
    conv.x = map(test.in, test.h, test.w), conv.y = map(test.out, size(test.h), size(test.w));
    if (test.method == GATHER) {
        free(conv.x.data);
        conv.x.data = floats(size_t(test.h) * test.w * test.in);
        conv.x.row = int64_t(test.w) * test.in, conv.x.pixel = test.in;
    }
    conv.reading.slope = conv.writing.slope = 1, conv.reading.edge = test.edge, conv.writing.limit = INFINITY;
    float *scale = by_channel(test.in, 1), *shift = by_channel(test.in, 0), *gain = by_channel(test.out, 1),
          *bias = by_channel(test.out, 0), *noise = floats(size_t(conv.y.h) * conv.y.w);
    if (test.full) {
        conv.reading.scale = scale, conv.writing.scale = gain, conv.writing.shift = bias;
        conv.writing.noise = noise, conv.writing.slope = 0.2f, conv.writing.limit = 2;
        if (!raises(test.method)) conv.reading.shift = shift, conv.reading.slope = 0;
    }
    conv.taps = 4;
    for (int i = 0; i < 4; ++i) conv.filter[i] = float(i + 1) / 5;
    float* weight = floats(size_t(test.out) * test.in * test.kernel * test.kernel);
    float* packed = floats(kernels.packed_floats(level, &conv));
    kernels.pack(level, &conv, weight, packed, 3);
    conv.weights = packed;
    const Step step{CONVOLVE, 0, &conv};
    const bool same = run(level, &step, 1, conv.y.data, size_t(blocks(test.out)) * conv.y.block);
    double error = 0, largest = 0;
    for (int o = 0; o < test.out; ++o)
        for (int y = 0; y < conv.y.h; ++y)
            for (int x = 0; x < conv.y.w; ++x) {
                const double sum = (raises(test.method) ? raised_sum : plain_sum)(conv, weight, o, y, x);
                const double wanted = written(conv.writing, sum, o, y * conv.y.w + x);
                error = fmax(error, fabs(wanted - at(conv.y, o, y, x))), largest = fmax(largest, fabs(wanted));
            }
    report(test.name, name, error / largest, same);
    float* const all[] = {scale, shift, gain, bias, noise, weight, packed, conv.x.data, conv.y.data};
    for (float* each : all) free(each);
}

// An image in, normalised, added to itself, halved, and an image out.
void test_maps(int level, const char* name) {
    const int channels = 19, h = 9, w = 12, pad = 1, high = h + 2 * pad, wide = w + 2 * pad;
    float *image = floats(size_t(channels) * h * w), *gain = by_channel(channels, 1);
    float *scale = floats(2 * BLOCK), *shift = floats(2 * BLOCK), *made = floats(size_t(channels) * (high / 2) * (wide / 2));
    const Map x = map(channels, high, wide), y = map(channels, high, wide), half = map(channels, high / 2, wide / 2);
    Reading normal{}, as_it_is{};
    normal.scale = scale, normal.shift = shift, normal.slope = 0.2f, as_it_is.slope = 1;
    Import in{};
    in.image = image, in.channel = h * w, in.row = w, in.pixel = 1, in.y = x, in.pad = pad;
    Norm norm{};
    norm.x = x, norm.gain = gain, norm.scale = scale, norm.shift = shift, norm.eps = 1e-5f;
    Combine sum{};
    sum.x = sum.z = x, sum.y = y, sum.of_x = normal, sum.of_z = as_it_is;
    Pool pool{};
    pool.x = y, pool.y = half, pool.largest = 1;
    Export out{};
    out.x = half, out.reading = as_it_is, out.to = made, out.channels = channels, out.tanh = 1;
    out.channel = half.h * half.w, out.row = half.w, out.pixel = 1, out.shuffle = out.spread = 1;
    const Step steps[] = {{IMPORT, 0, &in}, {NORM, 0, &norm}, {COMBINE, 0, &sum}, {POOL, 0, &pool}, {EXPORT, 0, &out}};
    const bool same = run(level, steps, 5, made, size_t(channels) * half.h * half.w);
    double error = 0;
    for (int c = 0; c < channels; ++c) {
        const auto pixel = [&](int i, int j) {
            return i < 0 || j < 0 || i >= h || j >= w ? 0. : double(image[(size_t(c) * h + i) * w + j]);
        };
        double mean = 0, variance = 0;
        for (int i = -pad; i < h + pad; ++i)
            for (int j = -pad; j < w + pad; ++j) mean += pixel(i, j) / (high * wide);
        for (int i = -pad; i < h + pad; ++i)
            for (int j = -pad; j < w + pad; ++j) variance += pow(pixel(i, j) - mean, 2) / (high * wide);
        for (int i = 0; i < half.h; ++i)
            for (int j = 0; j < half.w; ++j) {
                double best = -INFINITY;
                for (int n = 0; n < 4; ++n) {
                    const double value = pixel(2 * i + n / 2 - pad, 2 * j + n % 2 - pad);
                    best = fmax(best, leaky((value - mean) / sqrt(variance + 1e-5) * gain[c], 0.2f) + value);
                }
                error = fmax(error, fabs(tanh(best) - made[(size_t(c) * half.h + i) * half.w + j]));
            }
    }
    report("image, norm, sum, pool, image", name, error, same);
    float* const all[] = {image, gain, scale, shift, made, x.data, y.data, half.data};
    for (float* each : all) free(each);
}

template <class Function>
void find(void* library, const char* name, Function& function) {
    void* found = dlsym(library, name);
    if (!found) printf("there is no %s\n", name), exit(2);
    memcpy(&function, &found, sizeof found);
}

}  // namespace

int main(int count, char** words) {
    void* library = count > 1 ? dlopen(words[1], RTLD_NOW) : nullptr;
    if (!library) return printf("usage: driver LIBRARY [LEVEL]: %s\n", count > 1 ? dlerror() : "which?"), 2;
    find(library, "genart_version", kernels.version), find(library, "genart_levels", kernels.levels);
    find(library, "genart_level_name", kernels.level_name), find(library, "genart_pack", kernels.pack);
    find(library, "genart_packed_floats", kernels.packed_floats), find(library, "genart_run", kernels.run);
    find(library, "genart_scratch_floats", kernels.scratch_floats);
    if (kernels.version() != GENART_VERSION) return printf("another version\n"), 2;
    const int fastest = kernels.levels() - 1;
    if (count > 2 && strcmp(words[2], kernels.level_name(fastest)))
        return printf("this processor has %s, not %s\n", kernels.level_name(fastest), words[2]), 1;
    for (int level = count > 2 ? fastest : 0; level <= fastest; ++level) {
        for (const Case& test : CASES) test_convolution(test, level, kernels.level_name(level));
        test_maps(level, kernels.level_name(level));
        printf("%s: tested\n", kernels.level_name(level));
    }
    printf(failures ? "%d failures\n" : "all is right\n", failures);
    return failures != 0;
}
