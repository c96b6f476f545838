#include "master-hook/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/ask.h"
#include "master-hook/serials.h"
#include "proto/problem.h"

#define TARGET_SIZE (ZONE_NAME_PATH_SIZE + 16)

static int fail_outbox(struct cmd_context *context, int error, struct reason *why)
{
	return reason_fail(why, error, "the outbox failed (%s: %s)", error_text(error),
			   outbox_reason(context->outbox));
}

static int add_wanted(struct cmd_context *context, const struct zone_name *zone, json_t *json,
		      struct reason *why)
{
	struct outbox_zone wanted;
	int r;

	r = outbox_find(context->outbox, zone, &wanted);
	if (r == -ENOENT) {
		json_object_set_new(json, "wanted", json_null());
		return 0;
	}
	if (r < 0)
		return fail_outbox(context, r, why);
	json_object_set_new(json, "wanted",
			    json_pack("{s:b, s:I, s:I, s:o}", "present", wanted.present,
				      "generation", (json_int_t)wanted.generation, "since",
				      (json_int_t)(wanted.changed_at / 1000), "serial",
				      wanted.has_serial ? json_integer(wanted.serial)
							: json_null()));
	return 0;
}

static int add_primary(struct cmd_context *context, const struct zone_name *zone, json_t *json,
		       struct reason *why)
{
	struct serials_question question = {.zone = *zone, .server = context->config.named};
	char address[ADDRESS_SIZE], answer[SERIALS_TEXT_SIZE];
	int r;

	r = serials_ask(&question, 1, SERIALS_NO_LIMIT, NULL, NULL);
	if (r < 0)
		return reason_fail(why, r, "can't ask the local name server (%s)", error_text(r));
	address_render(&question.server, address);
	serials_render(&question.answer, answer);
	json_object_set_new(json, "primary",
			    json_pack("{s:s, s:o, s:s}", "address", address, "serial",
				      question.answer.outcome == SOA_SERIAL
					      ? json_integer(question.answer.serial)
					      : json_null(),
				      "answer", answer));
	return 0;
}

static json_t *owed_to_json(const struct outbox_owed *owed)
{
	if (owed->since == 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:o}", "since", (json_int_t)(owed->since / 1000),
			 "attempts", (json_int_t)owed->attempts, "retry",
			 (json_int_t)(owed->retry_at / 1000), "error",
			 *owed->error ? json_string(owed->error) : json_null());
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

/* Takes over what the agent says of the zone, and says in words how it answered. */
static void add_answer(const struct client_call *call, json_t *json)
{
	struct problem problem;
	json_t *answer;

	if (call->error < 0) {
		json_object_set_new(json, "answer", json_string(call->why.text));
		return;
	}
	if (call->status != 200) {
		bool is_known = problem_parse(call->reply.data, call->reply.length, &problem) == 0;

		json_object_set_new(
			json, "answer",
			json_string(call->status == 404 ? "doesn't have it"
				    : is_known		? problem.detail
					       : "the agent answered with an unknown status"));
		return;
	}
	answer = json_loadb(call->reply.data, call->reply.length, JSON_REJECT_DUPLICATES, NULL);
	json_object_set_new(json, "answer", json_string(answer ? "has it" : "isn't understood"));
	json_object_update_missing(json, answer);
	json_decref(answer);
}

static const char *judge_serving(const char *state)
{
	static const struct {
		const char *state, *words;
	} verdicts[] = {
		{"serving", NULL},
		{"transferring", "its contents are on their way; if that stays so, may this slave "
				 "transfer zones here (`zonepush check` asks its name server)?"},
		{"behind", "it serves an older serial, and was told to fetch the newer one"},
		{"primary-refuses", "this server's named doesn't serve the zone to it: is its "
				    "address in Plesk's transfer ACL?"},
		{"primary-unreachable", "it can't reach this server's named: does it have the "
					"right addresses (`primaries`), is port 53 open to it?"},
		{"expired", "it has no valid contents any more, and was told to fetch them"},
		{"missing", "its named doesn't know the zone, and is told again within ten "
			    "minutes; `zonepush-agent explain` there says more"},
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(verdicts[i].state, state) == 0)
			return verdicts[i].words;
	return "it hasn't looked yet whether it is served; ask again in a moment";
}

static const char *judge_owed(const json_t *slave, bool is_paused)
{
	if (is_paused)
		return "nothing is sent to it while it is paused: `zonepush slave resume`";
	if (json_is_string(json_object_get(json_object_get(slave, "owed"), "error")))
		return "it refuses the change, which is tried again";
	return "the change isn't delivered yet; `zonepush status` says why, `zonepush deliver` "
	       "tries now";
}

/* NULL where all is as it should be. */
static const char *judge(const json_t *slave, bool is_wanted, bool is_paused)
{
	const char *state = text_of(slave, "state");
	bool has_it = json_object_get(slave, "state");

	if (!json_is_null(json_object_get(slave, "owed")))
		return judge_owed(slave, is_paused);
	if (!is_wanted)
		return has_it ? "it isn't wanted here; `zonepush sync` looks after that" : NULL;
	if (!has_it && strcmp(text_of(slave, "answer"), "doesn't have it") == 0)
		return "it took the zone, and doesn't have it now: `zonepush sync`";
	if (!has_it)
		return "it can't be asked; what it serves is for `zonepush check` to see";
	if (strcmp(state, "accepted") == 0)
		return "it waits for its named; `zonepush-agent status` there says why";
	if (strcmp(state, "claimed") == 0)
		return "another master has the zone, or one that overlaps; the slave's "
		       "administrator decides (`zonepush-agent zone give`)";
	if (strcmp(state, "failing") == 0)
		return "its named can't have it as it is; tried again when that changes";
	return judge_serving(text_of(json_object_get(slave, "serving"), "state"));
}

static int add_slave(struct cmd_context *context, const struct zone_name *zone,
		     const struct outbox_slave *slave, const struct client_call *call, json_t *json)
{
	bool is_wanted = json_is_true(json_object_get(json_object_get(json, "wanted"), "present"));
	json_t *entry = json_pack("{s:s}", "slave", slave->name);
	struct outbox_owed owed;
	const char *verdict;
	int r;

	r = outbox_find_owed(context->outbox, slave->id, zone, &owed);
	if (r < 0) {
		json_decref(entry);
		return r;
	}
	json_object_set_new(entry, "owed", owed_to_json(&owed));
	add_answer(call, entry);
	verdict = judge(entry, is_wanted, slave->is_paused);
	json_object_set_new(entry, "verdict", verdict ? json_string(verdict) : json_null());
	json_object_set_new(entry, "well", json_boolean(!verdict));
	if (verdict)
		json_object_set_new(json, "well", json_false());
	json_array_append_new(json_object_get(json, "slaves"), entry);
	return 0;
}

static int ask_slaves(struct cmd_context *context, const struct zone_name *zone,
		      const struct outbox_slave *slaves, size_t count, json_t *json,
		      struct reason *why)
{
	char target[TARGET_SIZE], path[ZONE_NAME_PATH_SIZE];
	struct client_call *calls = calloc(count + 1, sizeof(*calls));
	int r;

	if (!calls)
		return reason_fail(why, -ENOMEM, "out of memory");
	zone_name_render_path(zone, path);
	snprintf(target, sizeof(target), "/v1/zones/%s", path);
	for (size_t i = 0; i < count; i++)
		calls[i] = (struct client_call){
			.url = slaves[i].url,
			.agent = slaves[i].key,
			.method = "GET",
			.target = target,
			.limit = ASK_LIMIT_MS,
		};
	r = ask_all(&context->config, context->key, calls, count);
	if (r < 0)
		reason_set(why, "can't ask the slaves (%s)", error_text(r));
	for (size_t i = 0; i < count; i++) {
		if (r == 0) {
			r = add_slave(context, zone, &slaves[i], &calls[i], json);
			if (r < 0)
				fail_outbox(context, r, why);
		}
		client_call_done(&calls[i]);
	}
	free(calls);
	return r;
}

/* What nobody wants isn't well, nor is what is wanted and not served by its primary. */
static bool is_known_well(const json_t *json)
{
	const json_t *wanted = json_object_get(json, "wanted");

	if (!json_is_true(json_object_get(wanted, "present")))
		return !json_is_null(wanted);
	return json_is_integer(json_object_get(json_object_get(json, "primary"), "serial"));
}

int explain_zone(struct cmd_context *context, const struct zone_name *zone, json_t **ret_json,
		 struct reason *why)
{
	json_t *json = json_pack("{s:s, s:[], s:b}", "zone", zone->text, "slaves", "well", true);
	struct outbox_slave *slaves = NULL;
	size_t count = 0;
	int r;

	r = outbox_slave_list(context->outbox, &slaves, &count);
	if (r < 0)
		fail_outbox(context, r, why);
	if (r == 0)
		r = add_wanted(context, zone, json, why);
	if (r == 0)
		r = add_primary(context, zone, json, why);
	if (r == 0)
		r = ask_slaves(context, zone, slaves, count, json, why);
	free(slaves);
	if (r < 0) {
		json_decref(json);
		return r;
	}
	if (!is_known_well(json))
		json_object_set_new(json, "well", json_false());
	*ret_json = json;
	return 0;
}
