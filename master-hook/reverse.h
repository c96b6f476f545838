#ifndef ZP_REVERSE_H
#define ZP_REVERSE_H

/*
 * Plesk tells of PTR records, not of the reverse zones that hold them. Which zone that is, the
 * local name server knows: the closest one above the address that it serves.
 */

#include "master-hook/hook_config.h"
#include "proto/name_set.h"

/*
 * Adds the reverse zones of these addresses (IPv4, IPv6) to a set, each once and in order: those
 * that the local named answers for with authority, classless ones (RFC 2317) included, reserved
 * ones (PROTOCOL.md §6) left out. Asks for `limit` ms at most; *ret_unknown is the number of
 * addresses for which there was no answer by then. Returns 0, -ENOMEM, or -errno where it can't
 * ask.
 */
int reverse_find_zones(const struct hook_config *config, char *const addresses[], size_t count,
		       uint64_t limit, struct name_set *zones, size_t *ret_unknown)
	__attribute__((warn_unused_result));

#endif
