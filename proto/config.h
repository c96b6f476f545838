#ifndef ZP_CONFIG_H
#define ZP_CONFIG_H

/*
 * Configuration files, read by inih: lines of `key = value`, of at most 198 bytes. A line that
 * begins with `#` or `;` is a comment, and so is what follows ` ;` behind a value. Each program has
 * one table of its keys; defaults are text and go through the same checks as what the administrator
 * writes.
 */

#include <stddef.h>
#include <stdint.h>

#include "proto/error.h"

#define CONFIG_KEYS_MAX 64 /* in a table */
#define CONFIG_NAME_MAX 32 /* bytes in a key's name */

enum config_type {
	CONFIG_STRING,	/* char *: any printable text; "" as default means not set */
	CONFIG_PATH,	/* char *: absolute, no `"`, no control characters */
	CONFIG_INTEGER, /* uint64_t: within [least, most] */
	CONFIG_SECONDS, /* uint64_t milliseconds: `3`, `0.5`, within [least, most] milliseconds */
	CONFIG_BOOLEAN, /* bool: yes or no */
	CONFIG_LIST,	/* struct config_list: separated by commas, blanks around them dropped */
};

struct config_list {
	char **items;
	size_t count;
};

struct config_key {
	const char *name;
	enum config_type type;
	const char *standard; /* the default, as text */
	size_t offset;	      /* of the member in the program's struct */
	uint64_t least, most; /* INTEGER, SECONDS */
	/* A further check of the text: 0, or an error with the reason. May be NULL. */
	int (*check)(const char *text, struct reason *why);
};

/*
 * Sets every key of the table (ended by one without a name) in `program`, which is all zero, to
 * its default, then to what the file says. Returns 0; -errno or ZP_ETOOBIG when the file can't be
 * read; or ZP_ESYNTAX with a reason that names file, line and key: an unknown key, a key given
 * twice, a bad value, a section, no `=`, a line that is too long or begins with a blank (or what
 * the key's own check returned). After an error nothing is left to free.
 */
int config_load(const char *path, const struct config_key *keys, void *program, struct reason *why)
	__attribute__((warn_unused_result));

/* Frees what config_load() put into program. */
void config_done(const struct config_key *keys, void *program);

#endif
