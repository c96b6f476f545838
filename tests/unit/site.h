#ifndef ZP_TEST_SITE_H
#define ZP_TEST_SITE_H

/*
 * What an agent has on its machine, in a directory of the test's own: a configuration of named with
 * the include in it, a registry with the masters `a` and `b`, and nobody on the control port.
 */

#include "slave-agent/agent_config.h"
#include "slave-agent/intent.h"
#include "slave-agent/registry.h"
#include "tests/unit/scratch.h"

#define SITE_PATH_SIZE (SCRATCH_PATH_SIZE + 32)

struct site {
	char directory[SCRATCH_PATH_SIZE];
	char named_conf[SCRATCH_PATH_SIZE];
	char include[SITE_PATH_SIZE], data[SITE_PATH_SIZE], rndc_key[SITE_PATH_SIZE];
	struct agent_config config;
	struct registry *registry;
	int64_t a, b;
};

/* For cmocka: *state becomes a struct site. */
int site_setup(void **state);
int site_teardown(void **state);

/* Adds a master with a key of its own; gives its id. */
int64_t site_add_master(struct site *site, const char *name, const char *primary);

/* named's configuration is the usual one, and `more` behind it. */
void site_write_named_conf(struct site *site, const char *more);

/* Makes a zone of this state present. */
void site_put(struct site *site, int64_t master, const char *name, uint64_t made,
	      enum registry_state state);

/* intent_take() for this master. */
int site_take(struct site *site, int64_t master, const struct change *change,
	      struct intent *ret_intent);

/* The row of the zone's owner; the test fails if there is none. */
struct registry_zone site_get_owned(struct site *site, const char *name);

/* A name that must be one. */
struct zone_name site_name(const char *text);

#endif
