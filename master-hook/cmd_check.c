#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/cmd.h"
#include "master-hook/outbox_sync.h"
#include "master-hook/progress.h"
#include "master-hook/serials.h"
#include "proto/clock.h"
#include "proto/key.h"
#include "proto/log.h"
#include "proto/name_set.h"
#include "proto/table.h"
#include "proto/text.h"

#define CHUNK_ZONES 1000 /* asked for at once, of all servers */
#define STATE_SIZE  120
#define ZONES_MAX   10000000

/* The first is the primary, this server's own named. */
struct server {
	const char *name;
	struct address address;
	bool is_known; /* its address is */
};

struct check {
	struct cmd_context context;
	struct outbox_slave *slaves;
	struct server *servers;
	size_t n_servers;
	struct name_set zones;
	bool tells_all; /* also of zones that are as they should be */

	struct serials_question *questions; /* of one chunk: zone by zone, server by server */
	struct progress progress;
	struct table *table;
	json_t *list; /* instead of the table; NULL: it isn't asked for */
	uint64_t checked, differing;
};

static bool find_servers(struct check *check)
{
	struct reason why;
	size_t count = 0;
	int r;

	r = outbox_slave_list(check->context.outbox, &check->slaves, &count);
	if (r < 0) {
		cmd_explain_outbox(&check->context, "check", r);
		return false;
	}
	check->servers = calloc(count + 1, sizeof(*check->servers));
	if (!check->servers) {
		log_error("check: out of memory");
		return false;
	}
	check->servers[0] = (struct server){"primary", check->context.config.named, true};
	check->n_servers = count + 1;
	for (size_t i = 0; i < count; i++) {
		struct server *server = &check->servers[i + 1];

		server->name = check->slaves[i].name;
		server->is_known =
			serials_find_server(&check->slaves[i], &server->address, &why) == 0;
		if (!server->is_known)
			log_error("check: slave '%s': %s", server->name, why.text);
	}
	return true;
}

static bool take_names(struct check *check, int count, char **names)
{
	struct zone_name zone;
	struct reason why;

	for (int i = 0; i < count; i++) {
		if (zone_name_parse(names[i], &zone, &why) < 0) {
			log_error("check: %s", why.text);
			return false;
		}
		if (name_set_add(&check->zones, zone.text) < 0) {
			log_error("check: out of memory");
			return false;
		}
	}
	return true;
}

/* So many of them at random: each in turn is taken as probably as what is left to be taken. */
static int take_sample(const struct name_set *all, uint64_t wanted, struct name_set *sample)
{
	uint64_t left = wanted < all->count ? wanted : all->count;
	int r = 0;

	for (size_t i = 0; r == 0 && left > 0 && i < all->count; i++) {
		if (key_random_below((uint32_t)(all->count - i)) >= left)
			continue;
		r = name_set_add(sample, name_set_get(all, i));
		left--;
	}
	return r;
}

static bool take_all(struct check *check, uint64_t sample)
{
	struct name_set all = {0};
	int r;

	r = outbox_list_present(check->context.outbox, &all);
	if (r == 0)
		r = take_sample(&all, sample, &check->zones);
	name_set_done(&all);
	if (r < 0)
		cmd_explain_outbox(&check->context, "check", r);
	return r == 0;
}

/* RFC 1982: whether a comes before b. */
static bool is_before(uint32_t a, uint32_t b)
{
	return a != b && b - a < UINT32_C(0x80000000);
}

static void describe_behind(struct check *check, const struct zone_name *zone,
			    char ret_state[static STATE_SIZE])
{
	int64_t now = (int64_t)(clock_microseconds() / 1000);
	struct outbox_zone wanted;

	snprintf(ret_state, STATE_SIZE, "behind");
	if (outbox_find(check->context.outbox, zone, &wanted) == 0)
		snprintf(ret_state, STATE_SIZE, "behind; Plesk last changed it %" PRId64 " s ago",
			 (now - wanted.changed_at) / 1000);
}

/* What is to be said of one server's answer, beside the primary's. Returns whether it is right. */
static bool describe(struct check *check, const struct serials_question *primary,
		     const struct serials_question *question, char ret_state[static STATE_SIZE])
{
	const struct soa_answer *there = &primary->answer, *here = &question->answer;

	*ret_state = '\0';
	if (here->outcome != SOA_SERIAL) {
		serials_render(here, ret_state);
		return false;
	}
	if (there->outcome != SOA_SERIAL) {
		snprintf(ret_state, STATE_SIZE, "still serves it");
		return question == primary;
	}
	if (here->serial == there->serial)
		return true;
	if (is_before(here->serial, there->serial))
		describe_behind(check, &question->zone, ret_state);
	else
		snprintf(ret_state, STATE_SIZE,
			 "ahead of the primary, and won't transfer until that is past it");
	return false;
}

/* One server's answer in words. Returns whether it is right. */
static bool describe_server(struct check *check, const struct serials_question *questions, size_t i,
			    char ret_state[static STATE_SIZE])
{
	if (check->servers[i].is_known)
		return describe(check, &questions[0], &questions[i], ret_state);
	snprintf(ret_state, STATE_SIZE, "its address isn't known");
	return false;
}

static bool has_serial(const struct check *check, const struct serials_question *questions,
		       size_t i)
{
	return check->servers[i].is_known && questions[i].answer.outcome == SOA_SERIAL;
}

static int add_rows(struct check *check, const struct serials_question *questions)
{
	char address[ADDRESS_SIZE], serial[16], state[STATE_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < check->n_servers; i++) {
		const struct server *server = &check->servers[i];
		bool is_right = describe_server(check, questions, i, state);

		snprintf(serial, sizeof(serial), "-");
		if (has_serial(check, questions, i))
			snprintf(serial, sizeof(serial), "%u",
				 (unsigned int)questions[i].answer.serial);
		address_render(&server->address, address);
		const char *cells[] = {i == 0 ? questions[0].zone.text : "", server->name,
				       server->is_known ? address : "-", serial,
				       is_right ? "" : state};

		r = table_add(check->table, cells);
		if (r == 0 && !is_right)
			table_colour(check->table, 4, TABLE_RED);
	}
	return r;
}

static int add_json(struct check *check, const struct serials_question *questions)
{
	json_t *servers = json_array();
	char state[STATE_SIZE];

	for (size_t i = 0; i < check->n_servers; i++) {
		bool is_right = describe_server(check, questions, i, state);

		json_array_append_new(servers,
				      json_pack("{s:s, s:o, s:b, s:o}", "server",
						check->servers[i].name, "serial",
						has_serial(check, questions, i)
							? json_integer(questions[i].answer.serial)
							: json_null(),
						"right", is_right, "why",
						is_right ? json_null() : json_string(state)));
	}
	return json_array_append_new(check->list,
				     json_pack("{s:s, s:o}", "zone", questions[0].zone.text,
					       "servers", servers)) < 0
		       ? -ENOMEM
		       : 0;
}

static int judge(struct check *check, const struct serials_question *questions)
{
	char state[STATE_SIZE];
	bool agrees = true;

	for (size_t i = 0; i < check->n_servers; i++)
		agrees &= describe_server(check, questions, i, state);
	check->checked++;
	check->differing += !agrees;
	if (agrees && !check->tells_all)
		return 0;
	return check->list ? add_json(check, questions) : add_rows(check, questions);
}

static void show_progress(void *context, uint64_t answered)
{
	struct check *check = context;

	progress_update(&check->progress, check->checked + answered / check->n_servers);
}

/* A server without an address gets no question, and its answer says so. */
static size_t prepare(struct check *check, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t zone = from; zone < to; zone++)
		for (size_t i = 0; i < check->n_servers; i++) {
			struct serials_question *question = &check->questions[count++];

			*question = (struct serials_question){
				.server = check->servers[i].is_known ? check->servers[i].address
								     : check->servers[0].address,
			};
			snprintf(question->zone.text, sizeof(question->zone.text), "%s",
				 name_set_get(&check->zones, zone));
		}
	return count;
}

static int check_chunk(struct check *check, size_t from, size_t to)
{
	size_t count = prepare(check, from, to);
	int r;

	r = serials_ask(check->questions, count, SERIALS_NO_LIMIT, show_progress, check);
	for (size_t at = 0; r == 0 && at < count; at += check->n_servers)
		r = judge(check, &check->questions[at]);
	return r;
}

static int check_zones(struct check *check)
{
	static const char *const headings[] = {"ZONE", "SERVER", "ADDRESS", ">SERIAL", "STATE"};
	size_t to;
	int r;

	check->questions = calloc(CHUNK_ZONES * check->n_servers, sizeof(*check->questions));
	if (!check->questions)
		return -ENOMEM;
	r = table_new(headings, sizeof(headings) / sizeof(headings[0]), &check->table);
	progress_start(&check->progress, "check", "zones", check->zones.count);
	for (size_t from = 0; r == 0 && from < check->zones.count; from = to) {
		to = from + CHUNK_ZONES < check->zones.count ? from + CHUNK_ZONES
							     : check->zones.count;
		r = check_chunk(check, from, to);
	}
	progress_end(&check->progress);
	return r;
}

static void print_table(const struct check *check)
{
	if (check->tells_all || check->differing > 0)
		table_print(check->table, stdout);
	printf("%szones checked on %zu servers: %" PRIu64 ", of which %" PRIu64 " differ\n",
	       check->tells_all || check->differing > 0 ? "\n" : "", check->n_servers,
	       check->checked, check->differing);
}

static int report(const struct check *check)
{
	if (!check->list) {
		print_table(check);
		return 0;
	}
	return cmd_print_json(json_pack("{s:I, s:I, s:O}", "checked", (json_int_t)check->checked,
					"differing", (json_int_t)check->differing, "zones",
					check->list));
}

static bool run(struct check *check)
{
	int r;

	if (!find_servers(check))
		return false;
	name_set_sort(&check->zones);
	r = check_zones(check);
	if (r == 0)
		r = report(check);
	if (r < 0)
		log_error("check: %s", error_text(r));
	return r == 0 && check->differing == 0;
}

static void done(struct check *check)
{
	table_free(check->table);
	json_decref(check->list);
	name_set_done(&check->zones);
	free(check->questions);
	free(check->servers);
	free(check->slaves);
	cmd_close(&check->context);
}

static bool parse_sample(const char *text, uint64_t *ret_sample)
{
	*ret_sample = ZONES_MAX;
	if (!text || text_parse_integer(text, 1, ZONES_MAX, ret_sample) == 0)
		return true;
	log_error("check: --sample takes a number from 1 to %d, not '%s'", ZONES_MAX, text);
	return false;
}

int cmd_check(struct verb_call *call)
{
	const char *sample_text = NULL;
	struct check check = {0};
	bool all = false, as_json = false, good;
	const struct verb_option options[] = {
		{"--all", &all, NULL},
		{"--sample", NULL, &sample_text},
		{"--json", &as_json, NULL},
		{NULL, NULL, NULL},
	};
	uint64_t sample;

	if (!verb_parse(call, options, 0, 1000) || !parse_sample(sample_text, &sample))
		return VERB_USAGE;
	all |= sample_text != NULL;
	if (all == (call->argc > 0)) {
		log_error("check: say which zones, or --all, or --sample N");
		return VERB_USAGE;
	}
	if (!cmd_open(call, &check.context))
		return VERB_FAILED;
	check.tells_all = !all;
	check.list = as_json ? json_array() : NULL;
	good = (all ? take_all(&check, sample) : take_names(&check, call->argc, call->argv)) &&
	       run(&check);
	done(&check);
	return good ? VERB_OK : VERB_FAILED;
}
