#include "slave-agent/budget.h"

#include "proto/clock.h"

struct budget budget_make(uint64_t most, uint64_t per_second, uint64_t left)
{
	return (struct budget){
		.most = most, .per_second = per_second, .left = left, .counted = clock_steady_ms()};
}

uint64_t budget_get(struct budget *budget)
{
	uint64_t now = clock_steady_ms();
	uint64_t more = (now - budget->counted) * budget->per_second / 1000;

	if (more > 0)
		budget->counted = now;
	budget->left += more;
	if (budget->left > budget->most)
		budget->left = budget->most;
	return budget->left;
}

bool budget_take(struct budget *budget)
{
	if (budget_get(budget) == 0)
		return false;
	budget->left--;
	return true;
}
