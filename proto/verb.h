#ifndef ZP_VERB_H
#define ZP_VERB_H

/*
 * The command line of both programs: a table of verbs drives dispatch, usage and help.
 *
 *     program [-c FILE] [-v] VERB [WORD] [OPTION...] [ARGUMENT...]
 */

#include <stdbool.h>

/* Exit codes of both programs; 1 is "something isn't as it should be". */
enum verb_exit {
	VERB_OK = 0,
	VERB_FAILED = 1,
	VERB_USAGE = 2,
};

struct verb;

/* What a verb was called with. */
struct verb_call {
	const struct verb *verb;
	const char *config_path;
	int argc; /* without the verb's own words */
	char **argv;
};

struct verb {
	const char *name;		    /* one or two words: "hook", "slave add" */
	const char *arguments;		    /* "NAME --key KEY URL", or "" */
	const char *summary;		    /* one line */
	const char *example;		    /* a whole command line */
	int (*run)(struct verb_call *call); /* returns an exit code */
};

struct verb_program {
	const char *name;
	const char *summary;
	const char *config_path;  /* standard place of the configuration file */
	const struct verb *verbs; /* ended by one without a name */
};

/*
 * Reads the options before the verb, sets up the log, and runs the verb. Prints help for --help,
 * `help` and `VERB --help`, the version for --version, and for a wrong line what is wrong with it
 * and what would be right. Returns the exit code for main.
 */
int verb_main(const struct verb_program *program, int argc, char **argv);

/*
 * Options of a verb: a flag or one that takes a value, in any order with the arguments; `--` ends
 * them. `-` alone is an argument.
 */
struct verb_option {
	const char *name;   /* "--key" */
	bool *flag;	    /* set to true, or */
	const char **value; /* set to the word that follows (or stands behind `=`) */
};

/*
 * Takes the options (ended by one without a name; NULL: none) out of the call and checks that
 * between `least` and `most` arguments are left, which then are call->argc and call->argv.
 * Returns true, or false after it said on standard error what is wrong and what would be right.
 */
bool verb_parse(struct verb_call *call, const struct verb_option *options, int least, int most);

#endif
