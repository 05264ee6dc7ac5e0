// The team on POSIX threads, or on those of Windows.

#include "team.h"

#include <stdint.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#include <sched.h>
#endif

namespace genart {
namespace {

constexpr int RESTS = 4000;      // pauses before a helper without work sleeps
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
    void wake() { WakeConditionVariable(&signal); }
};
void yield() { SwitchToThread(); }
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
    void wake() { pthread_cond_signal(&signal); }
};
void yield() { sched_yield(); }
using Result = void*;
#endif

using Work = void (*)(void*, int);

struct Helper {
    unsigned turns = 0;  // how often it was asked to work
    Signal wake;
#if !defined(_WIN32)
    pthread_t thread;
#endif
};

// Of one process. Its threads never end, and it is never destroyed.
struct Team {
    Lock turn, guard;  // whose work it is, and what follows
    Helper helpers[MOST_MEMBERS];
    int left = 0, size = 0, avoided = -1;
    Work work = nullptr;
    void* data = nullptr;

    void call(int members, Work given, void* with) {
        avoid_this_processor();
        guard.take();
        work = given, data = with;
        __atomic_store_n(&left, members - 1, __ATOMIC_RELAXED);
        for (int n = 1; n < members; ++n) __atomic_fetch_add(&helpers[n].turns, 1u, __ATOMIC_RELEASE);
        guard.leave();
        for (int n = 1; n < members; ++n) helpers[n].wake.wake();
        given(with, 0);
        for (int n = 0; __atomic_load_n(&left, __ATOMIC_ACQUIRE) > 0; ++n)
            if (n < PATIENCE) rest();
            else yield();
    }

    void serve(int me) {
        Helper& own = helpers[me];
        for (unsigned seen = 0;;) {
            for (int n = 0; n < RESTS && __atomic_load_n(&own.turns, __ATOMIC_ACQUIRE) == seen; ++n) rest();
            guard.take();
            while (own.turns == seen) own.wake.wait(guard);
            guard.leave();
            ++seen;
            work(data, me);
            __atomic_fetch_sub(&left, 1, __ATOMIC_ACQ_REL);
        }
    }

    // Linux wakes a thread on the processor of the one that wakes it, where it would wait for the
    // end of its turn: helpers run on the others.
    void avoid_this_processor() {
#if defined(__linux__)
        const int here = sched_getcpu();
        cpu_set_t others;
        if (here < 0 || here == avoided || sched_getaffinity(0, sizeof others, &others)) return;
        avoided = here;
        CPU_CLR(here, &others);
        if (CPU_COUNT(&others) == 0) return;
        for (int n = 1; n <= size; ++n) pthread_setaffinity_np(helpers[n].thread, sizeof others, &others);
#endif
    }
};

Team team;

Result serve(void* me) {
    team.serve(int(reinterpret_cast<intptr_t>(me)));
    return Result();
}

bool start(int me) {
    void* given = reinterpret_cast<void*>(intptr_t(me));
#if defined(_WIN32)
    HANDLE made = CreateThread(nullptr, 0, reinterpret_cast<LPTHREAD_START_ROUTINE>(serve), given, 0, nullptr);
    if (made) CloseHandle(made);
    return made != nullptr;
#else
    pthread_t& made = team.helpers[me].thread;
    if (pthread_create(&made, nullptr, serve, given)) return false;
    pthread_detach(made);
    return true;
#endif
}

bool grow(int helpers) {
    for (; team.size < helpers; ++team.size, team.avoided = -1)
        if (!start(team.size + 1)) return false;
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
