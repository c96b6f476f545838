#ifndef ZP_CLOCK_H
#define ZP_CLOCK_H

/* The two clocks: the world's, which may jump, and the machine's, which doesn't. */

#include <stdint.h>

int64_t clock_seconds(void);	   /* since 1970, CLOCK_REALTIME */
uint64_t clock_microseconds(void); /* since 1970, CLOCK_REALTIME */
uint64_t clock_steady_ms(void);	   /* since some start, CLOCK_MONOTONIC */

/* "2026-11-23 20:15:01 +0000" in local time, of ms since 1970; "never" for 0. */
#define CLOCK_TEXT_SIZE 32
void clock_render(int64_t ms, char ret_text[static CLOCK_TEXT_SIZE]);

#endif
