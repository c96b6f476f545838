#include "proto/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/log.h"

struct globals {
	const char *config_path;
	bool is_verbose;
};

/* The arguments that a verb's name takes up, 0 where the words aren't this verb. */
static int match(const struct verb *verb, int argc, char **argv)
{
	const char *space = strchr(verb->name, ' ');
	size_t first = space ? (size_t)(space - verb->name) : strlen(verb->name);

	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], verb->name, first) != 0)
		return 0;
	if (!space)
		return 1;
	return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool asks_for_help(char **words, int count)
{
	for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
		if (is_help(words[i]))
			return true;
	return false;
}

static void print_line(const struct verb_program *program, const struct verb *verb, FILE *out)
{
	fprintf(out, "%s %s%s%s", program->name, verb->name, *verb->arguments ? " " : "",
		verb->arguments);
}

static int print_help(const struct verb_program *program)
{
	printf("%s %s: %s\n\n", program->name, ZP_VERSION, program->summary);
	printf("usage: %s [-c FILE] [-v] VERB ...\n\n", program->name);
	for (const struct verb *verb = program->verbs; verb->name; verb++) {
		printf("  %s%s%s\n", verb->name, *verb->arguments ? " " : "", verb->arguments);
		printf("      %s\n", verb->summary);
	}
	printf("\n  -c FILE  the configuration, %s where it isn't given\n", program->config_path);
	printf("  -v       say more\n\n");
	printf("`%s VERB --help` has an example; %s(8) has it all.\n", program->name,
	       program->name);
	return VERB_OK;
}

static int print_verb_help(const struct verb_program *program, const struct verb *verb)
{
	printf("usage: ");
	print_line(program, verb, stdout);
	printf("\n\n%s\n\nexample:\n    %s\n", verb->summary, verb->example);
	return VERB_OK;
}

/* Whether a word and a verb's first word begin alike as far as the shorter one goes. */
static bool begins_alike(const struct verb *verb, const char *word)
{
	size_t length = strcspn(verb->name, " ");

	if (strlen(word) < length)
		length = strlen(word);
	return length > 0 && strncmp(verb->name, word, length) == 0;
}

static int complain_of_verb(const struct verb_program *program, int argc, char **argv)
{
	const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
	bool found = false;

	log_error("there is no verb '%s%s%s'", argv[0], *second ? " " : "", second);
	for (const struct verb *verb = program->verbs; verb->name; verb++) {
		if (!begins_alike(verb, argv[0]))
			continue;
		found = true;
		fprintf(stderr, "    ");
		print_line(program, verb, stderr);
		fprintf(stderr, "\n");
	}
	if (!found)
		fprintf(stderr, "`%s --help` lists them all.\n", program->name);
	return VERB_USAGE;
}

/* Takes the options before the verb. Returns how many words they are, or -1. */
static int take_globals(int argc, char **argv, struct globals *globals)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			globals->is_verbose = true;
		} else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			globals->config_path = argv[++i];
		} else if (is_help(argv[i]) || strcmp(argv[i], "--version") == 0) {
			break;
		} else {
			log_error("'%s' can't stand before the verb; -c FILE and -v can", argv[i]);
			return -1;
		}
	}
	return i;
}

static int run_verb(const struct verb_program *program, const struct globals *globals, int argc,
		    char **argv)
{
	for (const struct verb *verb = program->verbs; verb->name; verb++) {
		struct verb_call call = {.verb = verb, .config_path = globals->config_path};
		int words = match(verb, argc, argv);

		if (words == 0)
			continue;
		if (asks_for_help(argv + words, argc - words))
			return print_verb_help(program, verb);
		call.argc = argc - words;
		call.argv = argv + words;
		return verb->run(&call);
	}
	return complain_of_verb(program, argc, argv);
}

static int dispatch(const struct verb_program *program, int argc, char **argv)
{
	struct globals globals = {.config_path = program->config_path};
	int taken;

	log_init(program->name, LOG_LEVEL_NOTICE);
	taken = take_globals(argc, argv, &globals);
	if (taken < 0)
		return VERB_USAGE;
	argc -= taken;
	argv += taken;
	if (globals.is_verbose)
		log_init(program->name, LOG_LEVEL_DEBUG);

	if (argc < 1) {
		log_error("what is to be done? `%s --help` lists the verbs", program->name);
		return VERB_USAGE;
	}
	if (is_help(argv[0]) || strcmp(argv[0], "help") == 0)
		return print_help(program);
	if (strcmp(argv[0], "--version") == 0) {
		printf("%s %s\n", program->name, ZP_VERSION);
		return VERB_OK;
	}
	return run_verb(program, &globals, argc, argv);
}

int verb_main(const struct verb_program *program, int argc, char **argv)
{
	int code = dispatch(program, argc, argv);

	/* What a full disk swallowed mustn't pass for a complete answer. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	log_error("can't write all of the output (%s)", strerrordesc_np(errno));
	return code == VERB_OK ? VERB_FAILED : code;
}

/* The option that a word names, with or without `=VALUE`; NULL: none of these. */
static const struct verb_option *find_option(const struct verb_option *options, const char *word)
{
	size_t length = strcspn(word, "=");

	for (; options && options->name; options++)
		if (strlen(options->name) == length && strncmp(options->name, word, length) == 0)
			return options;
	return NULL;
}

static const char *arguments_text(const struct verb_call *call)
{
	return *call->verb->arguments ? call->verb->arguments : "none";
}

/* Takes the option at *index, and its value if that is the next word. */
static bool take_option(const struct verb_call *call, const struct verb_option *options, int *index)
{
	const char *word = call->argv[*index];
	const struct verb_option *option = find_option(options, word);
	const char *value = strchr(word, '=');

	if (!option) {
		log_error("%s: there is no option '%s' here; the arguments must be: %s",
			  call->verb->name, word, arguments_text(call));
		return false;
	}
	if (option->flag && value) {
		log_error("%s: %s takes no value", call->verb->name, option->name);
		return false;
	}
	if (option->flag) {
		*option->flag = true;
		return true;
	}
	if (!value && *index + 1 >= call->argc) {
		log_error("%s: %s needs a value", call->verb->name, option->name);
		return false;
	}
	*option->value = value ? value + 1 : call->argv[++*index];
	return true;
}

static bool complain_of_count(const struct verb_call *call)
{
	log_error("%s: the arguments must be: %s", call->verb->name, arguments_text(call));
	fprintf(stderr, "for example: %s\n", call->verb->example);
	return false;
}

bool verb_parse(struct verb_call *call, const struct verb_option *options, int least, int most)
{
	bool options_over = false;
	int count = 0;

	for (int i = 0; i < call->argc; i++) {
		if (!options_over && strcmp(call->argv[i], "--") == 0) {
			options_over = true;
		} else if (!options_over && call->argv[i][0] == '-' && call->argv[i][1] != '\0') {
			if (!take_option(call, options, &i))
				return false;
		} else {
			call->argv[count++] = call->argv[i];
		}
	}
	call->argc = count;
	return (count >= least && count <= most) || complain_of_count(call);
}
