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

/* The agent may be publishing. It isn't waited for long: named is to start. */
static int lock(const struct agent_config *config)
{
	uint64_t until = clock_steady_ms() + LOCK_WAIT_MS;
	char path[PATH_MAX];
	int fd;

	publisher_lock_path(config, path);
	while ((fd = file_lock(path)) == -EWOULDBLOCK && clock_steady_ms() < until)
		poll(NULL, 0, 50);
	return fd;
}

static void report(const struct agent_config *config, size_t wrong, bool only_look)
{
	if (wrong == 0)
		log_info("guard: named will start with the zones in '%s'", config->include);
	else if (only_look)
		log_error("guard: %zu things are wrong; `zonepush-agent guard` mends what is the "
			  "agent's",
			  wrong);
	else
		log_notice("guard: %zu things were wrong; the running agent follows by itself",
			   wrong);
}

/* Returns how many things are wrong. */
static size_t guard(const struct agent_config *config, bool only_look)
{
	struct named_facts *facts = NULL;
	struct reason why = {.text = ""};
	size_t wrong = 0, elsewhere = 0;
	int fd = -1, r;

	r = named_facts_load(config, &facts, &why);
	if (r < 0) {
		log_error("guard: named won't start: %s", why.text);
		elsewhere = 1;
	}
	/* As root, named's database of runtime zones could be read. */
	r = cmd_become_agent(config, &why);
	if (r == 0 && !only_look) {
		fd = lock(config);
		only_look = fd < 0;
		if (only_look)
			log_warning("guard: the agent is publishing (%s): nothing is changed now",
				    error_text(fd));
	}
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
