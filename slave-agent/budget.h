#ifndef ZP_BUDGET_H
#define ZP_BUDGET_H

/*
 * How many commands named may be given. It looks through all control messages of the last 900 s at
 * each new one, so that many slow it down: on average there may be so many a second, and a number
 * that wasn't used may be given at once.
 */

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t most, per_second;
	uint64_t left;
	uint64_t counted; /* when `left` was, clock_steady_ms() */
};

/* `left` may be given at once now. */
struct budget budget_make(uint64_t most, uint64_t per_second, uint64_t left);

/* How many may be given at once now. */
uint64_t budget_get(struct budget *budget);

/* Takes one; false where there is none. */
bool budget_take(struct budget *budget);

#endif
