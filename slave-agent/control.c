/* temporary */
#include "slave-agent/control.h"
#include "proto/file.h"
#include "proto/subprocess.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define KEY_FILE_MAX  (64 * 1024)
#define KEY_NAME_SIZE 256
struct control {
	const struct agent_config *config;
};
/* rndc has one exit status for all failures; its words tell them apart. */
static int judge_rndc(const struct agent_config *config, const char *command,
		      const struct subprocess_output *output, struct reason *why)
{
	char line[REASON_SIZE];

	if (output->status == 0)
		return 0;

	subprocess_first_line(output, line, sizeof(line));
	if (strstr(output->text, "' failed: "))
		return reason_fail(why, ZP_ENAMED, "named refused '%s': %s", command, line);
	if (strstr(output->text, "connect failed") || strstr(output->text, "timed out") ||
	    strstr(output->text, "recv failed"))
		return reason_fail(why, ZP_ENAMEDDOWN,
				   "named doesn't answer on its control channel %s#%u: %s",
				   config->rndc_address, (unsigned int)config->rndc_port, line);
	return reason_fail(why, ZP_EPROGRAM,
			   "rndc can't use named's control channel: %s (see rndc-key: '%s')", line,
			   config->rndc_key);
}

/*
 * The name of the first key in a file like rndc.key. rndc has to be told: without -c it would take
 * another file where there is an rndc.conf, and with -c it takes no key by itself.
 */
static int find_key_name(const char *path, char *ret_name, size_t size, struct reason *why)
{
	size_t length = 0, name_length;
	char *text = NULL, *at;
	int r;

	r = file_load(path, KEY_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return reason_fail(why, r, "can't read the control key '%s' (%s); see rndc-key",
				   path, error_text(r));
	at = strstr(text, "key");
	at = at ? at + strlen("key") : text;
	at += strspn(at, " \t\"");
	name_length = strcspn(at, " \t\r\n\"{;");
	r = at > text && name_length > 0 && name_length < size ? 0 : ZP_ESYNTAX;
	if (r == 0)
		snprintf(ret_name, size, "%.*s", (int)name_length, at);
	else
		reason_set(why, "there is no `key \"NAME\" { ... };` in '%s'; see rndc-key", path);
	free(text);
	return r;
}

static int control(const struct agent_config *config, const char *command, const char *argument,
		   struct reason *why)
{
	struct subprocess_output output = {0};
	char key[KEY_NAME_SIZE], port[8];
	const char *argv[] = {
		config->rndc, "-c", config->rndc_key, "-y",	key, "-s", config->rndc_address,
		"-p",	      port, command,	      argument, NULL};
	int r;

	r = find_key_name(config->rndc_key, key, sizeof(key), why);
	if (r < 0)
		return r;
	snprintf(port, sizeof(port), "%u", (unsigned int)config->rndc_port);
	r = subprocess_run(argv, -1, (unsigned int)config->rndc_timeout, &output);
	if (r == 0)
		r = judge_rndc(config, command, &output, why);
	else if (r == -ETIMEDOUT)
		reason_set(why, "named didn't answer '%s' within %u s", command,
			   (unsigned int)(config->rndc_timeout / 1000));
	else
		reason_set(why, "can't run '%s' (%s)", config->rndc, error_text(r));
	subprocess_output_done(&output);
	return r;
}

int control_reconfig(struct control *c, struct reason *why)
{
	return control(c->config, "reconfig", NULL, why);
}

int control_refresh(struct control *c, const struct zone_name *zone, struct reason *why)
{
	return control(c->config, "refresh", zone->text, why);
}

int control_ping(struct control *c, struct reason *why)
{
	return control(c->config, "status", NULL, why);
}

int control_delete_zone(struct control *c, const struct zone_name *zone, struct reason *why)
{
	int r = control(c->config, "delzone", zone->text, why);
	return r == ZP_ENAMED && strstr(why->text, "not found") ? 0 : r;
}
int control_new(const struct agent_config *config, struct control **ret)
{
	*ret = calloc(1, sizeof(**ret));
	(*ret)->config = config;
	return 0;
}
void control_free(struct control *c)
{
	free(c);
}
