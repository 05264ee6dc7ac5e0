// The team on POSIX threads, or on those of Windows.

#include "team.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#include <sched.h>
#endif

namespace genart {
namespace {

constexpr int PATIENCE = 20000;  // pauses before a waiting member gives its core away

inline void rest() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

#if defined(_WIN32)
struct Lock {
    SRWLOCK lock = SRWLOCK_INIT;
    bool try_take() { return TryAcquireSRWLockExclusive(&lock); }
    void take() { AcquireSRWLockExclusive(&lock); }
    void leave() { ReleaseSRWLockExclusive(&lock); }
};
struct Signal {
    CONDITION_VARIABLE signal = CONDITION_VARIABLE_INIT;
    void wait(Lock& lock) { SleepConditionVariableSRW(&signal, &lock.lock, INFINITE, 0); }
    void wake_all() { WakeAllConditionVariable(&signal); }
};
void yield() { SwitchToThread(); }
bool start(unsigned long (*work)(void*), void* data) {
    HANDLE made = CreateThread(nullptr, 0, reinterpret_cast<LPTHREAD_START_ROUTINE>(work), data, 0, nullptr);
    if (made) CloseHandle(made);
    return made != nullptr;
}
using Result = unsigned long;
#else
struct Lock {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    bool try_take() { return pthread_mutex_trylock(&lock) == 0; }
    void take() { pthread_mutex_lock(&lock); }
    void leave() { pthread_mutex_unlock(&lock); }
};
struct Signal {
    pthread_cond_t signal = PTHREAD_COND_INITIALIZER;
    void wait(Lock& lock) { pthread_cond_wait(&signal, &lock.lock); }
    void wake_all() { pthread_cond_broadcast(&signal); }
};
void yield() { sched_yield(); }
bool start(void* (*work)(void*), void* data) {
    pthread_t made;
    if (pthread_create(&made, nullptr, work, data)) return false;
    pthread_detach(made);
    return true;
}
using Result = void*;
#endif

using Work = void (*)(void*, int);

// Of one process. Its threads never end, and it is never destroyed.
struct Team {
    Lock turn, guard;  // whose work it is, and what follows
    Signal wake;
    unsigned calls = 0;
    int left = 0, size = 0, members = 0;
    Work work = nullptr;
    void* data = nullptr;

    void call(int wanted, Work given, void* with) {
        guard.take();
        work = given, data = with, members = wanted;
        __atomic_store_n(&left, size, __ATOMIC_RELAXED);
        __atomic_fetch_add(&calls, 1u, __ATOMIC_RELEASE);
        guard.leave();
        wake.wake_all();
        given(with, 0);
        for (int n = 0; __atomic_load_n(&left, __ATOMIC_ACQUIRE) > 0; ++n)
            if (n < PATIENCE) rest();
            else yield();
    }

    void serve(int me, unsigned seen) {
        for (;;) {
            for (int n = 0; n < 4000 && __atomic_load_n(&calls, __ATOMIC_ACQUIRE) == seen; ++n) rest();
            guard.take();
            while (__atomic_load_n(&calls, __ATOMIC_RELAXED) == seen) wake.wait(guard);
            guard.leave();
            ++seen;
            if (me < members) work(data, me);
            __atomic_fetch_sub(&left, 1, __ATOMIC_ACQ_REL);
        }
    }
};

Team team;
struct Start {
    int me;
    unsigned seen;
} starts[MOST_MEMBERS];  // written before a thread starts, which reads its own

Result serve(void* given) {
    const Start start = *static_cast<Start*>(given);
    team.serve(start.me, start.seen);
    return Result();
}

bool grow(int helpers) {
    for (; team.size < helpers; ++team.size) {
        starts[team.size] = {team.size + 1, __atomic_load_n(&team.calls, __ATOMIC_RELAXED)};
        if (!start(serve, &starts[team.size])) return false;
    }
    return true;
}

#if !defined(_WIN32)
// A fork has none of its parent's threads, and locks as they were then.
void begin_again() { team = Team(); }
const int watched = pthread_atfork(nullptr, nullptr, begin_again);
#endif

}  // namespace

bool run_team(int members, Work work, void* data) {
    if (members <= 1) return work(data, 0), true;
    if (members > MOST_MEMBERS || !team.turn.try_take()) return false;
    const bool all = grow(members - 1);
    if (all) team.call(members, work, data);
    team.turn.leave();
    return all;
}

void Barrier::wait(int members) {
    const int now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE);
    if (__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL) + 1 == members) {
        __atomic_store_n(&arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&turn, now + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int n = 0; __atomic_load_n(&turn, __ATOMIC_ACQUIRE) == now; ++n)
        if (n < PATIENCE) rest();
        else yield();
}

int take_next(int* counter) { return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED); }

}  // namespace genart
