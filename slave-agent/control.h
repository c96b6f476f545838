#ifndef ZP_CONTROL_H
#define ZP_CONTROL_H

/*
 * What the agent asks of the running named, over its control channel: by a client of our own, or by
 * the program rndc where the key file asks for what only that can do (another algorithm, a server
 * by name). Which of them is decided for each content of the file, and logged.
 *
 * A struct control belongs to one thread. Calls wait for named, so none is made from an HTTP
 * thread: at most `rndc-timeout` for a reconfig, CONTROL_PING_LIMIT_MS for a ping and
 * CONTROL_LIMIT_MS for anything else, and
 * RNDC_HELLO_LIMIT_MS more where a connection must be made.
 *
 * All return 0, or with a reason
 *   ZP_ENAMEDDOWN  nobody listens there, or takes connections and doesn't answer;
 *   ZP_ENAMED      named said no: its words are the reason;
 *   ZP_EPROGRAM    named can't be talked to: the key file, the key, the clock, the program;
 *   -ETIMEDOUT     the outcome is unknown: look (control_zone_status()), then repeat;
 *   -errno         e.g. -ENOMEM.
 * Only after -ETIMEDOUT may named have done it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"
#include "proto/zone_name.h"
#include "slave-agent/agent_config.h"

#define CONTROL_LIMIT_MS      (10 * 1000)
#define CONTROL_PING_LIMIT_MS (2 * 1000)

struct control;

/* Talks to nobody yet. The configuration must outlive it. Returns 0 or -ENOMEM. */
int control_new(const struct agent_config *config, struct control **ret_control)
	__attribute__((warn_unused_result));
void control_free(struct control *control);

int control_reconfig(struct control *control, struct reason *why)
	__attribute__((warn_unused_result));

/* Whether named answers. */
int control_ping(struct control *control, struct reason *why) __attribute__((warn_unused_result));

/* Has named ask the zone's primaries for a newer serial; 0 says only that it will. */
int control_refresh(struct control *control, const struct zone_name *zone, struct reason *why)
	__attribute__((warn_unused_result));

/* Has named fetch the zone anew, whatever its serial; 0 says only that it will. */
int control_retransfer(struct control *control, const struct zone_name *zone, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Takes a zone out of the running named, until it reads a configuration that has it. A zone that
 * isn't there is no error.
 */
int control_delete_zone(struct control *control, const struct zone_name *zone, struct reason *why)
	__attribute__((warn_unused_result));

/* Whether the running named has the zone configured; it may have no data for it yet. */
int control_zone_status(struct control *control, const struct zone_name *zone, bool *ret_known,
			struct reason *why) __attribute__((warn_unused_result));

/*
 * Gives the zone's clause as the running named has it, cut to the buffer; "" where it has none. To
 * be asked only where named allows new zones at runtime: elsewhere it refuses.
 */
int control_get_clause(struct control *control, const struct zone_name *zone, char *ret_clause,
		       size_t size, struct reason *why) __attribute__((warn_unused_result));

/*
 * Grows with each connection. Where it is the same before and after some calls, the same named
 * process answered them; where not, it may have been another one. (The program rndc makes a
 * connection a call.)
 */
uint64_t control_get_epoch(const struct control *control);

#endif
