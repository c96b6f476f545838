#include "master-hook/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/text.h"

#define NAMES_SIZE 200

/* What the one line tells of all slaves. */
struct totals {
	unsigned int slaves, grades[REPORT_UNKNOWN + 1];
	uint64_t pending, failing, behind, least_served;
	int64_t oldest; /* s */
	char troubled[NAMES_SIZE];
};

/* "ns2 (unreachable), ns3 (zones fail)", as far as there is room. */
static void name_troubled(struct totals *totals, const struct report_slave *slave)
{
	size_t length = strlen(totals->troubled);

	snprintf(totals->troubled + length, NAMES_SIZE - length, "%s%s (%s)",
		 length > 0 ? ", " : "", slave->slave.name, report_state_text(slave));
}

static void add(struct totals *totals, const struct report_slave *slave)
{
	int64_t now = (int64_t)(clock_microseconds() / 1000);
	enum report_grade grade = report_grade(slave);
	int64_t age = slave->debt.pending > 0 ? (now - slave->debt.oldest) / 1000 : 0;

	totals->slaves++;
	totals->grades[grade]++;
	totals->pending += slave->debt.pending;
	totals->failing += slave->failing;
	totals->behind += slave->behind;
	if (age > totals->oldest)
		totals->oldest = age;
	if (slave->is_reached && slave->served < totals->least_served)
		totals->least_served = slave->served;
	if (grade != REPORT_OK)
		name_troubled(totals, slave);
}

/* Monitoring Plugins Development Guidelines: status, text, `|`, performance data. */
enum report_grade report_print_check(const struct report_slave *slaves, size_t count,
				     uint64_t n_zones, bool is_well)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct totals totals = {.least_served = UINT64_MAX};
	enum report_grade worst = REPORT_OK;

	for (size_t i = 0; i < count; i++)
		add(&totals, &slaves[i]);
	if (totals.least_served == UINT64_MAX)
		totals.least_served = 0;
	if (totals.grades[REPORT_CRITICAL] > 0 || !is_well)
		worst = REPORT_CRITICAL;
	else if (totals.grades[REPORT_WARNING] > 0)
		worst = REPORT_WARNING;
	printf("ZONEPUSH %s - %" PRIu64 " zones, %u slaves%s%s%s", words[worst], n_zones,
	       totals.slaves, *totals.troubled ? "; in trouble: " : "", totals.troubled,
	       is_well ? "" : "; Plesk doesn't call the hook");
	printf(" | zones=%" PRIu64 " served=%" PRIu64 " pending=%" PRIu64 " oldest=%" PRId64
	       "s;%d failing=%" PRIu64 " behind=%" PRIu64 " slaves_in_trouble=%u\n",
	       n_zones, totals.least_served, totals.pending, totals.oldest, REPORT_LATE_MS / 1000,
	       totals.failing, totals.behind,
	       totals.grades[REPORT_WARNING] + totals.grades[REPORT_CRITICAL]);
	return worst;
}
