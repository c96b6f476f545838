#include "slave-agent/control_program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/subprocess.h"

#define REFUSAL	      "' failed: "
#define ARGUMENTS_MAX (9 + CONTROL_WORDS_MAX + 1)

/* `rndc: 'zonestatus' failed: not found`, and what else named says in the lines behind it. */
static void read_refusal(const char *at, struct rndc_reply *ret_reply)
{
	size_t length = strcspn(at, "\r\n");

	*ret_reply = (struct rndc_reply){.result = 1};
	snprintf(ret_reply->error, sizeof(ret_reply->error), "%.*s", (int)length, at);
	at += length;
	at += strspn(at, "\r\n");
	snprintf(ret_reply->text, sizeof(ret_reply->text), "%s", at);
}

/* rndc has one exit status for all failures; its words tell them apart. */
static int judge(const struct agent_config *config, const struct rndc_key *key,
		 const struct subprocess_output *output, struct rndc_reply *ret_reply,
		 struct reason *why)
{
	static const char *const unknown[] = {"recv failed", "send failed", "timed out"};
	char line[REASON_SIZE];
	const char *refusal;

	if (output->status == 0) {
		*ret_reply = (struct rndc_reply){0};
		return 0;
	}
	refusal = strstr(output->text, REFUSAL);
	if (refusal) {
		read_refusal(refusal + strlen(REFUSAL), ret_reply);
		return 0;
	}
	subprocess_first_line(output, line, sizeof(line));
	if (strstr(line, "connect failed") || strstr(line, "connection failed"))
		return reason_fail(why, ZP_ENAMEDDOWN,
				   "named doesn't answer on its control channel %s#%u: %s",
				   key->server, (unsigned int)key->port, line);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (strstr(line, unknown[i]))
			return reason_fail(why, -ETIMEDOUT, "whether named did it isn't known: %s",
					   line);
	return reason_fail(why, ZP_EPROGRAM,
			   "rndc can't use named's control channel: %s (see rndc-key: '%s')", line,
			   config->rndc_key);
}

int control_program_run(const struct agent_config *config, const struct rndc_key *key,
			const char *const words[], unsigned int limit_ms,
			struct rndc_reply *ret_reply, struct reason *why)
{
	struct subprocess_output output = {0};
	char port[8];
	/* All said: rndc would look into other files for what it isn't told. */
	const char *argv[ARGUMENTS_MAX] = {config->rndc, "-c",	    config->rndc_key,
					   "-y",	 key->name, "-s",
					   key->server,	 "-p",	    port};
	size_t count = 9;
	int r;

	snprintf(port, sizeof(port), "%u", (unsigned int)key->port);
	for (; *words && count < ARGUMENTS_MAX - 1; words++)
		argv[count++] = *words;
	r = subprocess_run(argv, -1, limit_ms, &output);
	if (r == 0)
		r = judge(config, key, &output, ret_reply, why);
	else if (r == -ETIMEDOUT)
		reason_set(why, "named didn't answer within %u s", limit_ms / 1000);
	else
		r = reason_fail(why, ZP_EPROGRAM, "can't run '%s' (%s)", config->rndc,
				error_text(r));
	subprocess_output_done(&output);
	return r;
}
