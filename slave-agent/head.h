#ifndef ZP_HEAD_H
#define ZP_HEAD_H

/*
 * Takes the head of a request over from libmicrohttpd, where nothing of it was passed over in
 * silence: the library ends lines at a bare LF, cuts names and values off at a zero byte, and skips
 * blanks around the target (PROTOCOL.md §1).
 */

#include <microhttpd.h>

#include "slave-agent/request.h"

/*
 * Fills in method, version and fields; `method` and `version` are those that the library gave to
 * its handler. Returns 0, ZP_ESYNTAX, ZP_ETOOBIG for more than REQUEST_FIELDS_MAX fields, or
 * -ENOMEM.
 */
int head_take(struct MHD_Connection *mhd, const char *method, const char *version,
	      struct request *request) __attribute__((warn_unused_result));

#endif
