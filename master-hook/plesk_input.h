#ifndef ZP_PLESK_INPUT_H
#define ZP_PLESK_INPUT_H

/*
 * What Plesk writes to its custom DNS backend: a JSON array of commands (or one command alone).
 * Only the zones' names and whether they are there matter; their contents travel by zone transfer,
 * so records are never looked at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/zone_name.h"

#define PLESK_INPUT_MAX	    (64 * 1024 * 1024) /* bytes */
#define PLESK_INPUT_UNUSUAL (4 * 1024 * 1024)
#define PLESK_NOTES_MAX	    1000

/* The last state of one zone in the document. */
struct plesk_zone {
	struct zone_name name;
	bool present;
	bool was_deleted; /* by an earlier command, too: what is present now was made anew */
	bool has_serial;
	uint32_t serial;
};

struct plesk_input {
	struct plesk_zone *zones; /* each name once, in order of first appearance */
	size_t n_zones;
	char **notes; /* a sentence for each of the first entries that were passed over */
	size_t n_notes;
	size_t n_passed_over; /* all of these */
	size_t n_pointers;    /* commands about PTR records, which are nobody's mistake */
	char **addresses;     /* for which PTR records were made */
	size_t n_addresses;
};

/*
 * Reads a whole document. Entries that are bad are passed over with a note; only input that isn't
 * one whole JSON document of an array or an object fails: ZP_ESYNTAX with a reason, or -ENOMEM.
 */
int plesk_input_parse(const char *text, size_t length, struct plesk_input *ret_input,
		      struct reason *why) __attribute__((warn_unused_result));
void plesk_input_done(struct plesk_input *input);

#endif
