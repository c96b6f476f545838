#ifndef ZP_RNDC_KEY_H
#define ZP_RNDC_KEY_H

/*
 * What rndc reads to find named: a file like rndc.key, which is one `key` statement, or like
 * rndc.conf(5), which may hold more keys, says which is taken, and where named listens.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"
#include "proto/error.h"
#include "proto/hmac.h"

#define RNDC_KEY_FILE_MAX  (64 * 1024)
#define RNDC_KEY_KEYS_MAX  32 /* in a file; and so many servers */
#define RNDC_KEY_DEPTH_MAX 4  /* of includes */
#define RNDC_KEY_NAME_SIZE 256
#define RNDC_KEY_PORT	   953

struct rndc_key {
	char name[RNDC_KEY_NAME_SIZE];
	char server[RNDC_KEY_NAME_SIZE]; /* as rndc is told */
	uint16_t port;

	/*
	 * What only the program rndc can do with it, in words: "its algorithm is hmac-md5". "": all
	 * can be done here, and the rest is set.
	 */
	char beyond[REASON_SIZE];
	struct address address;
	struct hmac_key *secret;
};

/*
 * Loads a file. `server` and `port` are the administrator's own; where they are "" and 0, it is
 * what the file says, else 127.0.0.1 and RNDC_KEY_PORT. Returns 0 with what is to be ended by
 * rndc_key_done(), or ZP_EPROGRAM with a reason that names the file: it can't be read, isn't whole,
 * or doesn't say which key.
 */
int rndc_key_load(const char *path, const char *server, uint16_t port, struct rndc_key *ret_key,
		  struct reason *why) __attribute__((warn_unused_result));
void rndc_key_done(struct rndc_key *key);

#endif
