#ifndef ZP_RNDC_H
#define ZP_RNDC_H

/*
 * A client of named's control channel: one TCP connection that is kept, one command at a time. Not
 * for several threads at once.
 *
 * named gives a new connection a nonce before it does anything for it, and closes what was idle for
 * 30 s. It closes, too, and says nothing, where the key, the clock or the nonce isn't right; its
 * log says which.
 */

#include <stdint.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/hmac.h"
#include "slave-agent/rndc_message.h"

#define RNDC_IDLE_MAX_MS    (25 * 1000) /* a connection that waited longer isn't used again */
#define RNDC_HELLO_LIMIT_MS (5 * 1000)	/* for named to take a new connection */

struct rndc;

/* Connects to nobody yet. Returns 0 or -ENOMEM. */
int rndc_new(struct rndc **ret_rndc) __attribute__((warn_unused_result));
void rndc_free(struct rndc *rndc);

/*
 * Where named listens, and the key, which must stay valid until the next call of this one or
 * rndc_free(). A connection that there is will be closed.
 */
void rndc_set_peer(struct rndc *rndc, const struct address *address, const struct hmac_key *key);

/*
 * Has named do a command and waits for its reply, at most limit_ms. Connects first where there is
 * no good connection. Returns
 *   0                with the reply, which may be a refusal;
 *   ZP_ENAMEDDOWN    nobody listens there, or who does doesn't answer;
 *   ZP_EPROGRAM      named closed the connection, or didn't sign its reply: the key or the clock;
 *   ZP_EVERSION      named speaks another version of the protocol;
 *   ZP_ETOOBIG, -errno  the command couldn't be made or sent at all
 * where the command was not carried out for sure, or
 *   -ETIMEDOUT       the outcome is unknown: no reply came in time, or none that can be believed.
 * Each with a reason.
 */
int rndc_command(struct rndc *rndc, const char *command, unsigned int limit_ms,
		 struct rndc_reply *ret_reply, struct reason *why)
	__attribute__((warn_unused_result));

/* How many connections there were. */
uint64_t rndc_get_epoch(const struct rndc *rndc);

#endif
