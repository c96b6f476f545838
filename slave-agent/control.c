#include "slave-agent/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/file.h"
#include "proto/log.h"
#include "slave-agent/control_program.h"
#include "slave-agent/rndc.h"
#include "slave-agent/rndc_key.h"

#define COMMAND_SIZE 512 /* a verb, a zone, a view */

struct control {
	const struct agent_config *config;
	struct rndc *rndc;

	struct rndc_key key;
	struct file_stamp key_stamp; /* of the file, when `key` was read */
	bool has_key;
	bool by_program;
	uint64_t programs; /* how often the program was run */
};

int control_new(const struct agent_config *config, struct control **ret_control)
{
	struct control *control;
	int r;

	control = calloc(1, sizeof(*control));
	if (!control)
		return -ENOMEM;
	control->config = config;
	r = rndc_new(&control->rndc);
	if (r < 0) {
		free(control);
		return r;
	}
	*ret_control = control;
	return 0;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	rndc_free(control->rndc);
	rndc_key_done(&control->key);
	free(control);
}

uint64_t control_get_epoch(const struct control *control)
{
	return rndc_get_epoch(control->rndc) + control->programs;
}

static void choose_program(struct control *control, const char *because)
{
	control->by_program = true;
	log_notice("control: '%s' is run for each command to named, which is slower (%s)",
		   control->config->rndc, because);
}

static void take_key(struct control *control, const struct rndc_key *key)
{
	struct reason because;

	rndc_key_done(&control->key);
	control->key = *key;
	control->has_key = true;
	control->by_program = false;
	rndc_set_peer(control->rndc, &control->key.address, control->key.secret);
	if (!key->beyond[0])
		return;
	reason_set(&because, "the control key '%s' needs that: %s", control->config->rndc_key,
		   key->beyond);
	choose_program(control, because.text);
}

/* Reads the key file, unless it is as it was: rndc-confgen may have made another one. */
static int refresh_key(struct control *control, struct reason *why)
{
	const struct agent_config *config = control->config;
	struct file_stamp stamp;
	struct rndc_key key;
	int r;

	file_stamp_take(config->rndc_key, &stamp);
	if (control->has_key && file_stamp_is_equal(&stamp, &control->key_stamp))
		return 0;
	r = rndc_key_load(config->rndc_key, config->rndc_address, (uint16_t)config->rndc_port, &key,
			  why);
	if (r < 0)
		return r;
	control->key_stamp = stamp;
	take_key(control, &key);
	return 0;
}

static int run_native(struct control *control, const char *const words[], unsigned int limit_ms,
		      struct rndc_reply *ret_reply, struct reason *why)
{
	char command[COMMAND_SIZE] = "";
	size_t used = 0;

	for (; *words && used < sizeof(command); words++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "%s%s",
					 used ? " " : "", *words);
	if (used >= sizeof(command))
		return reason_fail(why, ZP_ETOOBIG, "a command to named is longer than %zu bytes",
				   sizeof(command) - 1);
	return rndc_command(control->rndc, command, limit_ms, ret_reply, why);
}

/* Has named do a command and gives its reply, refusals included. */
static int run(struct control *control, const char *const words[], unsigned int limit_ms,
	       struct rndc_reply *ret_reply, struct reason *why)
{
	int r;

	r = refresh_key(control, why);
	if (r < 0)
		return r;
	if (!control->by_program) {
		r = run_native(control, words, limit_ms, ret_reply, why);
		/* The key may come from a file that the key file includes. */
		if (r == ZP_EPROGRAM)
			control->has_key = false;
		if (r != ZP_EVERSION)
			return r;
		choose_program(control, why->text);
	}
	control->programs++;
	return control_program_run(control->config, &control->key, words, limit_ms, ret_reply, why);
}

static int refuse(const char *verb, const struct rndc_reply *reply, struct reason *why)
{
	int length = (int)strcspn(reply->text, "\r\n");

	if (length == 0)
		return reason_fail(why, ZP_ENAMED, "named refused '%s': %s", verb, reply->error);
	return reason_fail(why, ZP_ENAMED, "named refused '%s': %s (%.*s)", verb, reply->error,
			   length, reply->text);
}

static int run_simple(struct control *control, const char *verb, uint64_t limit_ms,
		      struct reason *why)
{
	const char *const words[] = {verb, NULL};
	struct rndc_reply reply;
	int r;

	r = run(control, words, (unsigned int)limit_ms, &reply, why);
	if (r == 0 && reply.result != 0)
		r = refuse(verb, &reply, why);
	return r;
}

static int run_on_zone(struct control *control, const char *verb, const struct zone_name *zone,
		       struct rndc_reply *ret_reply, struct reason *why)
{
	const char *view = control->config->view;
	const char *const words[] = {verb, zone->text, *view ? "IN" : NULL, view, NULL};

	return run(control, words, CONTROL_LIMIT_MS, ret_reply, why);
}

static int run_and_judge(struct control *control, const char *verb, const struct zone_name *zone,
			 struct reason *why)
{
	struct rndc_reply reply;
	int r;

	r = run_on_zone(control, verb, zone, &reply, why);
	if (r == 0 && reply.result != 0)
		r = refuse(verb, &reply, why);
	return r;
}

/* The result alone, "not found", would also be that of a view that isn't there. */
static bool is_missing(const struct rndc_reply *reply)
{
	return reply->result != 0 && strstr(reply->text, "no matching zone");
}

int control_reconfig(struct control *control, struct reason *why)
{
	return run_simple(control, "reconfig", control->config->rndc_timeout, why);
}

int control_ping(struct control *control, struct reason *why)
{
	return run_simple(control, "status", CONTROL_PING_LIMIT_MS, why);
}

int control_refresh(struct control *control, const struct zone_name *zone, struct reason *why)
{
	return run_and_judge(control, "refresh", zone, why);
}

int control_retransfer(struct control *control, const struct zone_name *zone, struct reason *why)
{
	return run_and_judge(control, "retransfer", zone, why);
}

int control_delete_zone(struct control *control, const struct zone_name *zone, struct reason *why)
{
	struct rndc_reply reply;
	int r;

	r = run_on_zone(control, "delzone", zone, &reply, why);
	if (r == 0 && reply.result != 0 && !is_missing(&reply))
		r = refuse("delzone", &reply, why);
	return r;
}

int control_zone_status(struct control *control, const struct zone_name *zone, bool *ret_known,
			struct reason *why)
{
	struct rndc_reply reply;
	bool missing;
	int r;

	r = run_on_zone(control, "zonestatus", zone, &reply, why);
	if (r < 0)
		return r;
	missing = is_missing(&reply);
	/* One that has no data yet is refused, too. */
	if (reply.result != 0 && !missing && strcmp(reply.error, "zone not loaded") != 0)
		return refuse("zonestatus", &reply, why);
	*ret_known = !missing;
	return 0;
}

int control_get_clause(struct control *control, const struct zone_name *zone, char *ret_clause,
		       size_t size, struct reason *why)
{
	struct rndc_reply reply;
	int r;

	r = run_on_zone(control, "showzone", zone, &reply, why);
	if (r < 0)
		return r;
	if (reply.result != 0 && !is_missing(&reply))
		return refuse("showzone", &reply, why);
	snprintf(ret_clause, size, "%s", reply.result == 0 ? reply.text : "");
	return 0;
}
