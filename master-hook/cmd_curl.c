#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "master-hook/cmd.h"
#include "proto/change.h"
#include "proto/clock.h"
#include "proto/envelope.h"
#include "proto/file.h"
#include "proto/log.h"
#include "proto/subprocess.h"
#include "proto/text.h"

#define CURL_PATH     "/usr/bin/curl"
#define CURL_LIMIT_MS (90 * 1000) /* more than an agent waits for its named */
#define WORDS_MAX     24

/* A command line: its words, each on the heap, ended by NULL. */
struct command {
	char *words[WORDS_MAX + 1];
	size_t count;
};

/* What is asked for. */
struct request {
	struct cmd_context context;
	const struct outbox_slave *slave;
	const char *method, *target;
	const char *body; /* as it was written: a text, or @FILE; NULL: none */
	char *content;	  /* what that is */
	size_t length;
};

static int add_word(struct command *command, const char *prefix, const char *word)
{
	struct text_buffer text = {0};
	int r;

	if (command->count == WORDS_MAX)
		return ZP_EFULL;
	r = text_buffer_printf(&text, "%s%s", prefix, word);
	if (r == 0)
		command->words[command->count++] = text.data;
	return r;
}

static int add_header(struct command *command, const char *prefix, const char *value)
{
	int r;

	r = add_word(command, "-H", "");
	return r == 0 ? add_word(command, prefix, value) : r;
}

static int add_fields(struct command *command, const struct request *request)
{
	struct envelope_parameters parameters;
	struct envelope_headers headers;
	int r;

	r = envelope_sign_request(request->context.key, &request->slave->key, request->method,
				  request->target, request->content, request->length,
				  clock_seconds(), &headers, &parameters);
	if (r < 0)
		return r;
	r = add_header(command, "Content-Type: ", ENVELOPE_CONTENT_TYPE);
	if (r == 0)
		r = add_header(command, "Content-Digest: ", headers.content_digest);
	if (r == 0)
		r = add_header(command, "Zonepush-Agent: ", request->slave->key.id);
	if (r == 0)
		r = add_header(command, "Signature-Input: ", headers.signature_input);
	if (r == 0)
		r = add_header(command, "Signature: ", headers.signature);
	envelope_headers_done(&headers);
	return r;
}

static int build(struct command *command, const struct request *request)
{
	static const char *const first[] = {CURL_PATH, "-sS", "--fail-with-body", "--path-as-is",
					    "-X"};
	char url[OUTBOX_URL_MAX + ENVELOPE_TARGET_MAX + 1];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(first) / sizeof(first[0]); i++)
		r = add_word(command, "", first[i]);
	if (r == 0)
		r = add_word(command, "", request->method);
	if (r == 0)
		r = add_fields(command, request);
	if (r == 0 && request->body)
		r = add_word(command, "--data-binary", "");
	if (r == 0 && request->body)
		r = add_word(command, "", request->body);
	snprintf(url, sizeof(url), "%s%s", request->slave->url, request->target);
	return r == 0 ? add_word(command, "", url) : r;
}

/* A shell takes what stands between single quotes as it is; a single quote itself goes between. */
static void print_quoted(const char *word)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./:_";

	if (*word && word[strspn(word, plain)] == '\0') {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stdout);
	putchar('\'');
}

static void print_command(const struct command *command)
{
	for (size_t i = 0; i < command->count; i++) {
		if (i > 0)
			putchar(' ');
		print_quoted(command->words[i]);
	}
	putchar('\n');
}

/* curl's own exit status isn't ours: 0 where the agent did what was asked. */
static bool run_command(const struct command *command)
{
	struct subprocess_output output = {0};
	bool good;
	int r;

	r = subprocess_run_into((const char *const *)command->words, -1, STDOUT_FILENO,
				CURL_LIMIT_MS, &output);
	if (r < 0)
		log_error("curl: '%s' failed (%s)", CURL_PATH, error_text(r));
	if (output.length > 0 && output.text[output.length - 1] != '\n')
		(void)!write(STDOUT_FILENO, "\n", 1);
	good = r == 0 && output.status == 0;
	subprocess_output_done(&output);
	return good;
}

static bool check_target(const struct request *request)
{
	for (const char *c = request->method; *c; c++)
		if (!isupper((unsigned char)*c)) {
			log_error("curl: '%s' is no method; GET, PUT, DELETE or POST are known",
				  request->method);
			return false;
		}
	if (*request->target != '/' || strpbrk(request->target, " #")) {
		log_error("curl: '%s' is no path such as /v1/status; PROTOCOL.md lists them",
			  request->target);
		return false;
	}
	return true;
}

static bool load_body(struct request *request)
{
	int r;

	if (!request->body)
		return true;
	if (*request->body != '@') {
		request->content = strdup(request->body);
		request->length = strlen(request->body);
		r = request->content ? 0 : -ENOMEM;
	} else {
		r = file_load(request->body + 1, CHANGE_CONTENT_MAX, &request->content,
			      &request->length, NULL);
	}
	if (r < 0)
		log_error("curl: can't read '%s' (%s)", request->body, error_text(r));
	return r == 0;
}

static bool act(const struct request *request, bool runs)
{
	struct command command = {0};
	bool good;
	int r;

	r = build(&command, request);
	if (r < 0)
		log_error("curl: the request can't be signed (%s)", error_text(r));
	good = r == 0 && (!runs || run_command(&command));
	if (r == 0 && !runs)
		print_command(&command);
	for (size_t i = 0; i < command.count; i++)
		free(command.words[i]);
	return good;
}

int cmd_curl(struct verb_call *call)
{
	struct outbox_slave *slaves = NULL;
	struct request request = {0};
	bool runs = false, good;
	const struct verb_option options[] = {
		{"-x", &runs, NULL},
		{NULL, NULL, NULL},
	};
	size_t count = 0;

	if (!verb_parse(call, options, 3, 4))
		return VERB_USAGE;
	request.method = call->argv[1];
	request.target = call->argv[2];
	request.body = call->argc == 4 ? call->argv[3] : NULL;
	if (!check_target(&request))
		return VERB_USAGE;
	if (!cmd_open(call, &request.context))
		return VERB_FAILED;
	good = cmd_load_key(&request.context) && load_body(&request);
	if (good && outbox_slave_list(request.context.outbox, &slaves, &count) == 0)
		request.slave = cmd_find_slave(slaves, count, call->argv[0]);
	good = good && request.slave && act(&request, runs);
	free(request.content);
	free(slaves);
	cmd_close(&request.context);
	return good ? VERB_OK : VERB_FAILED;
}
