#include "master-hook/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proto/clock.h"

bool report_is_well(const struct report_slave *slave)
{
	if (slave->slave.is_paused)
		return true;
	return slave->is_reached && slave->debt.pending == 0 && slave->failing == 0 &&
	       slave->accepted == 0 && slave->named_is_running && !*slave->named_error;
}

static bool is_late(const struct report_slave *slave)
{
	int64_t now = (int64_t)(clock_microseconds() / 1000);

	return slave->debt.pending > 0 && now - slave->debt.oldest > REPORT_LATE_MS;
}

enum report_grade report_grade(const struct report_slave *slave)
{
	if (slave->slave.is_paused)
		return REPORT_OK;
	if (!slave->is_reached || !slave->named_is_running || *slave->named_error)
		return REPORT_CRITICAL;
	if (is_late(slave) || slave->failing > 0 || slave->behind > 0)
		return REPORT_WARNING;
	return REPORT_OK;
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

/* All that is seen, and isn't as the primary has it. */
static uint64_t count_behind(const json_t *serving)
{
	static const char *const states[] = {"transferring",	    "behind",  "primary-refuses",
					     "primary-unreachable", "expired", "missing"};
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		count += number(serving, states[i]);
	return count;
}

int report_read_status(struct report_slave *slave, const char *text, size_t length)
{
	json_t *json = json_loadb(text ? text : "", length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *zones = json_object_get(json, "zones");
	const json_t *named = json_object_get(json, "named");
	const json_t *serving = json_object_get(json, "serving");

	if (!json_is_object(zones) || !json_is_object(named)) {
		json_decref(json);
		return ZP_ESYNTAX;
	}
	copy_text(slave->version, sizeof(slave->version), json_object_get(json, "version"));
	copy_text(slave->named_error, sizeof(slave->named_error), json_object_get(named, "error"));
	slave->named_is_running = json_is_true(json_object_get(named, "running"));
	slave->applied = number(zones, "applied");
	slave->accepted = number(zones, "accepted");
	slave->failing = number(zones, "failing") + number(zones, "claimed");
	slave->served = number(serving, "serving");
	slave->behind = count_behind(serving);
	slave->clock_ahead = (int64_t)number(json, "clock") - clock_seconds();
	json_decref(json);
	return 0;
}

const char *report_state_text(const struct report_slave *slave)
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
	if (slave->behind > 0)
		return "not all served";
	return slave->accepted > 0 ? "applying" : "ok";
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

/* What went wrong last; "" where nothing did. */
static const char *last_error(const struct report_slave *slave)
{
	if (!slave->is_reached)
		return slave->why.text;
	return *slave->named_error ? slave->named_error : slave->slave.error;
}

json_t *report_slave_to_json(const struct report_slave *slave)
{
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:o, s:b, s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "name",
			  slave->slave.name, "url", slave->slave.url, "key", slave->slave.key.id,
			  "dns", text_or_null(slave->slave.dns), "paused", slave->slave.is_paused,
			  "state", report_state_text(slave), "reachable", slave->is_reached,
			  "answered_at", (json_int_t)(slave->slave.answered_at / 1000), "pending",
			  (json_int_t)slave->debt.pending, "refused",
			  (json_int_t)slave->debt.refused, "oldest_pending",
			  (json_int_t)(slave->debt.oldest / 1000), "error",
			  text_or_null(last_error(slave)));

	if (json && slave->is_reached)
		json_object_update_new(
			json,
			json_pack("{s:s, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:b}", "version",
				  slave->version, "clock_ahead", (json_int_t)slave->clock_ahead,
				  "zones", "applied", (json_int_t)slave->applied, "accepted",
				  (json_int_t)slave->accepted, "failing",
				  (json_int_t)slave->failing, "served", (json_int_t)slave->served,
				  "behind", (json_int_t)slave->behind, "named_running",
				  slave->named_is_running));
	return json;
}

json_t *report_to_json(const struct report_slave *slaves, size_t count, uint64_t n_zones)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, report_slave_to_json(&slaves[i]));
	return json_pack("{s:I, s:o}", "zones", (json_int_t)n_zones, "slaves", list);
}
