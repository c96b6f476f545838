#include "slave-agent/bind_token.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool begins_with(const struct bind_reader *reader, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(reader->end - reader->at) >= length &&
	       memcmp(reader->at, text, length) == 0;
}

static void skip_past(struct bind_reader *reader, const char *mark)
{
	const char *found;

	found = memmem(reader->at, (size_t)(reader->end - reader->at), mark, strlen(mark));
	reader->at = found ? found + strlen(mark) : reader->end;
}

/* Whether something to be stepped over begins here; it does. */
static bool skip_one_blank(struct bind_reader *reader)
{
	if (isspace((unsigned char)*reader->at))
		reader->at++;
	else if (begins_with(reader, "/*"))
		skip_past(reader, "*/");
	else if (begins_with(reader, "//") || *reader->at == '#')
		skip_past(reader, "\n");
	else
		return false;
	return true;
}

static bool is_mark(char c)
{
	return c == '{' || c == '}' || c == ';';
}

static bool ends_word(const struct bind_reader *reader)
{
	struct bind_reader ahead = *reader;

	return is_mark(*reader->at) || *reader->at == '"' || skip_one_blank(&ahead);
}

static void take_string(struct bind_reader *reader, struct bind_token *token)
{
	token->text = ++reader->at;
	while (reader->at < reader->end && *reader->at != '"')
		reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
	token->length = (size_t)(reader->at - token->text);
	token->type = reader->at < reader->end ? BIND_TOKEN_STRING : BIND_TOKEN_BROKEN;
	if (reader->at < reader->end)
		reader->at++;
}

void bind_token_take(struct bind_reader *reader, struct bind_token *ret_token)
{
	while (reader->at < reader->end && skip_one_blank(reader))
		;
	*ret_token = (struct bind_token){.type = BIND_TOKEN_END, .text = reader->at};
	if (reader->at == reader->end)
		return;
	if (*reader->at == '"') {
		take_string(reader, ret_token);
		return;
	}
	ret_token->type = is_mark(*reader->at) ? BIND_TOKEN_MARK : BIND_TOKEN_WORD;
	do
		reader->at++;
	while (ret_token->type == BIND_TOKEN_WORD && reader->at < reader->end &&
	       !ends_word(reader));
	ret_token->length = (size_t)(reader->at - ret_token->text);
}

bool bind_token_is(const struct bind_token *token, const char *text)
{
	return (token->type == BIND_TOKEN_WORD || token->type == BIND_TOKEN_MARK) &&
	       token->length == strlen(text) && strncasecmp(token->text, text, token->length) == 0;
}

bool bind_token_read_zone(const struct bind_token *token, struct zone_name *ret_name)
{
	char plain[ZONE_NAME_MAX + 3];
	size_t used = 0;

	for (size_t i = 0; i < token->length && used < sizeof(plain) - 1; i++) {
		const char *at = token->text + i;
		unsigned int byte = (unsigned char)*at;

		if (*at == '\\' && i + 3 < token->length && isdigit((unsigned char)at[1])) {
			char digits[4] = {at[1], at[2], at[3], '\0'};

			byte = (unsigned int)strtoul(digits, NULL, 10);
			i += 3;
		} else if (*at == '\\' && i + 1 < token->length) {
			byte = (unsigned char)at[1];
			i++;
		}
		/* An escaped dot is part of a label, which ours never have. */
		if (byte == 0 || byte > 0x7E || (byte == '.' && *at == '\\'))
			return false;
		plain[used++] = (char)byte;
	}
	plain[used] = '\0';
	return used < sizeof(plain) - 1 && zone_name_parse(plain, ret_name, NULL) == 0;
}
