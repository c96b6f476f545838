#include "slave-agent/publish.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/budget.h"
#include "slave-agent/collision.h"
#include "slave-agent/culprit.h"
#include "slave-agent/include.h"
#include "slave-agent/publication.h"
#include "slave-agent/shard.h"

/* named-checkconf names all duplicates at once; other mistakes may come one after the other. */
#define CULPRIT_ROUNDS_MAX 8

/* The watcher has a budget of its own. */
#define COMMANDS_MAX	    18000
#define COMMANDS_PER_SECOND 20

/* A few deletions are told one by one; more are where that is cheaper than a reconfig. */
#define FEW_DELETIONS	   20
#define ZONES_PER_DELETION 10

struct publisher {
	const struct agent_config *config;
	struct registry *registry;
	struct control *control;
	const struct named_words *words;

	const struct named_facts *facts; /* of this run; NULL: not known */

	struct file_stamp shards[SHARD_COUNT], include; /* as we left them */
	bool dirty[SHARD_COUNT];
	bool is_whole; /* all lines are to be checked, not only new ones */
	bool may_lose;
	bool has_include; /* the include says what it should */
	bool owes;	  /* named hasn't been told of something that no row waits for */

	struct budget commands;
};

int publisher_new(const struct agent_config *config, struct registry *registry,
		  struct control *control, const struct named_words *words,
		  struct publisher **ret_publisher, struct reason *why)
{
	struct publisher *publisher;
	int r;

	publisher = calloc(1, sizeof(*publisher));
	if (!publisher)
		return reason_fail(why, -ENOMEM, "out of memory");
	*publisher = (struct publisher){
		.config = config,
		.registry = registry,
		.control = control,
		.words = words,
		.commands = budget_make(COMMANDS_MAX, COMMANDS_PER_SECOND, COMMANDS_MAX),
	};
	memset(publisher->dirty, true, sizeof(publisher->dirty));
	r = include_prepare(config, &publisher->has_include, why);
	if (r < 0) {
		free(publisher);
		return r;
	}
	file_stamp_take(config->include, &publisher->include);
	*ret_publisher = publisher;
	return 0;
}

void publisher_free(struct publisher *publisher)
{
	free(publisher);
}

static void note_shard(struct publisher *publisher, unsigned int bucket)
{
	char path[PATH_MAX];

	shard_path(publisher->config, bucket, path);
	file_stamp_take(path, &publisher->shards[bucket]);
}

/* What the shards look like that are going to be compared: a later change is somebody else's. */
static void note_dirty(struct publisher *publisher)
{
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		if (publisher->dirty[i])
			note_shard(publisher, i);
}

/* Those that were written are another file now. */
static void note_written(struct publisher *publisher, const struct publication *publication)
{
	for (unsigned int i = 0; i < SHARD_COUNT; i++)
		if (publication->drafts[i])
			note_shard(publisher, i);
}

bool publisher_notice_changes(struct publisher *publisher)
{
	struct file_stamp stamp;
	char path[PATH_MAX];
	bool changed = false;

	for (unsigned int i = 0; i < SHARD_COUNT; i++) {
		shard_path(publisher->config, i, path);
		file_stamp_take(path, &stamp);
		if (publisher->dirty[i] || file_stamp_is_equal(&stamp, &publisher->shards[i]))
			continue;
		publisher->dirty[i] = true;
		changed = true;
	}
	file_stamp_take(publisher->config->include, &stamp);
	if (!file_stamp_is_equal(&stamp, &publisher->include)) {
		publisher->include = stamp;
		publisher->has_include = false;
		changed = true;
	}
	return changed;
}

void publisher_look_at_all(struct publisher *publisher)
{
	memset(publisher->dirty, true, sizeof(publisher->dirty));
	publisher->is_whole = true;
}

void publisher_tell_again(struct publisher *publisher)
{
	publisher->owes = true;
}

void publisher_allow_loss(struct publisher *publisher)
{
	publisher->may_lose = true;
}

/* A zone that named's configuration can't hold: it stays out until what is in the way has gone. */
static int mark_failing(void *context, const struct zone_name *zone, enum problem_type problem,
			const char *words)
{
	const struct publisher *publisher = context;

	log_warning("publish: named's configuration can't hold zone '%s' (%s)", zone->text, words);
	return registry_mark_failing(publisher->registry, zone, problem_word(problem), words);
}

/* Marks the zones in the fragment that named-checkconf doesn't want; none: it isn't about ours. */
static int mark_culprits(struct publisher *publisher, const char *fragment, const char *complaint,
			 size_t *ret_count, struct reason *why)
{
	int r;

	r = culprit_find(publisher->config, fragment, complaint, mark_failing, publisher,
			 ret_count);
	if (r == 0 && *ret_count == 0)
		r = culprit_search(publisher->config, fragment, mark_failing, publisher, ret_count,
				   why);
	return r;
}

/* Marks the zones in the fragment that another tool made at runtime. */
static int mark_collisions(struct publisher *publisher, const char *fragment, size_t *ret_count)
{
	*ret_count = 0;
	if (!publisher->facts)
		return 0;
	return collision_find(publisher->config, publisher->control, publisher->facts, fragment,
			      mark_failing, publisher, &publisher->commands, ret_count);
}

/* Marks zones of the fragment that can't stay: by named-checkconf's words, or without any. */
static int mark(struct publisher *publisher, const struct publication *publication,
		const char *complaint, size_t *ret_count, struct reason *why)
{
	const char *fragment = file_draft_path(publication->fragment);
	int r;

	r = registry_begin(publisher->registry);
	if (r == 0) {
		r = complaint ? mark_culprits(publisher, fragment, complaint, ret_count, why)
			      : mark_collisions(publisher, fragment, ret_count);
		if (r == 0)
			r = registry_commit(publisher->registry);
		if (r < 0)
			registry_rollback(publisher->registry);
	}
	if (r < 0)
		reason_set(why, "can't find out which zones named refuses (%s)", error_text(r));
	return r;
}

/*
 * Lets named-checkconf judge what is new, within everything else. Returns 0; -EAGAIN when zones
 * were found that can't stay, and marked; ZP_ENAMED or ZP_EUNKNOWN where the configuration is
 * broken elsewhere; another error.
 */
static int check(struct publisher *publisher, const struct publication *publication,
		 struct reason *why)
{
	struct subprocess_output complaint;
	size_t culprits = 0;
	int r, found;

	if (publication->in_fragment == 0)
		return 0;
	r = mark(publisher, publication, NULL, &culprits, why);
	if (r < 0 || culprits > 0)
		return r < 0 ? r : -EAGAIN;
	r = named_check(publisher->config, file_draft_path(publication->fragment), &complaint, why);
	if (r != ZP_ENAMED)
		return r;
	found = mark(publisher, publication, complaint.text, &culprits, why);
	subprocess_output_done(&complaint);
	if (found < 0)
		return found;
	return culprits > 0 ? -EAGAIN : ZP_ENAMED;
}

/* Of what the shards have nothing came from this registry: the one before it was lost. */
static bool is_new(struct registry *registry)
{
	struct registry_counts counts = {0};

	return registry_count(registry, 0, &counts) == 0 && counts.applied + counts.failing == 0;
}

/* Whether more would vanish than an accident may take. */
static bool is_held(const struct publisher *publisher, const struct publication *publication,
		    struct reason *why)
{
	if (publisher->may_lose || publication->lost == 0)
		return false;
	if ((publication->lost <= PUBLISH_LOSS_MAX ||
	     publication->lost * 100 <= publication->before * PUBLISH_LOSS_PERCENT_MAX) &&
	    !is_new(publisher->registry))
		return false;
	reason_set(why,
		   "%zu of %zu zones would vanish from named, though no master deleted them: "
		   "held. If the registry was lost, see `zonepush-agent rebuild --help`; if they "
		   "shall go, `zonepush-agent shrink`",
		   publication->lost, publication->before);
	return true;
}

/*
 * Prepares what can be published, without the zones that named wouldn't take. False where nothing
 * can, with what that comes to.
 */
static bool prepare(struct publisher *publisher, const struct shard_source *source,
		    struct publication *ret_publication, enum publish_outcome *ret_outcome,
		    struct reason *why)
{
	int r = -EAGAIN;

	for (int round = 0; r == -EAGAIN && round < CULPRIT_ROUNDS_MAX; round++) {
		r = publication_prepare(source, publisher->dirty, publisher->is_whole,
					ret_publication, why);
		if (r < 0)
			break;
		if (is_held(publisher, ret_publication, why)) {
			publication_done(ret_publication);
			*ret_outcome = PUBLISH_HELD;
			return false;
		}
		r = check(publisher, ret_publication, why);
		if (r < 0)
			publication_done(ret_publication);
	}
	*ret_outcome = r == ZP_ENAMED || r == ZP_EUNKNOWN ? PUBLISH_BROKEN : PUBLISH_FAILED;
	return r == 0;
}

/* named would follow either way; only the words of the reconfig tell why it doesn't. */
static enum publish_outcome roll_back(struct publisher *publisher, struct publication *publication,
				      struct reason *why)
{
	struct reason refusal;
	int r;

	log_error("publish: %s; what was there before is put back", why->text);
	r = publication_roll_back(publication);
	note_written(publisher, publication);
	if (r < 0) {
		log_error("publish: can't put the last good zones back beside '%s' (%s)",
			  publisher->config->include, error_text(r));
		return PUBLISH_FAILED;
	}
	r = control_reconfig(publisher->control, &refusal);
	if (r == ZP_ENAMED) {
		*why = refusal;
		return PUBLISH_BROKEN;
	}
	return PUBLISH_REFUSED;
}

static enum publish_outcome reconfigure(struct publisher *publisher,
					struct publication *publication, struct reason *why)
{
	int r;

	r = control_reconfig(publisher->control, why);
	if (r == 0)
		return PUBLISH_APPLIED;
	if (r != ZP_ENAMED)
		return PUBLISH_NAMED_DOWN;
	if (publication_is_empty(publication))
		return PUBLISH_BROKEN;
	return roll_back(publisher, publication, why);
}

/* Takes the zones that leave out of named one by one: it goes on answering meanwhile. */
static enum publish_outcome delete_each(struct publisher *publisher,
					struct publication *publication, struct reason *why)
{
	struct zone_name name = {.text = ""};
	int r, found;

	while ((found = registry_leaving_next(publisher->registry, name.text, &name)) == 0) {
		(void)budget_take(&publisher->commands);
		r = control_delete_zone(publisher->control, &name, why);
		if (r == ZP_ENAMED)
			return reconfigure(publisher, publication, why);
		if (r < 0)
			return PUBLISH_NAMED_DOWN;
	}
	if (found == ZP_EUNKNOWN)
		return PUBLISH_APPLIED;
	reason_set(why, "the registry failed (%s)", registry_reason(publisher->registry));
	return PUBLISH_FAILED;
}

static bool is_worth_deleting(uint64_t deletions, uint64_t zones)
{
	return deletions <= FEW_DELETIONS || deletions * ZONES_PER_DELETION <= zones;
}

/*
 * Where nothing is new to named (a zone that fails was tried once more), it isn't disturbed; where
 * zones only leave, they are deleted without a reconfig.
 */
static enum publish_outcome tell(struct publisher *publisher, struct publication *publication,
				 struct reason *why)
{
	struct registry_counts counts = {0};
	struct registry_waiting waiting;
	int r;

	r = registry_count_waiting(publisher->registry, &waiting);
	if (r == 0 && waiting.leaving > FEW_DELETIONS)
		r = registry_count(publisher->registry, 0, &counts);
	if (r < 0) {
		reason_set(why, "the registry failed (%s)", registry_reason(publisher->registry));
		return PUBLISH_FAILED;
	}
	if (publisher->owes || waiting.present > 0)
		return reconfigure(publisher, publication, why);
	if (waiting.leaving == 0)
		return PUBLISH_APPLIED;
	if (is_worth_deleting(waiting.leaving, counts.applied) &&
	    waiting.leaving <= budget_get(&publisher->commands))
		return delete_each(publisher, publication, why);
	return reconfigure(publisher, publication, why);
}

/* Puts the prepared shards in force, then the include where it isn't what it should be. */
static int commit(struct publisher *publisher, struct publication *publication)
{
	int r = 0;

	if (!publication_is_empty(publication))
		r = publication_commit(publication);
	note_written(publisher, publication);
	if (r == 0 && !publisher->has_include) {
		r = include_replace(publisher->config);
		file_stamp_take(publisher->config->include, &publisher->include);
	}
	return r;
}

static enum publish_outcome publish(struct publisher *publisher, const struct shard_source *source,
				    struct reason *why)
{
	struct publication publication;
	enum publish_outcome outcome;
	int r;

	if (!prepare(publisher, source, &publication, &outcome, why))
		return outcome;

	publisher->owes |= !publisher->has_include || publication.added > 0 || publication.lost > 0;
	r = commit(publisher, &publication);
	if (r == 0) {
		publisher->has_include = true;
		outcome = tell(publisher, &publication, why);
	} else {
		reason_set(why, "can't publish beside '%s' (%s)", publisher->config->include,
			   error_text(r));
		outcome = PUBLISH_FAILED;
	}
	publication_done(&publication);
	return outcome;
}

void publisher_lock_path(const struct agent_config *config, char ret_path[static PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/publish.lock", config->state);
}

/* `zonepush-agent guard` changes the same files: one of the two at a time. */
static int lock_files(const struct publisher *publisher, struct reason *why)
{
	char path[PATH_MAX];
	int lock;

	publisher_lock_path(publisher->config, path);
	lock = file_lock(path);
	if (lock < 0)
		reason_set(why, "can't lock '%s' (%s); is `zonepush-agent guard` running?", path,
			   error_text(lock));
	return lock;
}

enum publish_outcome publisher_run(struct publisher *publisher, const struct named_facts *facts,
				   struct reason *ret_why)
{
	enum publish_outcome outcome;
	struct shard_source source;
	int lock, r;

	publisher->facts = facts;
	lock = lock_files(publisher, ret_why);
	if (lock < 0)
		return PUBLISH_FAILED;

	r = registry_mark_waiting_buckets(publisher->registry, publisher->dirty);
	note_dirty(publisher);
	if (r == 0)
		r = shard_source_init(publisher->config, publisher->registry, publisher->words,
				      &source);
	if (r == 0) {
		outcome = publish(publisher, &source, ret_why);
		shard_source_done(&source);
	} else {
		reason_set(ret_why, "the registry failed (%s)",
			   registry_reason(publisher->registry));
		outcome = PUBLISH_FAILED;
	}
	if (outcome == PUBLISH_APPLIED)
		ret_why->text[0] = '\0'; /* of what was tried on the way */
	if (outcome == PUBLISH_APPLIED || outcome == PUBLISH_NAMED_DOWN) {
		memset(publisher->dirty, false, sizeof(publisher->dirty));
		publisher->is_whole = false;
		publisher->may_lose = false;
		publisher->owes &= outcome == PUBLISH_NAMED_DOWN;
	}
	close(lock);
	return outcome;
}
