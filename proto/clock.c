#include "proto/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id, uint64_t per_second)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * per_second +
	       (uint64_t)now.tv_nsec / (UINT64_C(1000000000) / per_second);
}

int64_t clock_seconds(void)
{
	return (int64_t)read_clock(CLOCK_REALTIME, 1);
}

uint64_t clock_microseconds(void)
{
	return read_clock(CLOCK_REALTIME, 1000000);
}

uint64_t clock_steady_ms(void)
{
	return read_clock(CLOCK_MONOTONIC, 1000);
}

void clock_render(int64_t ms, char ret_text[static CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm local;

	if (ms == 0 || !localtime_r(&seconds, &local) ||
	    strftime(ret_text, CLOCK_TEXT_SIZE, "%F %T %z", &local) == 0)
		snprintf(ret_text, CLOCK_TEXT_SIZE, "never");
}
