#include "master-hook/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/clock.h"
#include "proto/table.h"

#define CELL_SIZE	24
#define CLOCK_TOLERANCE 5 /* s */

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

/* "+3 s": ahead of this machine's. */
static void clock_text(const struct report_slave *slave, char ret_text[static CELL_SIZE])
{
	if (llabs((long long)slave->clock_ahead) <= CLOCK_TOLERANCE)
		snprintf(ret_text, CELL_SIZE, "ok");
	else
		snprintf(ret_text, CELL_SIZE, "%+lld s", (long long)slave->clock_ahead);
}

static void number_text(uint64_t value, bool is_known, char ret_text[static CELL_SIZE])
{
	if (is_known)
		snprintf(ret_text, CELL_SIZE, "%" PRIu64, value);
	else
		snprintf(ret_text, CELL_SIZE, "-");
}

static enum table_colour colour_of(const struct report_slave *slave)
{
	if (slave->slave.is_paused)
		return TABLE_PLAIN;
	if (report_grade(slave) == REPORT_CRITICAL)
		return TABLE_RED;
	return report_grade(slave) == REPORT_OK && report_is_well(slave) ? TABLE_GREEN
									 : TABLE_YELLOW;
}

static int add_row(struct table *table, const struct report_slave *slave)
{
	char clock[CELL_SIZE] = "-", zones[CELL_SIZE], served[CELL_SIZE], behind[CELL_SIZE],
	     failing[CELL_SIZE], pending[CELL_SIZE], oldest[CELL_SIZE];
	int r;

	if (slave->is_reached)
		clock_text(slave, clock);
	number_text(slave->applied, slave->is_reached, zones);
	number_text(slave->served, slave->is_reached, served);
	number_text(slave->behind, slave->is_reached, behind);
	number_text(slave->failing, slave->is_reached, failing);
	number_text(slave->debt.pending, true, pending);
	age_text(slave->debt.oldest, oldest, sizeof(oldest));
	const char *cells[] = {
		slave->slave.name,
		report_state_text(slave),
		clock,
		slave->is_reached ? slave->version : "-",
		zones,
		served,
		behind,
		failing,
		pending,
		oldest,
	};

	r = table_add(table, cells);
	if (r == 0)
		table_colour(table, 1, colour_of(slave));
	return r;
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
	static const char *const headings[] = {"SLAVE",	   "STATE",   "CLOCK",	 "VERSION",
					       ">ZONES",   ">SERVED", ">BEHIND", ">FAILING",
					       ">PENDING", ">OLDEST"};
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
