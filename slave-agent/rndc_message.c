#include "slave-agent/rndc_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/error.h"

#define VERSION	     1
#define BINARY	     1
#define TABLE	     2
#define NUMBER_SIZE  24
#define AUTH_KEY     "hsha"
#define AUTH_LENGTH  (1 + HMAC_TEXT_LENGTH) /* the algorithm before it */
#define UINT32_BYTES 4

/* ISCCC_ALG_*, in cc.h of lib/isccc. */
static uint8_t algorithm_byte(const struct hmac_key *key)
{
	switch (hmac_key_get_algorithm(key)) {
	case HMAC_SHA256:
		return 163;
	case HMAC_SHA512:
		return 165;
	}
	return 0;
}

static void put_uint32(uint8_t bytes[static UINT32_BYTES], size_t value)
{
	for (size_t i = 0; i < UINT32_BYTES; i++)
		bytes[i] = (uint8_t)(value >> (8 * (UINT32_BYTES - 1 - i)));
}

static uint32_t get_uint32(const uint8_t bytes[static UINT32_BYTES])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       (uint32_t)bytes[3];
}

static int append_uint32(struct text_buffer *out, size_t value)
{
	uint8_t bytes[UINT32_BYTES];

	put_uint32(bytes, value);
	return text_buffer_append(out, bytes, sizeof(bytes));
}

/* Appends what stands before a value. */
static int append_head(struct text_buffer *out, const char *key, uint8_t type, size_t length)
{
	uint8_t key_length = (uint8_t)strlen(key);
	int r;

	r = text_buffer_append(out, &key_length, 1);
	if (r == 0)
		r = text_buffer_append(out, key, key_length);
	if (r == 0)
		r = text_buffer_append(out, &type, 1);
	if (r == 0)
		r = append_uint32(out, length);
	return r;
}

static int append_text(struct text_buffer *out, const char *key, const char *text)
{
	int r;

	r = append_head(out, key, BINARY, strlen(text));
	if (r == 0)
		r = text_buffer_append(out, text, strlen(text));
	return r;
}

static int append_number(struct text_buffer *out, const char *key, uint64_t number)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return append_text(out, key, text);
}

static int append_table(struct text_buffer *out, const char *key, const struct text_buffer *table)
{
	int r;

	r = append_head(out, key, TABLE, table->length);
	if (r == 0)
		r = text_buffer_append(out, table->data, table->length);
	return r;
}

static int append_control(struct text_buffer *out, const struct rndc_request *request)
{
	struct text_buffer table = {0};
	int r;

	r = append_number(&table, "_ser", request->serial);
	if (r == 0)
		r = append_number(&table, "_tim", (uint64_t)request->now);
	if (r == 0)
		r = append_number(&table, "_exp", (uint64_t)request->now + RNDC_LIFETIME);
	if (r == 0 && request->nonce)
		r = append_number(&table, "_nonce", request->nonce);
	if (r == 0)
		r = append_table(out, "_ctrl", &table);
	text_buffer_done(&table);
	return r;
}

static int append_command(struct text_buffer *out, const char *command)
{
	struct text_buffer table = {0};
	int r;

	r = append_text(&table, "type", command);
	if (r == 0)
		r = append_table(out, "_data", &table);
	text_buffer_done(&table);
	return r;
}

static int append_auth(struct text_buffer *out, const struct hmac_key *key,
		       const struct text_buffer *content)
{
	struct text_buffer table = {0};
	char value[AUTH_LENGTH];
	int r;

	value[0] = (char)algorithm_byte(key);
	hmac_render(key, content->data, content->length, value + 1);
	r = append_head(&table, AUTH_KEY, BINARY, sizeof(value));
	if (r == 0)
		r = text_buffer_append(&table, value, sizeof(value));
	if (r == 0)
		r = append_table(out, "_auth", &table);
	text_buffer_done(&table);
	return r;
}

int rndc_message_render(const struct rndc_request *request, const struct hmac_key *key,
			struct text_buffer *out)
{
	struct text_buffer content = {0};
	size_t start = out->length;
	int r;

	if (strlen(request->command) > RNDC_REQUEST_MAX / 2)
		return ZP_ETOOBIG;
	r = append_control(&content, request);
	if (r == 0)
		r = append_command(&content, request->command);
	if (r == 0)
		r = append_uint32(out, 0);
	if (r == 0)
		r = append_uint32(out, VERSION);
	if (r == 0)
		r = append_auth(out, key, &content);
	if (r == 0)
		r = text_buffer_append(out, content.data, content.length);
	if (r == 0)
		put_uint32((uint8_t *)out->data + start, out->length - start - RNDC_LENGTH_BYTES);
	text_buffer_done(&content);
	return r;
}

/* What is left to be read. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

struct entry {
	const char *key;
	size_t key_length;
	uint8_t type;
	struct cursor value;
};

static bool take(struct cursor *cursor, size_t length, const uint8_t **ret_bytes)
{
	if (cursor->left < length)
		return false;
	*ret_bytes = cursor->at;
	cursor->at += length;
	cursor->left -= length;
	return true;
}

static int take_entry(struct cursor *cursor, struct entry *ret_entry)
{
	const uint8_t *bytes, *key;
	struct entry entry;

	if (!take(cursor, 1, &bytes))
		return ZP_ESYNTAX;
	entry.key_length = *bytes;
	if (!take(cursor, entry.key_length, &key))
		return ZP_ESYNTAX;
	entry.key = (const char *)key;
	if (!take(cursor, 1 + UINT32_BYTES, &bytes))
		return ZP_ESYNTAX;
	entry.type = bytes[0];
	entry.value.left = get_uint32(bytes + 1);
	if (!take(cursor, entry.value.left, &entry.value.at))
		return ZP_ESYNTAX;
	*ret_entry = entry;
	return 0;
}

static bool is_named(const struct entry *entry, const char *key)
{
	return entry->key_length == strlen(key) && memcmp(entry->key, key, entry->key_length) == 0;
}

/*
 * Finds an entry, which may stand there once; the others are stepped over by their lengths and
 * never looked into. Returns 0; ZP_EUNKNOWN where there is none; ZP_ESYNTAX; ZP_ETOOBIG.
 */
static int find(struct cursor table, const char *key, uint8_t type, struct cursor *ret_value)
{
	struct cursor value = {0};
	struct entry entry;
	bool found = false;
	int r;

	for (size_t count = 0; table.left > 0; count++) {
		if (count == RNDC_ENTRIES_MAX)
			return ZP_ETOOBIG;
		r = take_entry(&table, &entry);
		if (r < 0)
			return r;
		if (!is_named(&entry, key))
			continue;
		if (found || entry.type != type)
			return ZP_ESYNTAX;
		value = entry.value;
		found = true;
	}
	if (!found)
		return ZP_EUNKNOWN;
	*ret_value = value;
	return 0;
}

static int find_number(struct cursor table, const char *key, uint32_t *ret_number)
{
	char text[NUMBER_SIZE];
	struct cursor value;
	uint64_t number;
	int r;

	r = find(table, key, BINARY, &value);
	if (r < 0)
		return r;
	if (value.left >= sizeof(text) || memchr(value.at, '\0', value.left))
		return ZP_ESYNTAX;
	snprintf(text, sizeof(text), "%.*s", (int)value.left, (const char *)value.at);
	r = text_parse_integer(text, 0, UINT32_MAX, &number);
	if (r < 0)
		return ZP_ESYNTAX;
	*ret_number = (uint32_t)number;
	return 0;
}

/* Where there is none it is "". */
static int find_words(struct cursor table, const char *key, char ret_words[static RNDC_WORDS_SIZE])
{
	struct cursor value = {.at = (const uint8_t *)"", .left = 0};
	int r;

	r = find(table, key, BINARY, &value);
	if (r < 0 && r != ZP_EUNKNOWN)
		return r;
	if (value.left >= RNDC_WORDS_SIZE)
		value.left = RNDC_WORDS_SIZE - 1;
	snprintf(ret_words, RNDC_WORDS_SIZE, "%.*s", (int)value.left, (const char *)value.at);
	return 0;
}

/* Steps over version and `_auth`; what is left then is what was signed. */
static int verify(struct cursor *cursor, const struct hmac_key *key)
{
	struct cursor value;
	const uint8_t *bytes;
	struct entry auth;
	int r;

	if (!take(cursor, UINT32_BYTES, &bytes))
		return ZP_ESYNTAX;
	if (get_uint32(bytes) != VERSION)
		return ZP_EVERSION;
	r = take_entry(cursor, &auth);
	if (r < 0)
		return r;
	if (!is_named(&auth, "_auth") || auth.type != TABLE)
		return ZP_ESYNTAX;
	r = find(auth.value, AUTH_KEY, BINARY, &value);
	if (r < 0)
		return r == ZP_EUNKNOWN ? ZP_ESIGNATURE : r;
	if (value.left != AUTH_LENGTH || value.at[0] != algorithm_byte(key))
		return ZP_ESIGNATURE;
	return hmac_verify(key, cursor->at, cursor->left, (const char *)value.at + 1);
}

/* Only a reply, to this request, on this connection. */
static int check_control(struct cursor content, const struct rndc_request *request,
			 uint32_t *ret_nonce)
{
	uint32_t serial, is_reply, nonce;
	struct cursor table;
	int r;

	r = find(content, "_ctrl", TABLE, &table);
	if (r == 0)
		r = find_number(table, "_rpl", &is_reply);
	if (r == 0)
		r = find_number(table, "_ser", &serial);
	if (r == 0)
		r = find_number(table, "_nonce", &nonce);
	if (r < 0)
		return r;
	if (is_reply != 1 || nonce == 0)
		return ZP_ESYNTAX;
	if (serial != request->serial || (request->nonce && nonce != request->nonce))
		return ZP_EREPLAY;
	*ret_nonce = nonce;
	return 0;
}

static int read_reply(struct cursor content, const struct rndc_request *request,
		      struct rndc_reply *ret_reply)
{
	struct rndc_reply reply;
	struct cursor table;
	int r;

	r = check_control(content, request, &reply.nonce);
	if (r == 0)
		r = find(content, "_data", TABLE, &table);
	if (r == 0)
		r = find_number(table, "result", &reply.result);
	if (r == 0)
		r = find_words(table, "err", reply.error);
	if (r == 0)
		r = find_words(table, "text", reply.text);
	if (r == 0)
		*ret_reply = reply;
	return r;
}

int rndc_message_parse(const uint8_t *data, size_t length, const struct hmac_key *key,
		       const struct rndc_request *request, struct rndc_reply *ret_reply)
{
	struct cursor cursor = {.at = data, .left = length};
	int r;

	if (length > RNDC_REPLY_MAX)
		return ZP_ETOOBIG;
	r = verify(&cursor, key);
	if (r == 0)
		r = read_reply(cursor, request, ret_reply);
	return r == ZP_EUNKNOWN ? ZP_ESYNTAX : r;
}
