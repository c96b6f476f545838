#ifndef ZP_PULSE_H
#define ZP_PULSE_H

/*
 * Whether a thread still gets anywhere: it says when it begins something and when that has ended.
 * Between the two it waits, and waiting is well.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pulse {
	_Atomic uint64_t since; /* clock_steady_ms() of what it does; 0: it waits */
};

void pulse_begin(struct pulse *pulse);
void pulse_end(struct pulse *pulse);

/* Whether it has been at one thing for longer than this. */
bool pulse_is_stuck(const struct pulse *pulse, uint64_t limit_ms);

#endif
