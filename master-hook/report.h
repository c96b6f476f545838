#ifndef ZP_REPORT_H
#define ZP_REPORT_H

/* `zonepush status`: every slave at a glance, for people, for programs and for monitoring. */

#include <stdbool.h>

#include <jansson.h>

#include "master-hook/outbox.h"
#include "proto/error.h"

/* A slave: what the outbox knows of it, and what its agent says now. */
struct report_slave {
	struct outbox_slave slave;
	struct outbox_debt debt;

	bool is_reached;
	struct reason why; /* not reached */
	char version[32];
	bool named_is_running;
	char named_error[OUTBOX_ERROR_MAX];
	uint64_t applied, accepted, failing; /* zones of this master; failing: also its claims */
	uint64_t served, behind;	     /* of these: at the primary's serial, and not */
	int64_t clock_ahead;		     /* s */
};

/* As monitoring plugins grade: these are also exit codes. */
enum report_grade {
	REPORT_OK,
	REPORT_WARNING,	 /* owes changes for more than REPORT_LATE_MS; zones fail, aren't served */
	REPORT_CRITICAL, /* not reached; named is down, or doesn't take its configuration */
	REPORT_UNKNOWN,
};
#define REPORT_LATE_MS (60 * 1000)
enum report_grade report_grade(const struct report_slave *slave);

/*
 * Whether all is as it should be at this very moment: reached, nothing pending, nothing failing,
 * named in line. A slave that is paused is as it should be.
 */
bool report_is_well(const struct report_slave *slave);

/* In one or two words: "ok", "unreachable", … */
const char *report_state_text(const struct report_slave *slave);

/* Prints to standard output. Returns 0 or -ENOMEM. */
int report_print_table(const struct report_slave *slaves, size_t count, uint64_t n_zones)
	__attribute__((warn_unused_result));

/* The same for programs; NULL when out of memory. */
json_t *report_to_json(const struct report_slave *slaves, size_t count, uint64_t n_zones);
json_t *report_slave_to_json(const struct report_slave *slave);

/* One line for a monitoring plugin. Returns the worst grade; `is_well`: nothing else is wrong. */
enum report_grade report_print_check(const struct report_slave *slaves, size_t count,
				     uint64_t n_zones, bool is_well);

/* Reads the JSON of GET /v1/status into the slave. Returns 0 or ZP_ESYNTAX. */
int report_read_status(struct report_slave *slave, const char *json, size_t length)
	__attribute__((warn_unused_result));

#endif
