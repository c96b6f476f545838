#include "slave-agent/bind_token.h"

#include <ctype.h>
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
