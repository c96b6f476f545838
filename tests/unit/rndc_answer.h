#ifndef ZP_TEST_RNDC_ANSWER_H
#define ZP_TEST_RNDC_ANSWER_H

/* Messages of named's control channel, put together by a test, right or wrong. */

#include <stddef.h>
#include <stdint.h>

#include "proto/hmac.h"
#include "proto/text.h"

#define RNDC_BINARY 1
#define RNDC_TABLE  2

/* Appends an entry of a table, as `length` bytes of this type. */
void rndc_append(struct text_buffer *out, const char *key, uint8_t type, const void *value,
		 size_t length);
void rndc_append_text(struct text_buffer *out, const char *key, const char *text);

/* The parts of a reply; what is NULL isn't there. */
struct rndc_answer {
	const char *serial, *nonce, *is_reply, *result, *error, *text;
};

/* Appends `_ctrl` and `_data`. */
void rndc_answer_append(struct text_buffer *out, const struct rndc_answer *answer);

/* Appends a message with this content, rightly signed; without the length before it. */
void rndc_sign(struct text_buffer *out, const struct hmac_key *key, const void *content,
	       size_t length);

struct hmac_key *rndc_test_key(enum hmac_algorithm algorithm, const char *base64);

#endif
