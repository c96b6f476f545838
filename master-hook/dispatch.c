#include "master-hook/dispatch.h"

#include <limits.h>
#include <stdio.h>

#include "master-hook/deliver.h"
#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"

/*
 * What was owed before is delivered beside what is new, but not very much of it: somebody waits,
 * and others may be at it.
 */
#define LEAST_AT_ONCE 1000

static void deliver(struct cmd_context *context, const char *subject)
{
	size_t wanted = outbox_count_wanted(context->outbox);
	const struct deliver_limits limits = {
		.until = clock_steady_ms() + context->config.deadline,
		.request = context->config.deadline,
		.most = wanted > LEAST_AT_ONCE ? wanted : LEAST_AT_ONCE,
		.stop = -1,
	};
	struct deliver_summary summary;
	struct reason why;
	int r;

	if (!cmd_load_key(context)) {
		log_warning("%s: the change is stored; it is delivered once the key can be used",
			    subject);
		return;
	}
	r = deliver_run(&context->config, context->key, context->outbox, &limits, &summary, &why);
	if (r < 0)
		log_warning("%s: the change is stored and will be delivered later (%s)", subject,
			    why.text);
	else if (summary.known == 0)
		log_notice("%s: the change is stored, but no slave is known yet that could serve "
			   "it; `zonepush slave add` adds one",
			   subject);
}

/*
 * Wakes zonepush-deliver.path where something is left. A file of its own, because the database's
 * files change whenever anybody reads it, `zonepush deliver` too.
 */
static void wake_deliver(struct cmd_context *context, const char *subject)
{
	char path[PATH_MAX];
	int64_t due = 0;
	int r;

	r = outbox_next_due(context->outbox, &due);
	if (r == 0 && due == 0)
		return;
	snprintf(path, sizeof(path), "%s/" OUTBOX_DUE_FILE, context->config.state);
	r = file_touch(path, 0660, context->config.group);
	if (r < 0)
		log_warning("%s: can't touch '%s' (%s); the timer delivers what is left", subject,
			    path, error_text(r));
}

void dispatch_run(struct cmd_context *context, const char *subject)
{
	deliver(context, subject);
	wake_deliver(context, subject);
}
