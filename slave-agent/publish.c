#include "slave-agent/publish.h"

#include <stdbool.h>

#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/culprit.h"
#include "slave-agent/include.h"

/* named-checkconf names all duplicates at once; other mistakes may come one after the other. */
#define CULPRIT_ROUNDS_MAX 8

/*
 * Renders a candidate that named would take. Zones that it wouldn't are marked and left out.
 * Returns 0 with the draft; ZP_ENAMED where the configuration is broken elsewhere; another error.
 */
static int make_candidate(const struct agent_config *config, struct registry *registry,
			  const struct named_words *words, struct file_draft **ret_draft,
			  struct reason *why)
{
	struct subprocess_output complaint;
	struct file_draft *draft;
	size_t culprits;
	int r;

	for (int round = 0; round < CULPRIT_ROUNDS_MAX; round++) {
		r = include_render(config, registry, words, &draft);
		if (r < 0)
			return reason_fail(why, r, "can't write a new include beside '%s' (%s)",
					   config->include, error_text(r));

		r = named_check(config, file_draft_path(draft), &complaint, why);
		if (r == 0) {
			*ret_draft = draft;
			return 0;
		}
		culprits = 0;
		if (r == ZP_ENAMED) {
			int marked = culprit_mark(config, registry, file_draft_path(draft),
						  complaint.text, &culprits);

			if (marked < 0)
				r = reason_fail(why, marked, "can't mark zones as failing (%s)",
						error_text(marked));
			subprocess_output_done(&complaint);
		}
		file_draft_free(draft);
		if (culprits == 0)
			return r;
	}
	return r;
}

static enum publish_outcome go_back(const struct agent_config *config, struct reason *why)
{
	struct reason refusal;
	int r;

	r = include_restore(config);
	if (r < 0) {
		log_error("publish: can't put the last good include back as '%s' (%s)",
			  config->include, error_text(r));
		return PUBLISH_FAILED;
	}

	r = named_reconfig(config, &refusal);
	if (r == ZP_ENAMED) {
		*why = refusal;
		return PUBLISH_BROKEN;
	}
	return PUBLISH_REFUSED;
}

static enum publish_outcome tell_named(const struct agent_config *config, bool published,
				       struct reason *why)
{
	int r;

	r = named_reconfig(config, why);
	if (r == 0)
		return PUBLISH_APPLIED;
	if (r != ZP_ENAMED)
		return PUBLISH_NAMED_DOWN;
	if (!published)
		return PUBLISH_BROKEN;
	log_error("publish: %s; the last good include is put back", why->text);
	return go_back(config, why);
}

enum publish_outcome publish_run(const struct agent_config *config, struct registry *registry,
				 const struct named_words *words, struct reason *ret_why)
{
	struct file_draft *draft = NULL;
	bool current, waiting = true;
	int r;

	r = make_candidate(config, registry, words, &draft, ret_why);
	if (r == ZP_ENAMED || r == ZP_EUNKNOWN)
		return PUBLISH_BROKEN;
	if (r < 0)
		return PUBLISH_FAILED;

	current = include_is_current(config, draft);
	if (current)
		r = registry_is_waiting(registry, &waiting);
	else
		r = include_publish(config, draft);
	file_draft_free(draft);
	if (r < 0) {
		reason_set(ret_why, "can't publish the include '%s' (%s)", config->include,
			   error_text(r));
		return PUBLISH_FAILED;
	}
	/*
	 * Where nothing is new to named (a failing zone was tried once more), it isn't disturbed.
	 */
	if (!waiting)
		return PUBLISH_APPLIED;
	return tell_named(config, !current, ret_why);
}

int publish_is_current(const struct agent_config *config, struct registry *registry,
		       const struct named_words *words, bool *ret_current, struct reason *why)
{
	struct file_draft *draft = NULL;
	int r;

	r = include_render(config, registry, words, &draft);
	if (r < 0)
		return reason_fail(why, r, "can't write a new include beside '%s' (%s)",
				   config->include, error_text(r));
	*ret_current = include_is_current(config, draft);
	file_draft_free(draft);
	return 0;
}
