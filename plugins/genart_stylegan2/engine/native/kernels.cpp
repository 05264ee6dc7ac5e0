// The C interface; nothing thrown gets out, and nothing here knows of torch or Python.

#include "plan.h"

using genart::Form;
using genart::Packed;
using genart::Plan;
using genart::Spec;

extern "C" {

// The version of this interface; Python refuses another.
int genart_version() { return 1; }

// Weights from contiguous (out, in, 3, 3); null where memory is short.
Packed* genart_weights_new(const float* weight, int in, int out, int up, int form, int threads) {
    try {
        auto made = std::make_unique<Packed>(in, out, Form(form));
        std::atomic<int> next{0};
        const auto work = [&](int) {
            for (int p; (p = next.fetch_add(1)) < made->panels;)
                made->fill(weight, up != 0, Form(form), p);
        };
        if (!genart::Team::run(threads, work)) work(0);
        return made.release();
    } catch (...) {
        return nullptr;
    }
}

void genart_weights_free(Packed* weights) { delete weights; }

// A plan of `count` layers from a constant (in, h, w); null where memory is short.
Plan* genart_plan_new(const Spec* layers, int count, const float* constant) {
    try {
        return new Plan(layers, count, constant);
    } catch (...) {
        return nullptr;
    }
}

// One picture (colors, h, w) from all w (num_ws, w_dim); 0 where all went well.
int genart_plan_run(Plan* plan, const float* ws, float* image, int threads) {
    try {
        plan->run(ws, image, threads);
        return 0;
    } catch (...) {
        return 1;
    }
}

void genart_plan_free(Plan* plan) { delete plan; }

}  // extern "C"
