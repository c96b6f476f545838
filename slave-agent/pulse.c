#include "slave-agent/pulse.h"

#include "proto/clock.h"

void pulse_begin(struct pulse *pulse)
{
	atomic_store_explicit(&pulse->since, clock_steady_ms(), memory_order_relaxed);
}

void pulse_end(struct pulse *pulse)
{
	atomic_store_explicit(&pulse->since, 0, memory_order_relaxed);
}

bool pulse_is_stuck(const struct pulse *pulse, uint64_t limit_ms)
{
	uint64_t since = atomic_load_explicit(&pulse->since, memory_order_relaxed);
	uint64_t now = clock_steady_ms();

	return since != 0 && now > since && now - since > limit_ms;
}
