// A small team of threads that stays: a call wakes it, a barrier takes well under a microsecond.
//
// torch's own threads are not used because a program is one call with a barrier after every step,
// and because a second OpenMP runtime in a process makes both slower.
#pragma once

namespace genart {

constexpr int MOST_MEMBERS = 64;

// Do work(0) here and work(1) ... work(members - 1) on the team's threads; false where the team is
// busy with another caller's work, or threads cannot be had: nothing was done then.
bool run_team(int members, void (*work)(void* data, int member), void* data);

// All members arrive before any goes on. Memory of the caller, zeroed before first use.
struct Barrier {
    int arrived, turn;
    void wait(int members);
};

// The next number of a counter that members share, from 0.
int take_next(int* counter);

}  // namespace genart
