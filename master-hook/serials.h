#ifndef ZP_SERIALS_H
#define ZP_SERIALS_H

/* Asks name servers for the serials of zones, as the public would, and waits for all answers. */

#include <stddef.h>

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"
#include "proto/address.h"
#include "proto/soa_packet.h"
#include "proto/zone_name.h"

struct serials_question {
	struct zone_name zone;
	struct address server;
	struct soa_answer answer;
};

/*
 * Fills in all answers. A question is tried for some seconds, all of them for `limit` ms
 * (SERIALS_NO_LIMIT: as long as that takes); what isn't answered is SOA_SILENT. `tell` hears how
 * many have come so far (NULL: nobody does). Returns 0, -ENOMEM or -errno.
 */
#define SERIALS_NO_LIMIT UINT32_MAX
int serials_ask(struct serials_question *questions, size_t count, uint64_t limit,
		void (*tell)(void *context, uint64_t answered), void *context)
	__attribute__((warn_unused_result));

/*
 * Where the public asks this slave: its DNS address, or else the host of its URL, port 53; a name
 * is looked up. ZP_ESYNTAX or ZP_EUNKNOWN, with a reason.
 */
int serials_find_server(const struct outbox_slave *slave, struct address *ret_server,
			struct reason *why) __attribute__((warn_unused_result));

/* "1795466485", or what came instead, in words. */
#define SERIALS_TEXT_SIZE 64
void serials_render(const struct soa_answer *answer, char ret_text[static SERIALS_TEXT_SIZE]);

#endif
