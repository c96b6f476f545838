#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/bind_token.h"

/* Renders tokens as `w:word s:string m:mark`, with `broken` at the end where that is so. */
static void render(const char *text, char *ret_tokens, size_t size)
{
	static const char letters[] = {
		[BIND_TOKEN_MARK] = 'm',
		[BIND_TOKEN_WORD] = 'w',
		[BIND_TOKEN_STRING] = 's',
	};
	/* Of just this size, so that ASan sees a step too far. */
	char *copy = strndup(text, strlen(text));
	struct bind_reader reader = {.at = copy, .end = copy + strlen(text)};
	struct bind_token token;
	size_t used = 0;

	assert_non_null(copy);
	ret_tokens[0] = '\0';
	for (;;) {
		bind_token_take(&reader, &token);
		if (token.type == BIND_TOKEN_END || token.type == BIND_TOKEN_BROKEN)
			break;
		used += (size_t)snprintf(ret_tokens + used, size - used, "%c:%.*s ",
					 letters[token.type], (int)token.length, token.text);
		assert_true(used < size);
	}
	if (token.type == BIND_TOKEN_BROKEN)
		snprintf(ret_tokens + used, size - used, "broken");
	bind_token_take(&reader, &token);
	assert_int_equal(token.type, BIND_TOKEN_END);
	free(copy);
}

static void test_tokens(void **state)
{
	static const char *const cases[][2] = {
		{"\"", "broken"},
		{"a \"b\\\"", "w:a broken"},
		{"", ""},
		{" \t\n", ""},
		{"/* never ends", ""},
		{"# ; {", ""},
		{"// a\nb", "w:b "},
		{"a/*b*/c", "w:a w:c "},
		{"a#b", "w:a "},
		{"a//b", "w:a "},
		{"a/b/ c", "w:a/b/ w:c "},
		{"/", "w:/ "},
		{"a /*b*/ c", "w:a w:c "},
		{"key\"k\"{secret AA==;};", "w:key s:k m:{ w:secret w:AA== m:; m:} m:; "},
		{"a\"\"b", "w:a s: w:b "},
		{"\"x \\\" y\"", "s:x \\\" y "},
		{"{{}};", "m:{ m:{ m:} m:} m:; "},
		{"10.53.0.1 2001:db8::1", "w:10.53.0.1 w:2001:db8::1 "},
	};
	char tokens[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		render(cases[i][0], tokens, sizeof(tokens));
		assert_string_equal(tokens, cases[i][1]);
	}
}

static void test_is(void **state)
{
	const struct bind_token word = {.type = BIND_TOKEN_WORD, .text = "Keys", .length = 3};
	const struct bind_token string = {.type = BIND_TOKEN_STRING, .text = "key", .length = 3};

	(void)state;
	assert_false(bind_token_is(&word, "keys"));
	assert_false(bind_token_is(&word, "ke"));
	assert_false(bind_token_is(&string, "key"));
	assert_true(bind_token_is(&word, "key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_is),
	};

	return cmocka_run_group_tests_name("bind_token", tests, NULL, NULL);
}
