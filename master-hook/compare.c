#include "master-hook/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "master-hook/client.h"
#include "proto/clock.h"
#include "proto/digest.h"
#include "proto/problem.h"

#define PAGE_ZONES  1000
#define TARGET_SIZE (64 + ZONE_NAME_MAX)

/* In one bucket: more than any slave has. A slave's word isn't taken for more. */
#define BUCKET_ZONES_MAX 1000000

/* What is wanted, in buckets. */
struct bucket {
	struct name_set names;
	char digest[DIGEST_HEX_SIZE];
};

struct comparison;

/* The conversation with one slave: one question at a time, each answer says what is next. */
struct visit {
	struct compare_slave *result;
	struct comparison *comparison;
	struct client_call call;
	char target[TARGET_SIZE];
	/* Takes the answer, and asks what is next. ZP_ESYNTAX with a reason: it can't be read. */
	int (*take)(struct visit *visit, const json_t *answer, struct reason *why);

	bool differs[ZONE_NAME_BUCKETS];
	unsigned int bucket;   /* that is being listed */
	struct name_set there; /* what of it has come so far */
};

struct comparison {
	const struct hook_config *config;
	struct client *client;
	struct bucket buckets[ZONE_NAME_BUCKETS];
	struct visit *visits;
};

static int fill_buckets(struct comparison *comparison, const struct name_set *wanted)
{
	struct zone_name zone;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->count; i++) {
		snprintf(zone.text, sizeof(zone.text), "%s", name_set_get(wanted, i));
		r = name_set_add(&comparison->buckets[zone_name_bucket(&zone)].names, zone.text);
	}
	return r;
}

/* The names came in order, so they are in order here. */
static int digest_bucket(struct bucket *bucket)
{
	struct text_buffer lines = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < bucket->names.count; i++)
		r = text_buffer_printf(&lines, "%s\n", name_set_get(&bucket->names, i));
	if (r == 0)
		digest_hex(lines.data ? lines.data : "", lines.length, bucket->digest);
	text_buffer_done(&lines);
	return r;
}

static int ask(struct visit *visit, int (*take)(struct visit *, const json_t *, struct reason *))
{
	const struct outbox_slave *slave = visit->result->slave;

	visit->take = take;
	visit->call = (struct client_call){
		.url = slave->url,
		.agent = slave->key,
		.method = "GET",
		.target = visit->target,
		.limit = visit->comparison->config->request_timeout,
		.owner = visit,
	};
	return client_start(visit->comparison->client, &visit->call);
}

static int note_missing(void *context, const char *name, bool is_left)
{
	struct compare_slave *result = context;

	return is_left ? name_set_add(&result->missing, name) : 0;
}

static int compare_bucket(struct visit *visit)
{
	name_set_sort(&visit->there);
	return name_set_compare(&visit->comparison->buckets[visit->bucket].names, &visit->there,
				note_missing, visit->result);
}

static int take_page(struct visit *visit, const json_t *answer, struct reason *why);

/* Lists the next bucket that differs. A slave that has nothing of it needn't be asked. */
static int ask_bucket(struct visit *visit)
{
	name_set_done(&visit->there);
	while (visit->bucket < ZONE_NAME_BUCKETS && !visit->differs[visit->bucket])
		visit->bucket++;
	if (visit->bucket == ZONE_NAME_BUCKETS) {
		visit->result->is_compared = true;
		return 0;
	}
	snprintf(visit->target, sizeof(visit->target), "/v1/zones?bucket=%02x&limit=%d",
		 visit->bucket, PAGE_ZONES);
	return ask(visit, take_page);
}

/* What a slave says goes no further unless it is the name of a zone. */
static int read_name(const json_t *json, struct zone_name *ret_name)
{
	const char *text = json_string_value(json);

	return text ? zone_name_parse(text, ret_name, NULL) : ZP_ESYNTAX;
}

static int note_surplus(struct compare_slave *result, const struct zone_name *name,
			uint64_t generation)
{
	size_t count = result->surplus.count;
	uint64_t *generations;

	/* Room is made by powers of two. */
	if ((count & (count - 1)) == 0) {
		generations = reallocarray(result->generations, count > 0 ? 2 * count : 1,
					   sizeof(*generations));
		if (!generations)
			return -ENOMEM;
		result->generations = generations;
	}
	result->generations[count] = generation;
	return name_set_add(&result->surplus, name->text);
}

static int take_row(struct visit *visit, const json_t *row)
{
	const struct name_set *wanted = &visit->comparison->buckets[visit->bucket].names;
	json_int_t generation = json_integer_value(json_object_get(row, "generation"));
	struct zone_name name;
	int r;

	r = read_name(json_object_get(row, "zone"), &name);
	if (r == 0 && (visit->there.count == BUCKET_ZONES_MAX || generation < 0))
		r = ZP_ESYNTAX;
	if (r == 0)
		r = name_set_add(&visit->there, name.text);
	if (r == 0 && !name_set_has(wanted, name.text))
		r = note_surplus(visit->result, &name, (uint64_t)generation);
	return r;
}

static int read_page(struct visit *visit, const json_t *zones)
{
	int r = json_is_array(zones) ? 0 : ZP_ESYNTAX;

	for (size_t i = 0; r == 0 && i < json_array_size(zones); i++)
		r = take_row(visit, json_array_get(zones, i));
	return r;
}

static int take_page(struct visit *visit, const json_t *answer, struct reason *why)
{
	const json_t *zones = json_object_get(answer, "zones");
	const json_t *next = json_object_get(answer, "next");
	struct zone_name after;
	int r;

	r = read_page(visit, zones);
	if (r == 0 && json_is_string(next))
		r = json_array_size(zones) > 0 ? read_name(next, &after) : ZP_ESYNTAX;
	if (r < 0)
		return reason_fail(why, r, "its list of zones can't be read (%s)", error_text(r));
	if (json_is_string(next)) {
		snprintf(visit->target, sizeof(visit->target),
			 "/v1/zones?bucket=%02x&limit=%d&after=%s", visit->bucket, PAGE_ZONES,
			 after.text);
		return ask(visit, take_page);
	}
	r = compare_bucket(visit);
	if (r < 0)
		return r;
	visit->bucket++;
	return ask_bucket(visit);
}

static int take_bucket_digest(struct visit *visit, unsigned int i, const json_t *bucket)
{
	const struct bucket *ours = &visit->comparison->buckets[i];
	const char *digest = json_string_value(json_object_get(bucket, "digest"));
	json_int_t zones = json_integer_value(json_object_get(bucket, "zones"));

	if (!digest || zones < 0)
		return ZP_ESYNTAX;
	visit->result->held += (uint64_t)zones;
	if (strcmp(digest, ours->digest) == 0)
		return 0;
	if (zones > 0) {
		visit->differs[i] = true;
		return 0;
	}
	return name_set_compare(&ours->names, &visit->there, note_missing, visit->result);
}

static int take_digests(struct visit *visit, const json_t *answer, struct reason *why)
{
	const json_t *buckets = json_object_get(answer, "buckets");
	int r = 0;

	if (json_array_size(buckets) != ZONE_NAME_BUCKETS)
		return reason_fail(why, ZP_ESYNTAX, "its digests can't be read");
	for (unsigned int i = 0; r == 0 && i < ZONE_NAME_BUCKETS; i++)
		r = take_bucket_digest(visit, i, json_array_get(buckets, i));
	if (r < 0)
		return reason_fail(why, r, "its digests can't be read (%s)", error_text(r));
	return ask_bucket(visit);
}

static int take_settings(struct visit *visit, const json_t *answer, struct reason *why)
{
	int r;

	r = primaries_from_json(json_object_get(answer, "primaries"), &visit->result->primaries);
	if (r < 0)
		return reason_fail(why, r, "its settings can't be read");
	snprintf(visit->target, sizeof(visit->target), "/v1/digests");
	return ask(visit, take_digests);
}

/* A slave that says something else than was asked for: why, in its own words if it has some. */
static int explain_status(const struct client_call *call, struct reason *why)
{
	struct problem problem;

	if (problem_parse(call->reply.data, call->reply.length, &problem) == 0)
		return reason_fail(why, ZP_ESYNTAX, "%s", problem.detail);
	return reason_fail(why, ZP_ESYNTAX, "the agent answered with HTTP status %d", call->status);
}

static int read_answer(struct visit *visit, const struct client_call *call, struct reason *why)
{
	json_t *answer;
	int r;

	if (call->error < 0)
		return reason_fail(why, call->error, "%s", call->why.text);
	if (call->status != 200)
		return explain_status(call, why);
	answer = json_loadb(call->reply.data ? call->reply.data : "", call->reply.length,
			    JSON_REJECT_DUPLICATES, NULL);
	if (!answer)
		return reason_fail(why, ZP_ESYNTAX, "its answer isn't JSON");
	r = visit->take(visit, answer, why);
	json_decref(answer);
	return r;
}

static int take_answer(struct visit *visit)
{
	struct client_call call = visit->call;
	int r;

	visit->call = (struct client_call){0}; /* room for the next one */
	visit->result->received += call.reply.length;
	if (call.error == 0)
		visit->result->state = call.state;
	r = read_answer(visit, &call, &visit->result->why);
	client_call_done(&call);
	return r == -ENOMEM || r == ZP_ELIBRARY ? r : 0;
}

static int visit_all(struct comparison *comparison, size_t count)
{
	struct client_call *call;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		snprintf(comparison->visits[i].target, TARGET_SIZE, "/v1/master");
		r = ask(&comparison->visits[i], take_settings);
	}
	/* Each question has its own limit, so that this ends. */
	while (r == 0 && client_count(comparison->client) > 0) {
		call = client_next(comparison->client, UINT64_MAX, -1);
		r = call ? take_answer(call->owner) : 0;
	}
	return r;
}

static int prepare(struct comparison *comparison, const struct key *key,
		   const struct name_set *wanted, struct compare_slave *slaves, size_t count)
{
	int r;

	comparison->visits = calloc(count + 1, sizeof(*comparison->visits));
	if (!comparison->visits)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		comparison->visits[i].result = &slaves[i];
		comparison->visits[i].comparison = comparison;
	}
	r = fill_buckets(comparison, wanted);
	for (unsigned int i = 0; r == 0 && i < ZONE_NAME_BUCKETS; i++)
		r = digest_bucket(&comparison->buckets[i]);
	if (r == 0)
		r = client_new(key, comparison->config->connect_timeout, &comparison->client);
	return r;
}

int compare_run(const struct hook_config *config, const struct key *key,
		const struct name_set *wanted, struct compare_slave *slaves, size_t count)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int r;

	if (!comparison)
		return -ENOMEM;
	comparison->config = config;
	r = prepare(comparison, key, wanted, slaves, count);
	if (r == 0)
		r = visit_all(comparison, count);
	client_free(comparison->client);
	for (size_t i = 0; comparison->visits && i < count; i++) {
		name_set_sort(&slaves[i].missing);
		client_call_done(&comparison->visits[i].call);
		name_set_done(&comparison->visits[i].there);
	}
	for (unsigned int i = 0; i < ZONE_NAME_BUCKETS; i++)
		name_set_done(&comparison->buckets[i].names);
	free(comparison->visits);
	free(comparison);
	return r;
}

void compare_done(struct compare_slave *slaves, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		name_set_done(&slaves[i].missing);
		name_set_done(&slaves[i].surplus);
		free(slaves[i].generations);
	}
}
