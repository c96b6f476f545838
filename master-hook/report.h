#ifndef ZP_REPORT_H
#define ZP_REPORT_H

/* `zonepush status`: every slave at a glance, for people and for programs. */

#include <stdbool.h>

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
	uint64_t applied, accepted, failing; /* zones of this master */
	int64_t clock_ahead;		     /* s */
};

/* Whether all is as it should be: reached, nothing pending, nothing failing, named in line. */
bool report_is_well(const struct report_slave *slave);

/* Print to standard output. Return 0 or -ENOMEM, -EIO. */
int report_print_table(const struct report_slave *slaves, size_t count, uint64_t n_zones)
	__attribute__((warn_unused_result));
int report_print_json(const struct report_slave *slaves, size_t count, uint64_t n_zones)
	__attribute__((warn_unused_result));

/* Reads the JSON of GET /v1/status into the slave. Returns 0 or ZP_ESYNTAX. */
int report_read_status(struct report_slave *slave, const char *json, size_t length)
	__attribute__((warn_unused_result));

#endif
