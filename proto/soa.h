#ifndef ZP_SOA_H
#define ZP_SOA_H

/*
 * Asks name servers for the SOA of zones, thousands at once, without blocking. Questions go over
 * UDP from several ports, each with an id of its own at random; an answer counts only when it comes
 * from the server, to the port, with the id and the question (RFC 5452 §9). A truncated one is
 * asked for again over TCP, a few at a time. Queries aren't signed with TSIG: a key is for
 * transfers, and servers that want one even for a SOA answer REFUSED.
 *
 * A struct soa belongs to one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/soa_packet.h"
#include "proto/zone_name.h"

#define SOA_QUESTIONS_MAX 4096 /* at once */
#define SOA_TRIES	  3
#define SOA_TRY_MS	  1000 /* for the first try; each further one gets so much more */

struct soa;

/* Told of each answer, never from within soa_ask(). It may ask again. */
typedef void soa_answered(void *context, uint64_t tag, const struct soa_answer *answer);

/*
 * Sends from these addresses, AF_INET and AF_INET6; NULL: the system chooses. Returns 0, -ENOMEM,
 * or -errno where such an address can't be bound. A machine without one of the families can't ask
 * there, and every such question stays SILENT.
 */
int soa_new(const struct address *source, const struct address *source6, soa_answered *answered,
	    void *context, struct soa **ret_soa) __attribute__((warn_unused_result));
void soa_free(struct soa *soa);

/* Asks a server; the answer comes with the tag. Returns 0, ZP_EFULL or ZP_ENAME. */
int soa_ask(struct soa *soa, const struct zone_name *zone, const struct address *server,
	    uint64_t tag) __attribute__((warn_unused_result));

/* How many are under way. */
size_t soa_count(const struct soa *soa);

/*
 * Waits for answers, `limit_ms` at most, or until somebody writes to the eventfd(2) `wake` (-1:
 * none), which is emptied; and tells of what came, or didn't come in time.
 */
void soa_wait(struct soa *soa, int wake, unsigned int limit_ms);

#endif
