#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "master-hook/cmd.h"
#include "master-hook/deliver.h"
#include "proto/clock.h"
#include "proto/log.h"

/* While something is due within this time, it isn't worth being started again for it. */
#define STAY_MS	 (60 * 1000)
#define ROUND_MS (10 * 60 * 1000)

/* Meanwhile a hook may have left something that is due sooner. */
#define LOOK_MS 1000

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Waits for so long, or a little less. Returns whether a signal asked for the end. */
static bool wait_for(int signals, int64_t ms)
{
	struct pollfd end = {.fd = signals, .events = POLLIN};

	return poll(&end, 1, ms < LOOK_MS ? (int)ms : LOOK_MS) > 0;
}

static int run_round(struct cmd_context *context, int signals, uint64_t *acknowledged)
{
	const struct deliver_limits limits = {
		.until = clock_steady_ms() + ROUND_MS,
		.request = context->config.request_timeout,
		.stop = signals,
	};
	struct deliver_summary summary;
	struct reason why;
	int r;

	r = deliver_run(&context->config, context->key, context->outbox, &limits, &summary, &why);
	if (r < 0) {
		log_error("deliver: %s", why.text);
		return r;
	}
	*acknowledged += summary.acknowledged;
	return 0;
}

static int run_rounds(struct cmd_context *context, int signals, uint64_t *acknowledged)
{
	int64_t due, now, pause;
	int r;

	for (;;) {
		r = outbox_next_due(context->outbox, &due);
		if (r < 0) {
			log_error("deliver: the outbox failed (%s: %s)", error_text(r),
				  outbox_reason(context->outbox));
			return r;
		}
		now = (int64_t)(clock_microseconds() / 1000);
		pause = due > now ? due - now : 0;
		if (due == 0 || pause > STAY_MS || wait_for(signals, pause))
			return 0;
		if (pause > 0)
			continue;
		r = run_round(context, signals, acknowledged);
		if (r < 0)
			return r;
	}
}

int cmd_deliver(struct verb_call *call)
{
	uint64_t acknowledged = 0;
	struct cmd_context context;
	int signals, r = ZP_EKEY;

	if (!verb_parse(call, NULL, 0, 0))
		return VERB_USAGE;
	if (!cmd_open(call, &context))
		return VERB_FAILED;

	signals = open_signals();
	if (cmd_load_key(&context))
		r = run_rounds(&context, signals, &acknowledged);
	if (acknowledged > 0)
		log_notice("deliver: changes acknowledged: %llu", (unsigned long long)acknowledged);
	if (signals >= 0)
		close(signals);
	cmd_close(&context);
	return r == 0 ? VERB_OK : VERB_FAILED;
}
