#ifndef ZP_POLICY_WORDS_H
#define ZP_POLICY_WORDS_H

/* A master's policy on the command line, as several verbs take it. */

#include "proto/error.h"
#include "proto/verb.h"

struct json_t;
struct text_buffer;

/* What was given; NULL: not said. */
struct policy_words {
	const char *suffixes, *primaries; /* with commas between; "none" */
	const char *max_zones;		  /* a number; "none" */
};

/* The options, for a table of struct verb_option. */
#define POLICY_WORDS_OPTIONS(words)                                                                \
	{"--suffix", NULL, &(words).suffixes}, {"--allow-primaries", NULL, &(words).primaries},    \
	{                                                                                          \
		"--max-zones", NULL, &(words).max_zones                                            \
	}

/* Their help. */
#define POLICY_WORDS_HELP "[--suffix NAME[,...]] [--allow-primaries ADDRESS[,...]] [--max-zones N]"

/*
 * The members of PROTOCOL.md §13 that were given, which the agent checks. Returns 0, or ZP_ESYNTAX
 * with a reason for what is no number.
 */
int policy_words_to_json(const struct policy_words *words, struct json_t **ret_policy,
			 struct reason *why) __attribute__((warn_unused_result));

/* The words of a list with commas, as JSON strings. */
struct json_t *policy_words_split(const char *text);

/* A policy for people: "zones in a.example, at most 10 zones", or "anything". -ENOMEM. */
int policy_words_describe(const struct json_t *policy, struct text_buffer *out)
	__attribute__((warn_unused_result));

#endif
