#include "slave-agent/handover.h"

#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/log.h"
#include "slave-agent/registry_key.h"

#define DEADLINE_MS 60000

struct handover {
	int64_t master;
	struct key_public key, agent_key;
};

static int run_note(void *subject, const struct job_tools *tools, struct job_verdict *verdict)
{
	const struct handover *handover = subject;
	int r;

	(void)verdict;
	r = registry_key_end_older(tools->registry, handover->master, handover->key.id,
				   clock_seconds() + HANDOVER_GRACE);
	if (r < 0)
		return r;
	return registry_master_set_agent_key(tools->registry, handover->master,
					     handover->agent_key.id);
}

static const struct job_act note = {run_note, free};

/* Nobody waits for it. */
static void ignore(void *context)
{
	(void)context;
}

void handover_note(struct agent *agent, const struct registry_master *master,
		   const struct key_public *agent_key)
{
	struct handover *handover;
	struct job *job;

	if (master->id == 0 ||
	    (!master->has_elder_key && strcmp(master->agent_key, agent_key->id) == 0))
		return;
	handover = malloc(sizeof(*handover));
	if (!handover)
		return;
	if (job_new(&job) < 0) {
		free(handover);
		return;
	}
	if (master->has_elder_key)
		log_notice("handover: master '%s' uses its key %s now; the older ones end in %d s",
			   master->name, master->key.id, HANDOVER_GRACE);
	*handover = (struct handover){master->id, master->key, *agent_key};
	job->act = &note;
	job->subject = handover;
	job->deadline = clock_steady_ms() + DEADLINE_MS;
	job->answered = ignore;
	applier_submit(agent->applier, job);
	job_release(job);
}
