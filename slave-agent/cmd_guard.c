#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/cmd.h"
#include "slave-agent/guard.h"
#include "slave-agent/named_facts.h"
#include "slave-agent/publish.h"

#define LOCK_WAIT_MS 5000

/*
 * The agent may be publishing. It isn't waited for long: named is to start. Without a directory for
 * the lock there is no agent. Returns whether files may be changed now.
 */
static bool lock(const struct agent_config *config, int *ret_fd)
{
	uint64_t until = clock_steady_ms() + LOCK_WAIT_MS;
	char path[PATH_MAX];
	int fd;

	publisher_lock_path(config, path);
	while ((fd = file_lock(path)) == -EWOULDBLOCK && clock_steady_ms() < until)
		poll(NULL, 0, 50);
	*ret_fd = fd;
	if (fd >= 0 || fd == -ENOENT)
		return true;
	if (fd == -EWOULDBLOCK)
		log_warning("guard: the agent is publishing: nothing is changed now");
	else
		log_warning("guard: can't lock '%s' (%s): nothing is changed", path,
			    error_text(fd));
	return false;
}

/* Returns how many things are wrong. */
static size_t load_facts(const struct agent_config *config, struct named_facts **ret_facts)
{
	struct reason why;
	int r;

	r = named_facts_load(config, ret_facts, &why);
	if (r == ZP_ENAMED)
		log_error("guard: named won't start: %s", why.text);
	else if (r < 0)
		log_error("guard: %s", why.text);
	else if (!named_facts_knows_runtime(*ret_facts))
		log_warning("guard: can't read what other tools made in named at runtime: a zone "
			    "that is ours, too, isn't seen");
	return r < 0 ? 1 : 0;
}

static void report(const struct agent_config *config, size_t wrong, bool only_look)
{
	if (wrong == 0)
		log_info("guard: named will start with the zones in '%s'", config->include);
	else if (only_look)
		log_error("guard: something is wrong; `zonepush-agent guard` mends what is the "
			  "agent's");
	else
		log_notice("guard: done; a running agent follows by itself");
}

/* Returns how many things are wrong. */
static size_t guard(const struct agent_config *config, bool only_look)
{
	struct named_facts *facts = NULL;
	struct reason why = {.text = ""};
	size_t wrong = 0, elsewhere;
	int fd = -1, r;

	elsewhere = load_facts(config, &facts);
	/* As root, named's database of runtime zones could be read. */
	r = cmd_become_agent(config, &why);
	if (r == 0 && !only_look)
		only_look = !lock(config, &fd);
	if (r == 0)
		r = guard_run(config, facts, only_look, &wrong, &why);
	if (r < 0) {
		log_error("guard: %s", why.text);
		wrong++;
	}
	report(config, wrong + elsewhere, only_look);
	if (fd >= 0)
		close(fd);
	named_facts_free(facts);
	return wrong + elsewhere;
}

int cmd_guard(struct verb_call *call)
{
	struct agent_config config;
	bool only_look = false;
	const struct verb_option options[] = {
		{"--check", &only_look, NULL},
		{NULL, NULL, NULL},
	};
	size_t wrong;

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!cmd_load_config(call, &config))
		return only_look ? VERB_FAILED : VERB_OK;
	wrong = guard(&config, only_look);
	agent_config_done(&config);
	return only_look && wrong > 0 ? VERB_FAILED : VERB_OK;
}
