// A picture: its layers one after the other, by a team that shares out every step.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "paint.h"
#include "raised.h"
#include "team.h"

namespace genart {

class Plan {
  public:
    // From a constant (channels, h, w), whose channels are those that the first layer reads.
    Plan(const Spec* specs, int count, const float* constant) {
        for (int n = 0; n < count; ++n) layers_.emplace_back(std::make_unique<Layer>(specs[n]));
        take_constant(constant);
    }

    // Make the picture (colors, h, w) of the last layer from all w (num_ws, w_dim).
    void run(const float* ws, float* image, int members) {
        if (members != members_) lay_out(members);
        counters_ = std::vector<std::atomic<int>>(4 * layers_.size() + 2);
        const Team::Work work = [=](int me) { picture(ws, image, scratch_[me]); };
        barrier_ = std::make_unique<Barrier>(members);
        if (Team::run(members, work)) return;
        barrier_ = std::make_unique<Barrier>(1);
        work(0);
    }

  private:
    struct Scratch {
        Floats points, products, results, rows, line;
    };
    struct Sizes {
        size_t points = 0, products = 0, results = 0, rows = 0, line = 0, shared = 0, tall = 0;
        void most(const Sizes& other) {
            points = std::max(points, other.points), products = std::max(products, other.products);
            results = std::max(results, other.results), rows = std::max(rows, other.rows);
            line = std::max(line, other.line);
            shared = std::max(shared, other.shared), tall = std::max(tall, other.tall);
        }
    };

    static constexpr int PLAIN_TILES = 64, RAISED_TILES = 32, GROUP = 2;

    // ---- how a layer is cut ----

    static int columns(const Layer& layer) { return over(layer.below_w, 4); }
    static int strip_rows(const Layer& layer) {
        const int tiles = layer.up ? RAISED_TILES : PLAIN_TILES;
        return std::max(1, std::min(over(layer.below_h, 4), tiles / columns(layer)));
    }
    static int strips(const Layer& layer) { return over(over(layer.below_h, 4), strip_rows(layer)); }
    static Strip strip(const Layer& layer, int n) {
        const int rows = strip_rows(layer), first = n * rows;
        return {first, std::min(rows, over(layer.below_h, 4) - first), columns(layer)};
    }

    // Whether members take strips of a layer, each with points of its own; otherwise they share
    // all points and take panels, which reads weights once.
    static bool on_strips(const Layer& layer, int members) {
        return layer.form == MINIMAL && strips(layer) >= 2 * members;
    }

    static size_t points(const Layer& layer, const Strip& strip) {
        if (layer.form == DIRECT) return (layer.up ? 1 : 9) * layer.pixels_below() * layer.depth * BLOCK;
        if (!layer.up) return plain_numbers(strip.tiles(), layer.depth);
        return Kinds(layer, strip).all() * layer.depth * BLOCK;
    }

    Sizes sizes(const Layer& layer, int members) const {
        Sizes found;
        found.line = line_numbers(layer);
        size_t most = 0, sum = 0;
        for (int n = 0; n < strips(layer); ++n) {
            const size_t count = points(layer, strip(layer, n));
            most = std::max(most, count), sum += count;
            if (layer.form == DIRECT) break;
        }
        const bool apart = on_strips(layer, members);
        (apart ? found.points : found.shared) = apart ? most : sum;
        found.products = layer.form == DIRECT
                             ? (layer.up ? 9 : GROUP) * layer.pixels_below() * BLOCK
                             : most / layer.depth * (layer.up ? 1 : GROUP);
        const size_t tall = size_t(layer.h + 1) * layer.w * BLOCK;
        if (layer.up) {
            const int rows = layer.form == DIRECT ? layer.h + 1 : 8 * strip_rows(layer) + 1;
            found.results = size_t(rows) * (8 * columns(layer) + 1) * BLOCK;
            (apart ? found.tall : found.rows) = tall * (apart ? layer.panels : 1);
        } else if (apart) {
            found.rows = size_t(4) * strip_rows(layer) * layer.w * layer.panels * BLOCK;
        }
        return found;
    }

    // Lay out memory for so many members.
    void lay_out(int members) {
        members_ = 0, scratch_.clear();
        Sizes most;
        size_t images = 0, maps[2] = {0, 0};
        for (size_t n = 0; n < layers_.size(); ++n) {
            const Layer& layer = *layers_[n];
            const bool last = n + 1 == layers_.size();
            most.most(sizes(layer, members));
            if (!last || !on_strips(layer, members))
                maps[n % 2] = std::max(maps[n % 2], layer.panels * layer.pixels() * BLOCK);
            if (!last) images = std::max(images, layer.colors * layer.pixels());
        }
        for (int n : {0, 1}) maps_[n] = Floats(maps[n]), images_[n] = Floats(images);
        shared_ = Floats(most.shared), tall_ = Floats(most.tall);
        for (int n = 0; n < members; ++n)
            scratch_.push_back({Floats(most.points), Floats(most.products), Floats(most.results),
                                Floats(most.rows), Floats(most.line)});
        members_ = members;
    }

    void take_constant(const float* constant) {
        const Layer& first = *layers_.front();
        const size_t pixels = first.pixels_below();
        constant_ = Floats(first.depth * pixels * BLOCK);
        for (int c = 0; c < first.depth * BLOCK; ++c)
            for (size_t at = 0; at < pixels; ++at)
                constant_.get()[(size_t(c / BLOCK) * pixels + at) * BLOCK + c % BLOCK] =
                    c < first.weights->in ? constant[c * pixels + at] : 0.f;
    }

    // ---- what a member does ----

    // Take pieces of a step, whoever is free the next, until there are none.
    template <class Piece>
    void share(int step, int pieces, Piece piece) {
        for (int n; (n = counters_[step].fetch_add(1, std::memory_order_relaxed)) < pieces;) piece(n);
    }

    void picture(const float* ws, float* image, Scratch& own) {
        take_numbers(ws);
        const float *x = constant_.get(), *below = nullptr;
        int painted = 0;
        for (size_t n = 0; n < layers_.size(); ++n) {
            const Layer& layer = *layers_[n];
            const bool last = n + 1 == layers_.size();
            float* y = maps_[n % 2].get();
            float* sheet = last ? image : images_[painted % 2].get();
            const Job job{layer, x, y, below, sheet, int(4 * n + 2), last};
            if (layer.up) raise(job, own);
            else convolve(job, own);
            if (layer.colors) below = sheet, ++painted;
            x = y;
        }
    }

    // Styles, then demodulation, by blocks of channels.
    void take_numbers(const float* ws) {
        const int count = int(layers_.size());
        int most = 0;
        for (auto& layer : layers_) most = std::max({most, layer->depth, layer->panels});
        share(0, 2 * count * most, [&](int n) {
            Layer& layer = *layers_[n / most % count];
            if (n < count * most && n % most < layer.depth) layer.take_styles(ws, n % most);
            if (n >= count * most && n % most < layer.panels && layer.colors)
                layer.take_paints(ws, n % most);
        });
        barrier_->wait();
        share(1, count * most, [&](int n) {
            Layer& layer = *layers_[n / most];
            if (n % most < layer.panels) layer.take_demods(n % most);
        });
        barrier_->wait();
    }

    struct Job {
        const Layer& layer;
        const float* x;
        float* y;
        const float* below;
        float* image;
        int step;
        bool last;
    };

    static void take_points(const Layer& layer, const float* x, const Strip& strip, int c, float* v) {
        if (layer.form == DIRECT) direct_points(layer, x, c, v);
        else if (layer.up) raised_points(layer, x, strip, c, v);
        else plain_points(layer, x, strip, c, v);
    }

    void convolve(const Job& job, Scratch& own) {
        const Layer& layer = job.layer;
        if (on_strips(layer, members_)) {
            share(job.step, strips(layer), [&](int n) { convolve_strip(job, strip(layer, n), own); });
            barrier_->wait();
            return;
        }
        const int parts = layer.form == DIRECT ? 1 : strips(layer), groups = over(layer.panels, GROUP);
        share_points(job, parts);
        share(job.step + 1, groups * parts, [&](int piece) {
            const int n = piece % parts, first = piece / parts * GROUP;
            const Strip part = strip(layer, n);
            const int count = std::min(GROUP, layer.panels - first);
            multiply(layer, part, shared_.get() + offset(layer, n), first, count, own.products.get());
            for (int p = 0; p < count; ++p)
                pixels(layer, part, first + p, own.products.get() + p * tall(layer, part),
                       job.y + (first + p) * layer.pixels() * BLOCK, 0);
        });
        barrier_->wait();
        if (!layer.colors) return;
        const int chunk = std::max(1, 1024 / layer.w);
        share(job.step + 2, over(layer.h, chunk), [&](int n) {
            paint(layer, job.y, layer.pixels() * BLOCK, 0, n * chunk,
                  std::min(layer.h, (n + 1) * chunk), job.below, own.line.get(), job.image);
        });
        if (job.last) barrier_->wait();
    }

    void share_points(const Job& job, int parts) {
        const Layer& layer = job.layer;
        share(job.step, layer.depth * parts, [&](int piece) {
            const int n = piece % parts;
            take_points(layer, job.x, strip(layer, n), piece / parts, shared_.get() + offset(layer, n));
        });
        barrier_->wait();
    }

    static size_t offset(const Layer& layer, int n) {
        size_t before = 0;
        for (int i = 0; i < n; ++i) before += points(layer, strip(layer, i));
        return before;
    }

    // Floats from one panel's products to the next's.
    static size_t tall(const Layer& layer, const Strip& strip) {
        return points(layer, strip) / layer.depth / (layer.form == DIRECT && !layer.up ? 9 : 1);
    }

    static void pixels(const Layer& layer, const Strip& strip, int panel, const float* m, float* y, int top) {
        if (layer.form == DIRECT) direct_pixels(layer, panel, m, y);
        else plain_pixels(layer, strip, panel, m, y, top);
    }

    // Products of a strip's points with panels first ... first + count - 1.
    static void multiply(const Layer& layer, const Strip& strip, const float* v, int first, int count,
                         float* m) {
        const Packed& weights = *layer.weights;
        const float* u = weights.values.get() + first * weights.wide();
        if (layer.form == DIRECT && !layer.up) {
            const int rows = int(layer.pixels());
            return product(v, rows, 9 * layer.depth, u, weights.wide(), count, m, size_t(rows) * BLOCK);
        }
        const size_t kind = size_t(layer.depth) * BLOCK * BLOCK, apart = tall(layer, strip);
        if (layer.form == DIRECT) {
            const int rows = int(layer.pixels_below());
            for (int k = 0; k < 9; ++k)
                product(v, rows, layer.depth, u + k * kind, weights.wide(), count,
                        m + size_t(k) * rows * BLOCK, 9 * size_t(rows) * BLOCK);
        } else if (layer.up) {
            const Kinds kinds(layer, strip);
            for (int k = 0; k < SIX * SIX; ++k)
                product(v + kinds.start[k] * layer.depth * BLOCK, kinds.rows(k), layer.depth,
                        u + k * kind, weights.wide(), count, m + kinds.start[k] * BLOCK, apart);
        } else {
            const size_t rows = strip.tiles();
            for (int k = 0; k < SIX * SIX; ++k)
                product(v + k * rows * layer.depth * BLOCK, int(rows), layer.depth, u + k * kind,
                        weights.wide(), count, m + k * rows * BLOCK, apart);
        }
    }

    void convolve_strip(const Job& job, const Strip& part, Scratch& own) {
        const Layer& layer = job.layer;
        for (int c = 0; c < layer.depth; ++c) take_points(layer, job.x, part, c, own.points.get());
        const int from = 4 * part.first, end = std::min(layer.h, from + 4 * part.rows);
        float* y = job.last ? own.rows.get() : job.y;
        const int top = job.last ? from : 0;
        const size_t apart = (job.last ? size_t(end - from) * layer.w : layer.pixels()) * BLOCK;
        for (int first = 0; first < layer.panels; first += GROUP) {
            const int count = std::min(GROUP, layer.panels - first);
            multiply(layer, part, own.points.get(), first, count, own.products.get());
            for (int p = 0; p < count; ++p)
                pixels(layer, part, first + p, own.products.get() + p * tall(layer, part),
                       y + (first + p) * apart, top);
        }
        if (layer.colors) paint(layer, y, apart, top, from, end, job.below, own.line.get(), job.image);
    }

    void raise(const Job& job, Scratch& own) {
        const Layer& layer = job.layer;
        const size_t whole = size_t(layer.h + 1) * layer.w * BLOCK;
        if (!on_strips(layer, members_)) {
            const int parts = layer.form == DIRECT ? 1 : strips(layer);
            share_points(job, parts);
            share(job.step + 1, layer.panels, [&](int panel) {
                for (int n = 0; n < parts; ++n)
                    raise_strip(layer, strip(layer, n), panel, shared_.get() + offset(layer, n), own,
                                own.rows.get());
                filter_columns(layer, panel, own.rows.get(), 0, layer.h,
                               job.y + panel * layer.pixels() * BLOCK);
            });
            barrier_->wait();
            return;
        }
        share(job.step, strips(layer), [&](int n) {
            const Strip part = strip(layer, n);
            for (int c = 0; c < layer.depth; ++c) take_points(layer, job.x, part, c, own.points.get());
            for (int p = 0; p < layer.panels; ++p)
                raise_strip(layer, part, p, own.points.get(), own, tall_.get() + p * whole);
        });
        barrier_->wait();
        const int chunk = 8, chunks = over(layer.h, chunk);
        share(job.step + 1, layer.panels * chunks, [&](int piece) {
            const int panel = piece / chunks, from = piece % chunks * chunk;
            filter_columns(layer, panel, tall_.get() + panel * whole, from,
                           std::min(layer.h, from + chunk), job.y + panel * layer.pixels() * BLOCK);
        });
        barrier_->wait();
    }

    // A strip of a panel up to the filter along rows, into `to` (h + 1, w, 16).
    static void raise_strip(const Layer& layer, const Strip& part, int panel, const float* v,
                            Scratch& own, float* to) {
        float *m = own.products.get(), *t = own.results.get();
        multiply(layer, part, v, panel, 1, m);
        if (layer.form == DIRECT) {
            direct_results(layer, m, t, raised_across(part));
            return filter_rows(layer, t, raised_across(part), layer.h + 1, to);
        }
        raised_results(layer, part, m, t);
        filter_rows(layer, t, raised_across(part), raised_rows(layer, part),
                    to + size_t(8) * part.first * layer.w * BLOCK);
    }

    std::vector<std::unique_ptr<Layer>> layers_;
    std::vector<Scratch> scratch_;
    Floats constant_, maps_[2], images_[2], shared_, tall_;
    int members_ = 0;
    std::vector<std::atomic<int>> counters_;
    std::unique_ptr<Barrier> barrier_;
};

}  // namespace genart
