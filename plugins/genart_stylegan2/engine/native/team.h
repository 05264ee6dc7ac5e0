// A small team of threads that stays: a call wakes it, a barrier takes well under a microsecond.
//
// torch's own threads are not used because a picture is one call with a barrier after every step,
// and because a second OpenMP runtime in a process makes both slower.
#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace genart {

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// All of a team arrive before any goes on. Waiting turns into yielding where cores are scarce.
class Barrier {
  public:
    explicit Barrier(int members) : members_(members) {}

    void wait() {
        const unsigned turn = turn_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
            arrived_.store(0, std::memory_order_relaxed);
            turn_.store(turn + 1, std::memory_order_release);
            return;
        }
        for (int n = 0; turn_.load(std::memory_order_acquire) == turn; ++n) {
            if (n < PATIENCE) pause();
            else std::this_thread::yield();
        }
    }

  private:
    static constexpr int PATIENCE = 20000;
    const int members_;
    std::atomic<int> arrived_{0};
    std::atomic<unsigned> turn_{0};
};

class Team {
  public:
    using Work = std::function<void(int)>;

    // Do work(0) here and work(1) ... work(members - 1) on the team's threads; false where the
    // team is busy with another caller's work, or threads cannot be had: nothing was done then.
    static bool run(int members, const Work& work) {
        if (members <= 1) {
            work(0);
            return true;
        }
        Team* team = current();
        std::unique_lock<std::mutex> turn(team->turn_, std::try_to_lock);
        if (!turn.owns_lock() || !team->grow(members - 1)) return false;
        team->call(members, work);
        return true;
    }

  private:
    // The team of this process: a fork has none of its parent's threads and starts its own.
    static Team* current() {
        static std::mutex guard;
        static Team* team = nullptr;
        static pid_t owner = 0;
        std::lock_guard<std::mutex> lock(guard);
        if (team == nullptr || owner != getpid()) {
            team = new Team();  // never deleted: threads may outlive what a library unloads
            owner = getpid();
        }
        return team;
    }

    bool grow(int helpers) {
        try {
            while (static_cast<int>(size_) < helpers) {
                std::thread(&Team::serve, this, size_ + 1, calls_.load()).detach();
                ++size_;
            }
        } catch (...) {
            return false;
        }
        return true;
    }

    void call(int members, const Work& work) {
        {
            std::lock_guard<std::mutex> lock(guard_);
            work_ = &work;
            members_ = members;
            left_.store(size_, std::memory_order_relaxed);
            calls_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
        work(0);
        for (int n = 0; left_.load(std::memory_order_acquire) > 0; ++n) {
            if (n < 20000) pause();
            else std::this_thread::yield();
        }
    }

    void serve(int me, unsigned seen) {
        for (;;) {
            for (int n = 0; n < 4000 && calls_.load(std::memory_order_acquire) == seen; ++n) pause();
            {
                std::unique_lock<std::mutex> lock(guard_);
                wake_.wait(lock, [&] { return calls_.load(std::memory_order_relaxed) != seen; });
            }
            ++seen;
            if (me < members_) (*work_)(me);
            left_.fetch_sub(1, std::memory_order_acq_rel);
        }
    }

    std::mutex turn_, guard_;
    std::condition_variable wake_;
    std::atomic<unsigned> calls_{0};
    std::atomic<int> left_{0};
    const Work* work_ = nullptr;
    int members_ = 0, size_ = 0;
};

}  // namespace genart
