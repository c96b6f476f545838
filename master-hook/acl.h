#ifndef ZP_ACL_H
#define ZP_ACL_H

/*
 * Lets slaves transfer zones from Plesk's name server, and takes out again what was let in here,
 * never what was there before. What can't be done is logged, with how to do it by hand: a slave
 * works without, where the name server lets it transfer for another reason.
 */

#include "master-hook/hook_config.h"
#include "master-hook/outbox.h"

/* Lets in all addresses of the host in the slave's URL. */
void acl_admit(const struct hook_config *config, struct outbox *outbox,
	       const struct outbox_slave *slave);

/* Takes them out, unless another slave is on the same host: then they are that one's. */
void acl_withdraw(const struct hook_config *config, struct outbox *outbox,
		  const struct outbox_slave *slave);

#endif
