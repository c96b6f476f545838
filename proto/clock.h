#ifndef ZP_CLOCK_H
#define ZP_CLOCK_H

/* The two clocks: the world's, which may jump, and the machine's, which doesn't. */

#include <stdint.h>

int64_t clock_seconds(void);	   /* since 1970, CLOCK_REALTIME */
uint64_t clock_microseconds(void); /* since 1970, CLOCK_REALTIME */
uint64_t clock_steady_ms(void);	   /* since some start, CLOCK_MONOTONIC */

#endif
