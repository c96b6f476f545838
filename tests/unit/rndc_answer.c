#include "tests/unit/rndc_answer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void append(struct text_buffer *out, const void *data, size_t length)
{
	if (text_buffer_append(out, data, length) < 0)
		abort();
}

void rndc_append(struct text_buffer *out, const char *key, uint8_t type, const void *value,
		 size_t length)
{
	uint8_t key_length = (uint8_t)strlen(key);
	uint32_t wire_length = htonl((uint32_t)length);

	append(out, &key_length, 1);
	append(out, key, key_length);
	append(out, &type, 1);
	append(out, &wire_length, sizeof(wire_length));
	append(out, value, length);
}

void rndc_append_text(struct text_buffer *out, const char *key, const char *text)
{
	if (text)
		rndc_append(out, key, RNDC_BINARY, text, strlen(text));
}

void rndc_answer_append(struct text_buffer *out, const struct rndc_answer *answer)
{
	struct text_buffer table = {0};

	rndc_append_text(&table, "_ser", answer->serial);
	rndc_append_text(&table, "_rpl", answer->is_reply);
	rndc_append_text(&table, "_nonce", answer->nonce);
	rndc_append(out, "_ctrl", RNDC_TABLE, table.data, table.length);
	text_buffer_done(&table);

	rndc_append_text(&table, "result", answer->result);
	rndc_append_text(&table, "err", answer->error);
	rndc_append_text(&table, "text", answer->text);
	rndc_append(out, "_data", RNDC_TABLE, table.data, table.length);
	text_buffer_done(&table);
}

void rndc_sign(struct text_buffer *out, const struct hmac_key *key, const void *content,
	       size_t length)
{
	static const uint8_t version[] = {0, 0, 0, 1};
	char value[1 + HMAC_TEXT_LENGTH];
	struct text_buffer table = {0};

	value[0] = (char)(hmac_key_get_algorithm(key) == HMAC_SHA256 ? 163 : 165);
	hmac_render(key, content, length, value + 1);
	rndc_append(&table, "hsha", RNDC_BINARY, value, sizeof(value));
	append(out, version, sizeof(version));
	rndc_append(out, "_auth", RNDC_TABLE, table.data, table.length);
	text_buffer_done(&table);
	append(out, content, length);
}

struct hmac_key *rndc_test_key(enum hmac_algorithm algorithm, const char *base64)
{
	struct hmac_key *key;

	if (hmac_key_parse(algorithm, base64, strlen(base64), &key) < 0)
		abort();
	return key;
}
