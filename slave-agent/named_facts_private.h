#ifndef ZP_NAMED_FACTS_PRIVATE_H
#define ZP_NAMED_FACTS_PRIVATE_H

/* What named_facts*.c share; nobody else includes it. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/file.h"
#include "proto/name_set.h"
#include "proto/zone_name.h"
#include "slave-agent/named_facts.h"

#define NAMED_FACTS_NAME_SIZE 256 /* of a view, a key */

struct named_facts {
	char view[NAMED_FACTS_NAME_SIZE]; /* "": none */
	struct name_set zones, keys, runtime;
	char directory[PATH_MAX]; /* that named works in; "": as it was started */
	char new_zones[PATH_MAX]; /* new-zones-directory, where the runtime database is; "": there
				   */
	bool allows_runtime;	  /* allow-new-zones */
	bool knows_runtime;

	/* The files it was read from, and what they were. */
	struct name_set files;
	struct file_stamp *stamps;
	size_t n_configuration; /* of these files; those of the runtime database follow */
};

/*
 * Reads what named-checkconf -p printed. `marker` is the zone that stands in the place of ours: its
 * view is ours. Returns 0, ZP_EUNKNOWN where the marker isn't there, or -ENOMEM.
 */
int named_facts_parse(struct named_facts *facts, const char *text, size_t length,
		      const char *marker) __attribute__((warn_unused_result));

/* Adds the zones of clauses `zone "name" { … };`. Returns 0 or -ENOMEM. */
int named_facts_parse_zones(struct name_set *set, const char *text, size_t length)
	__attribute__((warn_unused_result));

/* The name of a key in one spelling, for BIND takes it for a domain name; cut where it is no key's.
 */
void named_facts_fold_key(const char *name, size_t length,
			  char ret_name[static NAMED_FACTS_NAME_SIZE]);

#endif
