#ifndef ZP_RNDC_MESSAGE_H
#define ZP_RNDC_MESSAGE_H

/*
 * The messages of named's control channel, version 1, as BIND's lib/isccc defines them (cc.c,
 * ccmsg.c). On the wire each has its length before it, 4 bytes big endian, which doesn't count
 * itself. The rest is a version of 4 bytes and a table: entries of a key (length in 1 byte), a type
 * (1 byte) and a value (length in 4 bytes). `_auth` comes first and holds the HMAC over all that
 * follows it; `_ctrl` holds serial, times and nonce; `_data` the command, or what came of it.
 */

#include <stddef.h>
#include <stdint.h>

#include "proto/hmac.h"
#include "proto/text.h"

#define RNDC_REQUEST_MAX  (32 * 1024) /* named takes no more */
#define RNDC_REPLY_MAX	  (64 * 1024)
#define RNDC_LENGTH_BYTES 4
#define RNDC_ENTRIES_MAX  64 /* in a table */
#define RNDC_WORDS_SIZE	  384
#define RNDC_LIFETIME	  60 /* seconds, as rndc's own */

struct rndc_request {
	const char *command; /* "refresh example.com" */
	uint32_t serial;
	uint32_t nonce; /* that of the connection's first reply; 0: this asks for it */
	int64_t now;	/* seconds since 1970; named wants it within 300 of its own */
};

/* What a reply says. Texts are as named wrote them, cut to fit, not escaped. */
struct rndc_reply {
	uint32_t nonce;
	uint32_t result;	     /* 0: done */
	char error[RNDC_WORDS_SIZE]; /* the name of the result: "not found" */
	char text[RNDC_WORDS_SIZE];  /* more words; for some commands the answer */
};

/*
 * Appends a whole request, its length before it. Returns 0, ZP_ETOOBIG or -ENOMEM, which may leave
 * part of it in the buffer.
 */
int rndc_message_render(const struct rndc_request *request, const struct hmac_key *key,
			struct text_buffer *out) __attribute__((warn_unused_result));

/*
 * Reads the reply to `request`, without the length before it. Nothing of it is looked at before
 * its HMAC was verified. Returns 0; ZP_EVERSION for another version of the protocol; ZP_ESIGNATURE
 * where this key didn't sign it; ZP_EREPLAY where it is the reply to another request; ZP_ETOOBIG;
 * ZP_ESYNTAX.
 */
int rndc_message_parse(const uint8_t *data, size_t length, const struct hmac_key *key,
		       const struct rndc_request *request, struct rndc_reply *ret_reply)
	__attribute__((warn_unused_result));

#endif
