#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/cmd.h"
#include "master-hook/compare.h"
#include "master-hook/push.h"
#include "master-hook/reconcile.h"
#include "master-hook/retarget.h"
#include "master-hook/rotation.h"
#include "master-hook/slot.h"
#include "master-hook/sync_list.h"
#include "master-hook/sync_report.h"
#include "proto/clock.h"
#include "proto/log.h"

#define DAY_MS (24 * 3600 * UINT64_C(1000))

/* No list: slaves are compared with what is wanted here already. */
#define FROM_OUTBOX "outbox"

/* One run of `zonepush sync`. Sets and lists are filled one after the other, as main goes on. */
struct sync {
	struct cmd_context context;
	struct reconcile_options options;
	const char *from;
	bool dry_run, as_json;

	uint64_t list_time; /* µs */
	struct sync_list list;
	struct reconcile_plan plan;

	struct outbox_slave *known;
	struct compare_slave *slaves; /* those that it is about */
	struct reconcile_surplus *surplus;
	size_t n_known, n_slaves;

	uint64_t left_out;
	bool is_well;
};

static const struct sync_list *get_list(const struct sync *sync)
{
	return strcmp(sync->from, FROM_OUTBOX) == 0 ? NULL : &sync->list;
}

static bool fail_outbox(struct sync *sync, int error)
{
	log_error("sync: the outbox failed (%s: %s)", error_text(error),
		  outbox_reason(sync->context.outbox));
	return false;
}

/* The slaves that were named, or all that aren't paused. */
static bool choose_slaves(struct sync *sync, int n_names, char **names)
{
	struct outbox_slave *slave;
	int r;

	r = outbox_slave_list(sync->context.outbox, &sync->known, &sync->n_known);
	if (r < 0)
		return fail_outbox(sync, r);
	sync->slaves = calloc(sync->n_known + 1, sizeof(*sync->slaves));
	sync->surplus = calloc(sync->n_known + 1, sizeof(*sync->surplus));
	if (!sync->slaves || !sync->surplus) {
		log_error("sync: out of memory");
		return false;
	}
	for (int i = 0; i < n_names; i++) {
		slave = cmd_find_slave(sync->known, sync->n_known, names[i]);
		if (!slave)
			return false;
		sync->slaves[sync->n_slaves++].slave = slave;
	}
	for (size_t i = 0; n_names == 0 && i < sync->n_known; i++)
		if (!sync->known[i].is_paused)
			sync->slaves[sync->n_slaves++].slave = &sync->known[i];
	return true;
}

/* The snapshot comes first: what a hook changes while the list is read stays as it wants it. */
static bool read_list(struct sync *sync)
{
	struct reason why;
	int r;

	r = outbox_snapshot(sync->context.outbox);
	if (r < 0)
		return fail_outbox(sync, r);
	sync->list_time = clock_microseconds();
	if (!get_list(sync))
		return true;
	r = sync_list_load(&sync->context.config, sync->from, &sync->list, &why);
	if (r < 0)
		log_error("sync: %s; nothing is changed", why.text);
	return r == 0;
}

static bool make_plan(struct sync *sync)
{
	struct reason why;
	int r;

	r = reconcile_plan(sync->context.outbox, get_list(sync), &sync->options, &sync->plan, &why);
	if (r < 0) {
		log_error("sync: %s", why.text);
		return false;
	}
	r = compare_run(&sync->context.config, sync->context.key, &sync->plan.target, sync->slaves,
			sync->n_slaves);
	if (r < 0) {
		log_error("sync: the slaves can't be compared (%s)", error_text(r));
		return false;
	}
	for (size_t i = 0; i < sync->n_slaves; i++)
		log_info("sync: %s: %llu bytes received", sync->slaves[i].slave->name,
			 (unsigned long long)sync->slaves[i].received);
	for (size_t i = 0; r == 0 && i < sync->n_slaves; i++)
		r = reconcile_judge(sync->context.outbox, get_list(sync), &sync->options,
				    &sync->slaves[i], &sync->surplus[i]);
	return r < 0 ? fail_outbox(sync, r) : true;
}

static bool differs(const struct sync *sync)
{
	bool differs = sync->plan.added.count > 0 || sync->plan.absent.count > 0;

	for (size_t i = 0; i < sync->n_slaves; i++) {
		const struct compare_slave *slave = &sync->slaves[i];

		differs |= !slave->is_compared || slave->missing.count > 0 ||
			   slave->surplus.count > 0 ||
			   retarget_is_needed(&sync->context.config, slave);
	}
	return differs;
}

static void print(const struct sync *sync)
{
	if (get_list(sync))
		sync_report_list(sync->context.outbox, &sync->list, sync->from, &sync->options,
				 &sync->plan);
	for (size_t i = 0; i < sync->n_slaves; i++)
		sync_report_slave(&sync->context.config, &sync->slaves[i], &sync->surplus[i],
				  &sync->plan);
}

static void report(const struct sync *sync)
{
	int r = 0;

	if (sync->as_json)
		r = cmd_print_json(sync_report_to_json(&sync->context.config, get_list(sync),
						       &sync->plan, sync->slaves, sync->surplus,
						       sync->n_slaves));
	else
		print(sync);
	fflush(stdout);
	if (r < 0)
		log_error("sync: what differs can't be printed (%s)", error_text(r));
}

/* What the report complains of: somebody has to look after it. */
static void judge(struct sync *sync)
{
	if (sync->list.passed_over > 0 || sync->plan.held_back > 0 ||
	    (get_list(sync) && reconcile_is_doubtful(&sync->list, &sync->plan)))
		sync->is_well = false;
	for (size_t i = 0; i < sync->n_slaves; i++)
		if (!sync->slaves[i].is_compared || sync->surplus[i].is_held_back)
			sync->is_well = false;
}

/* Only Plesk's own list says that a zone is no longer active there. */
static int note_absent(struct sync *sync)
{
	if (strcmp(sync->from, SYNC_LIST_PLESK) != 0 || !sync->list.is_good)
		return 0;
	return reconcile_note_absent(sync->context.outbox, &sync->plan, sync->list_time);
}

static bool write_plan(struct sync *sync)
{
	struct outbox *outbox = sync->context.outbox;
	int r;

	r = note_absent(sync);
	if (r == 0)
		r = reconcile_apply(outbox, &sync->plan, &sync->left_out);
	for (size_t i = 0; r == 0 && i < sync->n_slaves; i++)
		if (sync->slaves[i].is_compared)
			r = reconcile_apply_slave(outbox, &sync->slaves[i], &sync->surplus[i]);
	if (r < 0)
		return fail_outbox(sync, r);
	if (sync->left_out > 0)
		printf("changed by a hook meanwhile, and left as it wants them: %llu zones\n",
		       (unsigned long long)sync->left_out);
	return true;
}

/* A master that never has anything to deliver learns of an agent's next key here. */
static bool follow_keys(struct sync *sync)
{
	bool changed;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sync->n_slaves; i++) {
		struct outbox_slave slave = *sync->slaves[i].slave;

		r = outbox_slave_follow_key(sync->context.outbox, &slave, &sync->slaves[i].state,
					    &changed);
		if (r == 0 && changed)
			log_notice("sync: the agent of slave '%s' changes its key to %s",
				   slave.name, slave.key.id);
	}
	return r < 0 ? fail_outbox(sync, r) : true;
}

/* What `key rotate` couldn't finish, because a slave was down. */
static bool go_on_rotating(struct sync *sync)
{
	return !rotation_is_under_way(&sync->context.config) ||
	       cmd_rotate_key(&sync->context, false);
}

static bool retarget(struct sync *sync)
{
	size_t failed = 0;
	int r;

	r = retarget_run(&sync->context.config, sync->context.key, sync->slaves, sync->n_slaves,
			 &failed);
	if (r < 0)
		log_error("sync: the slaves can't be told of the primaries (%s)", error_text(r));
	return r == 0 && failed == 0;
}

/* All that is due, to the slaves that it is about; what isn't taken stays owed. */
static bool deliver(struct sync *sync)
{
	const char **names = calloc(sync->n_slaves + 1, sizeof(*names));
	struct deliver_summary summary = {0};
	struct reason why;
	int r = -ENOMEM;

	reason_set(&why, "out of memory");
	for (size_t i = 0; names && i < sync->n_slaves; i++)
		names[i] = sync->slaves[i].slave->name;
	if (names)
		r = push_run(&sync->context.config, sync->context.key, sync->context.outbox, names,
			     "sync", &summary, &why);
	free(names);
	if (r < 0)
		log_error("sync: %s", why.text);
	else if (summary.slaves > 0)
		printf("changes acknowledged: %llu, refused: %llu; slaves not reached: %zu\n",
		       (unsigned long long)summary.acknowledged,
		       (unsigned long long)summary.refused, summary.failed);
	return r == 0 && summary.refused == 0 && summary.failed == 0;
}

static bool run(struct sync *sync)
{
	if (!read_list(sync) || !make_plan(sync))
		return false;
	sync->is_well = slot_is_well(&sync->context.config);
	report(sync);
	judge(sync);
	if (sync->dry_run)
		return sync->is_well && !differs(sync);
	if (!write_plan(sync) || !follow_keys(sync))
		return false;
	sync->is_well &= retarget(sync);
	sync->is_well &= deliver(sync);
	sync->is_well &= go_on_rotating(sync);
	return sync->is_well;
}

static void done(struct sync *sync)
{
	compare_done(sync->slaves, sync->n_slaves);
	for (size_t i = 0; i < sync->n_slaves; i++)
		reconcile_surplus_done(&sync->surplus[i]);
	reconcile_plan_done(&sync->plan);
	sync_list_done(&sync->list);
	free(sync->surplus);
	free(sync->slaves);
	free(sync->known);
	cmd_close(&sync->context);
}

int cmd_sync(struct verb_call *call)
{
	struct sync sync = {.from = SYNC_LIST_PLESK};
	const struct verb_option options[] = {
		{"--from", NULL, &sync.from},
		{"--dry-run", &sync.dry_run, NULL},
		{"--prune", &sync.options.prune, NULL},
		{"--prune-overdue", &sync.options.prune_overdue, NULL},
		{"--force", &sync.options.force, NULL},
		{"--json", &sync.as_json, NULL},
		{NULL, NULL, NULL},
	};
	bool good, is_whole;

	if (!verb_parse(call, options, 0, OUTBOX_SLAVES_MAX))
		return VERB_USAGE;
	if (sync.as_json && !sync.dry_run) {
		log_error("sync: --json is for what would be done, and needs --dry-run");
		return VERB_USAGE;
	}
	if (!cmd_load_config(call, &sync.context.config))
		return VERB_FAILED;
	sync.options.absent_after = sync.context.config.absent_after * DAY_MS;
	is_whole = sync.dry_run || cmd_mend_outbox(&sync.context);
	good = cmd_open_outbox(&sync.context) && choose_slaves(&sync, call->argc, call->argv) &&
	       cmd_load_key(&sync.context) && run(&sync);
	done(&sync);
	return good && is_whole ? VERB_OK : VERB_FAILED;
}
