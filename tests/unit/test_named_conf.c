#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/named_conf.h"
#include "tests/unit/scratch.h"

#define OURS	  "/nowhere/zonepush/zones.conf"
#define CANDIDATE "include \"/nowhere/zonepush/candidate\";"

static int setup(void **state)
{
	char *path = malloc(SCRATCH_PATH_SIZE);

	scratch_make(path);
	*state = path;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static int expand(const char *directory, const char *text, struct text_buffer *out)
{
	char path[SCRATCH_PATH_SIZE];
	struct reason why;

	scratch_write(directory, "named.conf", text, path);
	return named_conf_expand(path, OURS, CANDIDATE, out, NULL, &why);
}

/* What only looks like our include line isn't one. */
static void test_not_included(void **state)
{
	static const char *const texts[] = {
		"",
		"options { };",
		"// include \"" OURS "\";\n",
		"# include \"" OURS "\";\n",
		"/* include \"" OURS "\"; */",
		"zone \"include \\\"" OURS "\\\";\" { };",
		"options { version \"include " OURS ";\"; };",
		"include \"" OURS ".old\";",
		"include \"" OURS "\"",
		"includes \"" OURS "\";",
		"x include \"" OURS "\";",
		"/* never ends include \"" OURS "\";",
		"options { version \"never ends; include " OURS ";",
	};
	struct text_buffer out = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (expand(*state, texts[i], &out) != ZP_EUNKNOWN)
			fail_msg("%s", texts[i]);
		text_buffer_done(&out);
	}
}

static void test_missing_file(void **state)
{
	struct text_buffer out = {0};
	struct reason why;

	(void)state;
	assert_int_equal(named_conf_expand("/nowhere/named.conf", OURS, CANDIDATE, &out, NULL,
					   &why),
			 -2 /* ENOENT */);
	assert_non_null(strstr(why.text, "/nowhere/named.conf"));
	text_buffer_done(&out);
}

static void test_replaced_in_place(void **state)
{
	static const char *const texts[] = {
		"include \"" OURS "\";",
		"options { };\ninclude /* ours */ \"" OURS "\" ;\nzone x { };",
		"view a { include \"" OURS "\"; };",
		"options { version \"a\\\"b\"; }; include \"" OURS "\";",
		"include " OURS ";",
	};
	struct text_buffer out = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (expand(*state, texts[i], &out) != 0 || !strstr(out.data, CANDIDATE) ||
		    strstr(out.data, OURS))
			fail_msg("%s", texts[i]);
		text_buffer_done(&out);
	}
}

static void test_the_rest_stays_as_it_was(void **state)
{
	struct text_buffer out = {0};

	assert_int_equal(expand(*state, "a { b; };\ninclude \"" OURS "\";\n# end\n", &out), 0);
	assert_non_null(strstr(out.data, "a { b; };\n"));
	assert_non_null(strstr(out.data, "\n# end\n"));
	text_buffer_done(&out);
}

static void test_nested(void **state)
{
	char inner[SCRATCH_PATH_SIZE], other[SCRATCH_PATH_SIZE], text[4 * SCRATCH_PATH_SIZE];
	struct text_buffer out = {0};

	scratch_write(*state, "local.conf", "zone inner { };\ninclude \"" OURS "\";\n", inner);
	scratch_write(*state, "other.conf", "zone other { };\n", other);
	snprintf(text, sizeof(text), "include \"%s\";\ninclude \"%s\";\ninclude \"/not/there\";\n",
		 other, inner);
	assert_int_equal(expand(*state, text, &out), 0);
	assert_non_null(strstr(out.data, "zone inner { };"));
	assert_non_null(strstr(out.data, CANDIDATE));
	/* A file without ours stays an include, readable or not. */
	assert_null(strstr(out.data, "zone other"));
	assert_non_null(strstr(out.data, other));
	assert_non_null(strstr(out.data, "include \"/not/there\";"));
	text_buffer_done(&out);
}

static void test_a_file_that_includes_itself(void **state)
{
	char path[SCRATCH_PATH_SIZE], text[2 * SCRATCH_PATH_SIZE];
	struct text_buffer out = {0};

	snprintf(path, sizeof(path), "%s/named.conf", (const char *)*state);
	snprintf(text, sizeof(text), "include \"%s\";\n", path);
	assert_int_equal(expand(*state, text, &out), ZP_ETOOBIG);
	text_buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_included, setup, teardown),
		cmocka_unit_test(test_missing_file),
		cmocka_unit_test_setup_teardown(test_replaced_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_rest_stays_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_file_that_includes_itself, setup, teardown),
	};

	return cmocka_run_group_tests_name("named_conf", tests, NULL, NULL);
}
