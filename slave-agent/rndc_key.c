#include "slave-agent/rndc_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/file.h"
#include "proto/text.h"
#include "slave-agent/bind_token.h"

#define STANDARD_SERVER "127.0.0.1"
#define ALGORITHM_SIZE	64
#define PORT_SIZE	8
#define SECRET_SIZE	2048 /* in base64 */

struct key_statement {
	char name[RNDC_KEY_NAME_SIZE];
	char algorithm[ALGORITHM_SIZE];
	struct hmac_key *secret; /* NULL: not an algorithm of ours */
};

struct server_statement {
	char name[RNDC_KEY_NAME_SIZE];
	char key[RNDC_KEY_NAME_SIZE];
	char port[PORT_SIZE];
	char source[RNDC_KEY_NAME_SIZE];
	char addresses[RNDC_KEY_NAME_SIZE]; /* "{", where they are set */
};

/* Everything that the files say. */
struct content {
	struct key_statement keys[RNDC_KEY_KEYS_MAX];
	size_t n_keys;
	struct server_statement servers[RNDC_KEY_KEYS_MAX];
	size_t n_servers;
	/* options */
	char key[RNDC_KEY_NAME_SIZE];
	char server[RNDC_KEY_NAME_SIZE];
	char port[PORT_SIZE];
	char source[RNDC_KEY_NAME_SIZE];
};

/* A clause `word value;` whose value is wanted; of a value that is a block, only the brace is. */
struct clause {
	const char *word;
	char *value;
	size_t size;
};

static bool is_value(const struct bind_token *token)
{
	return token->type == BIND_TOKEN_WORD || token->type == BIND_TOKEN_STRING;
}

static int copy_token(const struct bind_token *token, char *ret_text, size_t size)
{
	if (token->length >= size || memchr(token->text, '\0', token->length))
		return ZP_ESYNTAX;
	memcpy(ret_text, token->text, token->length);
	ret_text[token->length] = '\0';
	return 0;
}

static int take_name(struct bind_reader *reader, char *ret_text, size_t size)
{
	struct bind_token token;

	bind_token_take(reader, &token);
	if (token.length == 0 || !is_value(&token))
		return ZP_ESYNTAX;
	return copy_token(&token, ret_text, size);
}

static int take_mark(struct bind_reader *reader, const char *mark)
{
	struct bind_token token;

	bind_token_take(reader, &token);
	return bind_token_is(&token, mark) ? 0 : ZP_ESYNTAX;
}

/* Steps behind the end of a statement, over the blocks in it. */
static int skip_statement(struct bind_reader *reader)
{
	struct bind_token token;
	size_t depth = 0;

	for (;;) {
		bind_token_take(reader, &token);
		if (token.type == BIND_TOKEN_END || token.type == BIND_TOKEN_BROKEN)
			return ZP_ESYNTAX;
		if (bind_token_is(&token, "{"))
			depth++;
		else if (bind_token_is(&token, "}") && depth-- == 0)
			return ZP_ESYNTAX;
		else if (bind_token_is(&token, ";") && depth == 0)
			return 0;
	}
}

static int take_clause(struct bind_reader *reader, const struct bind_token *word,
		       const struct clause clauses[])
{
	struct bind_reader ahead = *reader;
	struct bind_token value;
	int r = 0;

	bind_token_take(&ahead, &value);
	if (!is_value(&value) && !bind_token_is(&value, "{"))
		return ZP_ESYNTAX;
	for (; clauses->word; clauses++)
		if (bind_token_is(word, clauses->word))
			r = copy_token(&value, clauses->value, clauses->size);
	return r < 0 ? r : skip_statement(reader);
}

/* A block of clauses, and the end of the statement behind it. */
static int take_block(struct bind_reader *reader, const struct clause clauses[])
{
	struct bind_token word;
	int r;

	r = take_mark(reader, "{");
	while (r == 0) {
		bind_token_take(reader, &word);
		if (bind_token_is(&word, "}"))
			return take_mark(reader, ";");
		r = word.type == BIND_TOKEN_WORD ? take_clause(reader, &word, clauses) : ZP_ESYNTAX;
	}
	return r;
}

static int decode_secret(struct key_statement *key, const char *base64)
{
	if (!key->algorithm[0] || !base64[0])
		return ZP_ESYNTAX;
	if (strcasecmp(key->algorithm, "hmac-sha256") == 0)
		return hmac_key_parse(HMAC_SHA256, base64, strlen(base64), &key->secret);
	if (strcasecmp(key->algorithm, "hmac-sha512") == 0)
		return hmac_key_parse(HMAC_SHA512, base64, strlen(base64), &key->secret);
	return 0;
}

static int take_key(struct content *content, struct bind_reader *reader)
{
	struct key_statement *key = &content->keys[content->n_keys];
	char secret[SECRET_SIZE] = "";
	const struct clause clauses[] = {
		{"algorithm", key->algorithm, sizeof(key->algorithm)},
		{"secret", secret, sizeof(secret)},
		{NULL, NULL, 0},
	};
	int r;

	r = take_name(reader, key->name, sizeof(key->name));
	if (r == 0)
		r = take_block(reader, clauses);
	if (r == 0)
		r = decode_secret(key, secret);
	explicit_bzero(secret, sizeof(secret));
	if (r == 0)
		content->n_keys++;
	return r;
}

static int take_server(struct content *content, struct bind_reader *reader)
{
	struct server_statement *server = &content->servers[content->n_servers];
	const struct clause clauses[] = {
		{"key", server->key, sizeof(server->key)},
		{"port", server->port, sizeof(server->port)},
		{"addresses", server->addresses, sizeof(server->addresses)},
		{"source-address", server->source, sizeof(server->source)},
		{"source-address-v6", server->source, sizeof(server->source)},
		{NULL, NULL, 0},
	};
	int r;

	r = take_name(reader, server->name, sizeof(server->name));
	if (r == 0)
		r = take_block(reader, clauses);
	if (r == 0)
		content->n_servers++;
	return r;
}

static int take_options(struct content *content, struct bind_reader *reader)
{
	const struct clause clauses[] = {
		{"default-key", content->key, sizeof(content->key)},
		{"default-server", content->server, sizeof(content->server)},
		{"default-port", content->port, sizeof(content->port)},
		{"default-source-address", content->source, sizeof(content->source)},
		{"default-source-address-v6", content->source, sizeof(content->source)},
		{NULL, NULL, 0},
	};

	return take_block(reader, clauses);
}

static int read_file(struct content *content, const char *path, int depth, struct reason *why);

static int take_include(struct content *content, struct bind_reader *reader, int depth,
			struct reason *why)
{
	char path[RNDC_KEY_NAME_SIZE];
	int r;

	r = take_name(reader, path, sizeof(path));
	if (r == 0)
		r = take_mark(reader, ";");
	return r < 0 ? r : read_file(content, path, depth + 1, why);
}

static int take_statement(struct content *content, struct bind_reader *reader,
			  const struct bind_token *word, int depth, struct reason *why)
{
	if (content->n_keys == RNDC_KEY_KEYS_MAX || content->n_servers == RNDC_KEY_KEYS_MAX)
		return ZP_ETOOBIG;
	if (bind_token_is(word, "key"))
		return take_key(content, reader);
	if (bind_token_is(word, "server"))
		return take_server(content, reader);
	if (bind_token_is(word, "options"))
		return take_options(content, reader);
	if (bind_token_is(word, "include"))
		return take_include(content, reader, depth, why);
	return word->type == BIND_TOKEN_WORD ? skip_statement(reader) : ZP_ESYNTAX;
}

static int read_text(struct content *content, const char *path, struct bind_reader reader,
		     int depth, struct reason *why)
{
	const char *start = reader.at;
	struct bind_token word;
	unsigned int line = 1;
	int r = 0;

	for (;;) {
		bind_token_take(&reader, &word);
		if (word.type == BIND_TOKEN_END)
			return 0;
		r = take_statement(content, &reader, &word, depth, why);
		if (r < 0)
			break;
	}
	/* An include has told its own mistake already. */
	if (r == ZP_EPROGRAM)
		return r;
	for (; start < word.text; start++)
		line += *start == '\n';
	return reason_fail(why, ZP_EPROGRAM,
			   "the control key file '%s' isn't right from line %u on (%s); see "
			   "rndc.conf(5)",
			   path, line, error_text(r));
}

static int read_file(struct content *content, const char *path, int depth, struct reason *why)
{
	size_t length = 0;
	char *text = NULL;
	int r;

	r = depth > RNDC_KEY_DEPTH_MAX ? ZP_ETOOBIG
				       : file_load(path, RNDC_KEY_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return reason_fail(why, ZP_EPROGRAM,
				   "can't read the control key '%s' (%s); the agent needs the file "
				   "that rndc uses: see rndc-key",
				   path, error_text(r));
	r = read_text(content, path, (struct bind_reader){.at = text, .end = text + length}, depth,
		      why);
	explicit_bzero(text, length);
	free(text);
	return r;
}

static const struct server_statement *find_server(const struct content *content, const char *name)
{
	for (size_t i = 0; i < content->n_servers; i++)
		if (strcasecmp(content->servers[i].name, name) == 0)
			return &content->servers[i];
	return NULL;
}

/* As rndc does; but where a file holds one key, that is the one. */
static struct key_statement *find_key(struct content *content,
				      const struct server_statement *server)
{
	const char *name = server && server->key[0] ? server->key : content->key;

	if (!name[0])
		return content->n_keys == 1 ? &content->keys[0] : NULL;
	for (size_t i = 0; i < content->n_keys; i++)
		if (strcasecmp(content->keys[i].name, name) == 0)
			return &content->keys[i];
	return NULL;
}

static int choose_port(const struct content *content, const struct server_statement *server,
		       uint16_t port, uint16_t *ret_port)
{
	const char *text = server && server->port[0] ? server->port : content->port;
	uint64_t number = RNDC_KEY_PORT;
	int r = 0;

	if (port)
		number = port;
	else if (text[0])
		r = text_parse_integer(text, 1, UINT16_MAX, &number);
	if (r == 0)
		*ret_port = (uint16_t)number;
	return r;
}

/* What of it is beyond our own client, and the rest of what that needs. */
static void settle_rest(const struct content *content, const struct server_statement *server,
			struct key_statement *found, struct rndc_key *key)
{
	struct reason beyond = {""};

	if (!found->secret)
		reason_set(&beyond, "its algorithm is '%s'", found->algorithm);
	else if (content->source[0] || (server && (server->source[0] || server->addresses[0])))
		reason_set(&beyond, "it sets addresses for the server '%s'", key->server);
	else if (address_parse(key->server, key->port, &key->address, NULL) < 0)
		reason_set(&beyond, "its server '%s' isn't an IP address", key->server);
	memcpy(key->beyond, beyond.text, sizeof(key->beyond));
	if (key->beyond[0])
		return;
	key->address.port = key->port;
	key->secret = found->secret;
	found->secret = NULL; /* transferred */
}

static int choose(struct content *content, const char *server_name, uint16_t port,
		  struct rndc_key *ret_key, struct reason *why)
{
	const struct server_statement *server;
	struct rndc_key key = {0};
	struct key_statement *found;
	int r;

	if (!server_name[0])
		server_name = content->server[0] ? content->server : STANDARD_SERVER;
	snprintf(key.server, sizeof(key.server), "%s", server_name);
	server = find_server(content, key.server);
	found = find_key(content, server);
	if (!found)
		return reason_fail(why, ZP_EPROGRAM,
				   "%zu keys are in it, and none of them is said to be the one "
				   "for '%s'; name one with default-key: see rndc.conf(5)",
				   content->n_keys, key.server);
	memcpy(key.name, found->name, sizeof(key.name));
	r = choose_port(content, server, port, &key.port);
	if (r < 0)
		return reason_fail(why, ZP_EPROGRAM, "the port for '%s' isn't 1 to 65535",
				   key.server);
	settle_rest(content, server, found, &key);
	*ret_key = key;
	return 0;
}

static void content_free(struct content *content)
{
	for (size_t i = 0; i < content->n_keys; i++)
		hmac_key_free(content->keys[i].secret);
	free(content);
}

int rndc_key_load(const char *path, const char *server, uint16_t port, struct rndc_key *ret_key,
		  struct reason *why)
{
	struct content *content;
	struct reason inner;
	int r;

	content = calloc(1, sizeof(*content));
	if (!content)
		return reason_fail(why, -ENOMEM, "can't read the control key '%s' (%s)", path,
				   error_text(-ENOMEM));
	r = read_file(content, path, 0, why);
	if (r == 0) {
		r = choose(content, server, port, ret_key, &inner);
		if (r < 0)
			reason_set(why, "the control key file '%s' can't be used: %s", path,
				   inner.text);
	}
	content_free(content);
	return r;
}

void rndc_key_done(struct rndc_key *key)
{
	hmac_key_free(key->secret);
	*key = (struct rndc_key){0};
}
