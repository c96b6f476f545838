#include "master-hook/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/table.h"

#define CLOCK_TOLERANCE 5 /* s */

bool report_is_well(const struct report_slave *slave)
{
	return slave->is_reached && slave->debt.pending == 0 && slave->failing == 0 &&
	       slave->accepted == 0 && slave->named_is_running && !*slave->named_error;
}

static void copy_text(char *target, size_t size, const json_t *json)
{
	const char *text = json_string_value(json);

	text_escape(text ? text : "", target, size);
}

static uint64_t number(const json_t *json, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(json, name));

	return value > 0 ? (uint64_t)value : 0;
}

int report_read_status(struct report_slave *slave, const char *text, size_t length)
{
	json_t *json = json_loadb(text ? text : "", length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *zones = json_object_get(json, "zones");
	const json_t *named = json_object_get(json, "named");

	if (!json_is_object(zones) || !json_is_object(named)) {
		json_decref(json);
		return ZP_ESYNTAX;
	}
	copy_text(slave->version, sizeof(slave->version), json_object_get(json, "version"));
	copy_text(slave->named_error, sizeof(slave->named_error), json_object_get(named, "error"));
	slave->named_is_running = json_is_true(json_object_get(named, "running"));
	slave->applied = number(zones, "applied");
	slave->accepted = number(zones, "accepted");
	slave->failing = number(zones, "failing");
	slave->clock_ahead = (int64_t)number(json, "clock") - clock_seconds();
	json_decref(json);
	return 0;
}

static const char *state_text(const struct report_slave *slave)
{
	if (slave->slave.is_paused)
		return "paused";
	if (!slave->is_reached)
		return "unreachable";
	if (!slave->named_is_running)
		return "named is down";
	if (*slave->named_error)
		return "named has trouble";
	if (slave->failing > 0)
		return "zones fail";
	if (slave->debt.pending > 0)
		return "behind";
	return slave->accepted > 0 ? "applying" : "ok";
}

/* `12 s`, `3 min`, `5 h`, `2 d`; "-" for never. */
static void age_text(int64_t since, char *ret_text, size_t size)
{
	int64_t seconds = ((int64_t)(clock_microseconds() / 1000) - since) / 1000;

	if (since == 0)
		snprintf(ret_text, size, "-");
	else if (seconds < 120)
		snprintf(ret_text, size, "%lld s", (long long)(seconds < 0 ? 0 : seconds));
	else if (seconds < 2 * 3600)
		snprintf(ret_text, size, "%lld min", (long long)(seconds / 60));
	else if (seconds < 2 * 86400)
		snprintf(ret_text, size, "%lld h", (long long)(seconds / 3600));
	else
		snprintf(ret_text, size, "%lld d", (long long)(seconds / 86400));
}

static int add_row(struct table *table, const struct report_slave *slave)
{
	char zones[24] = "-", failing[24] = "-", pending[24], oldest[24];

	if (slave->is_reached) {
		snprintf(zones, sizeof(zones), "%llu", (unsigned long long)slave->applied);
		snprintf(failing, sizeof(failing), "%llu", (unsigned long long)slave->failing);
	}
	snprintf(pending, sizeof(pending), "%llu", (unsigned long long)slave->debt.pending);
	age_text(slave->debt.oldest, oldest, sizeof(oldest));
	const char *cells[] = {
		slave->slave.name,
		slave->slave.url,
		state_text(slave),
		slave->is_reached ? slave->version : "-",
		zones,
		failing,
		pending,
		oldest,
	};

	return table_add(table, cells);
}

static void print_unreachable(const struct report_slave *slave)
{
	char age[24];

	age_text(slave->slave.answered_at, age, sizeof(age));
	if (slave->slave.answered_at)
		printf("%s: %s; it last took changes %s ago\n", slave->slave.name, slave->why.text,
		       age);
	else
		printf("%s: %s; it has never taken changes\n", slave->slave.name, slave->why.text);
}

/* What is behind a state that isn't ok, a line each. */
static void print_reasons(const struct report_slave *slave)
{
	const char *name = slave->slave.name;

	if (!slave->is_reached)
		print_unreachable(slave);
	else if (*slave->slave.error)
		printf("%s: the last delivery failed (%s)\n", name, slave->slave.error);
	if (*slave->named_error)
		printf("%s: %s\n", name, slave->named_error);
	if (slave->failing > 0)
		printf("%s: `zonepush-agent zone list` on the slave says why zones fail\n", name);
	if (*slave->debt.refusal)
		printf("%s: changes refused: %llu, the first: %s\n", name,
		       (unsigned long long)slave->debt.refused, slave->debt.refusal);
	if (slave->is_reached &&
	    (slave->clock_ahead > CLOCK_TOLERANCE || slave->clock_ahead < -CLOCK_TOLERANCE))
		printf("%s: its clock is %lld s %s this machine's\n", name,
		       llabs((long long)slave->clock_ahead),
		       slave->clock_ahead > 0 ? "ahead of" : "behind");
}

int report_print_table(const struct report_slave *slaves, size_t count, uint64_t n_zones)
{
	static const char *const headings[] = {"SLAVE",	 "URL",	     "STATE",	 "VERSION",
					       ">ZONES", ">FAILING", ">PENDING", ">OLDEST"};
	struct table *table = NULL;
	int r;

	printf("zones wanted here: %llu\n", (unsigned long long)n_zones);
	if (count == 0) {
		printf("no slave is known yet; see `zonepush slave add --help`\n");
		return 0;
	}
	r = table_new(headings, sizeof(headings) / sizeof(headings[0]), &table);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_row(table, &slaves[i]);
	if (r == 0) {
		printf("\n");
		table_print(table, stdout);
		for (size_t i = 0; i < count; i++)
			print_reasons(&slaves[i]);
	}
	table_free(table);
	return r;
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static const char *last_error(const struct report_slave *slave)
{
	if (!slave->is_reached)
		return slave->why.text;
	return *slave->named_error ? slave->named_error : slave->slave.error;
}

static json_t *slave_to_json(const struct report_slave *slave)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "name",
				 slave->slave.name, "url", slave->slave.url, "state",
				 state_text(slave), "reachable", slave->is_reached, "answered_at",
				 (json_int_t)(slave->slave.answered_at / 1000), "pending",
				 (json_int_t)slave->debt.pending, "refused",
				 (json_int_t)slave->debt.refused, "oldest_pending",
				 (json_int_t)(slave->debt.oldest / 1000), "error",
				 text_or_null(last_error(slave)));

	if (json && slave->is_reached)
		json_object_update_new(json, json_pack("{s:s, s:I, s:{s:I, s:I, s:I}, s:b}",
						       "version", slave->version, "clock_ahead",
						       (json_int_t)slave->clock_ahead, "zones",
						       "applied", (json_int_t)slave->applied,
						       "accepted", (json_int_t)slave->accepted,
						       "failing", (json_int_t)slave->failing,
						       "named_running", slave->named_is_running));
	return json;
}

int report_print_json(const struct report_slave *slaves, size_t count, uint64_t n_zones)
{
	json_t *list = json_array(), *json;
	int r = -ENOMEM;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, slave_to_json(&slaves[i]));
	json = json_pack("{s:I, s:o}", "zones", (json_int_t)n_zones, "slaves", list);
	if (json)
		r = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0 ? -EIO : 0;
	if (r == 0)
		putchar('\n');
	json_decref(json);
	return r;
}
