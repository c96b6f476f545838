#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/hook_config.h"
#include "proto/file.h"
#include "slave-agent/agent_config.h"
#include "tests/unit/scratch.h"

static bool is_equal(const struct config_key *key, const char *a, const char *b)
{
	const struct config_list *left, *right;

	switch (key->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		return strcmp(*(char *const *)(a + key->offset),
			      *(char *const *)(b + key->offset)) == 0;
	case CONFIG_INTEGER:
	case CONFIG_SECONDS:
		return *(const uint64_t *)(a + key->offset) == *(const uint64_t *)(b + key->offset);
	case CONFIG_BOOLEAN:
		return *(const bool *)(a + key->offset) == *(const bool *)(b + key->offset);
	case CONFIG_LIST:
		left = (const struct config_list *)(a + key->offset);
		right = (const struct config_list *)(b + key->offset);
		if (left->count != right->count)
			return false;
		for (size_t i = 0; i < left->count; i++)
			if (strcmp(left->items[i], right->items[i]) != 0)
				return false;
		return true;
	}
	return false;
}

/* Whether a key stands in the sample at all, with `=` behind it. */
static bool is_shown(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s =", name);
	return strstr(text, line) != NULL;
}

/* A sample shows every key, and says of each what is so without it. */
static void check_sample(const char *sample, const struct config_key *keys, void *shown,
			 void *standard)
{
	char directory[SCRATCH_PATH_SIZE], empty[SCRATCH_PATH_SIZE], *text;
	struct reason why;
	size_t length;

	scratch_make(directory);
	scratch_write(directory, "empty.conf", "", empty);
	if (config_load(sample, keys, shown, &why) < 0 ||
	    config_load(empty, keys, standard, &why) < 0)
		fail_msg("%s", why.text);
	assert_int_equal(file_load(sample, 1 << 20, &text, &length, NULL), 0);
	for (; keys->name; keys++) {
		if (!is_shown(text, keys->name))
			fail_msg("%s says nothing of '%s'", sample, keys->name);
		if (!is_equal(keys, shown, standard))
			fail_msg("%s: '%s' isn't the default", sample, keys->name);
	}
	free(text);
	scratch_remove(directory);
}

static void test_hook(void **state)
{
	struct hook_config shown = {0}, standard = {0};

	(void)state;
	check_sample("conf/zonepush.conf", hook_config_keys, &shown, &standard);
	config_done(hook_config_keys, &shown);
	config_done(hook_config_keys, &standard);
}

static void test_agent(void **state)
{
	struct agent_config shown = {0}, standard = {0};

	(void)state;
	check_sample("conf/zonepush-agent.conf", agent_config_keys, &shown, &standard);
	config_done(agent_config_keys, &shown);
	config_done(agent_config_keys, &standard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hook),
		cmocka_unit_test(test_agent),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
