#ifndef ZP_SETTINGS_H
#define ZP_SETTINGS_H

/* A master's settings as JSON: its primaries, and the TSIG key for them. */

#include <stdbool.h>

#include "proto/error.h"
#include "slave-agent/job.h"
#include "slave-agent/registry.h"

struct json_t;

/* The list of the primaries; NULL when out of memory. */
struct json_t *settings_primaries_to_json(const struct registry_master *master);

/* The name of the TSIG key, or null. */
struct json_t *settings_tsig_to_json(const struct registry_master *master);

/* Reads a list of 1 to REGISTRY_PRIMARIES_MAX addresses into *master. 0, or ZP_ESYNTAX. */
int settings_parse_primaries(const struct json_t *primaries, struct registry_master *master,
			     struct reason *why) __attribute__((warn_unused_result));

/* Reads the name of the TSIG key; NULL and null: none. 0, or ZP_ESYNTAX. */
int settings_parse_tsig(const struct json_t *tsig, struct registry_master *master,
			struct reason *why) __attribute__((warn_unused_result));

/* Refuses a master whose TSIG key named doesn't know: with it named wouldn't take its zones. */
void settings_check_tsig(const struct registry_master *master, const struct job_tools *tools,
			 struct job_verdict *verdict);

bool settings_are_equal(const struct registry_master *a, const struct registry_master *b);

#endif
