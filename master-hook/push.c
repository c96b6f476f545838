#include "master-hook/push.h"

#include <stdlib.h>

#include "master-hook/progress.h"
#include "proto/clock.h"

#define LIMIT_MS (24 * 3600 * UINT64_C(1000))

static void show_progress(void *context, const struct deliver_summary *so_far)
{
	progress_update(context, so_far->acknowledged + so_far->refused);
}

static int count_owed(struct outbox *outbox, const char *const *names, uint64_t *ret_owed)
{
	struct outbox_slave *slaves = NULL;
	struct outbox_debt debt;
	uint64_t owed = 0;
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &slaves, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!deliver_is_meant(names, slaves[i].name))
			continue;
		r = outbox_get_debt(outbox, slaves[i].id, &debt);
		if (r == 0)
			owed += debt.pending;
	}
	free(slaves);
	if (r == 0)
		*ret_owed = owed;
	return r;
}

int push_run(const struct hook_config *config, const struct key *key, struct outbox *outbox,
	     const char *const *slaves, const char *subject, struct deliver_summary *ret_summary,
	     struct reason *why)
{
	struct progress progress;
	const struct deliver_limits limits = {
		.until = clock_steady_ms() + LIMIT_MS,
		.request = config->request_timeout,
		.stop = -1,
		.slaves = slaves,
		.on_progress = show_progress,
		.context = &progress,
	};
	uint64_t owed = 0;
	int r;

	r = count_owed(outbox, slaves, &owed);
	if (r < 0)
		return reason_fail(why, r, "the outbox failed (%s: %s)", error_text(r),
				   outbox_reason(outbox));
	progress_start(&progress, subject, "changes", owed);
	r = deliver_run(config, key, outbox, &limits, ret_summary, why);
	progress_end(&progress);
	return r;
}
