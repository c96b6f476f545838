#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slave-agent/shard.h"
#include "tests/unit/site.h"

static const struct named_words words = {"secondary", "primaries"};

static void render(struct site *site, unsigned int bucket, struct text_buffer *ret_text)
{
	struct shard_source source;

	*ret_text = (struct text_buffer){0};
	assert_int_equal(shard_source_init(&site->config, site->registry, &words, &source), 0);
	assert_int_equal(shard_render(&source, bucket, ret_text), 0);
	shard_source_done(&source);
}

/* The bucket of a.example, with three more zones that fall into it. */
static unsigned int fill_a_bucket(struct site *site)
{
	struct zone_name name = site_name("a.example");
	unsigned int bucket = zone_name_bucket(&name), found = 0;
	char text[64];

	site_put(site, site->a, "a.example", 1, REGISTRY_APPLIED);
	for (unsigned int i = 0; found < 3; i++) {
		snprintf(text, sizeof(text), "zone%u.example", i);
		name = site_name(text);
		if (zone_name_bucket(&name) != bucket)
			continue;
		site_put(site, found == 1 ? site->b : site->a, text, 1, REGISTRY_WAITING);
		found++;
	}
	return bucket;
}

/* Every single byte counts, and every length. */
static void test_damage(void **state)
{
	struct site *site = *state;
	unsigned int bucket = fill_a_bucket(site);
	struct text_buffer text;
	size_t zones = 0;

	render(site, bucket, &text);
	assert_int_equal(shard_verify(text.data, text.length, &zones), 0);
	assert_int_equal(zones, 4);
	for (size_t i = 0; i < text.length; i++) {
		text.data[i] ^= 1;
		if (shard_verify(text.data, text.length, &zones) == 0)
			fail_msg("byte %zu", i);
		text.data[i] ^= 1;
		assert_int_equal(shard_verify(text.data, i, &zones), ZP_EDIGEST);
	}
	text_buffer_done(&text);
}

static void test_loading(void **state)
{
	struct site *site = *state;
	unsigned int bucket = fill_a_bucket(site);
	struct text_buffer text, loaded;
	char path[PATH_MAX];
	size_t zones;

	render(site, bucket, &text);
	assert_int_equal(shard_replace(&site->config, bucket, &text), 0);
	assert_int_equal(shard_load(&site->config, bucket, &loaded, &zones), 0);
	assert_int_equal(zones, 4);
	assert_int_equal(loaded.length, text.length);
	text_buffer_done(&loaded);

	text.data[text.length / 2] ^= 1;
	assert_int_equal(shard_replace(&site->config, bucket, &text), 0);
	assert_int_equal(shard_load(&site->config, bucket, &loaded, &zones), ZP_EDIGEST);
	assert_int_equal(loaded.length, text.length);
	text_buffer_done(&loaded);
	text_buffer_done(&text);

	shard_path(&site->config, bucket, path);
	assert_int_equal(unlink(path), 0);
	assert_true(shard_load(&site->config, bucket, &loaded, &zones) == -ENOENT);
}

/* Zones that named can't hold, claims and deletions aren't in it; an empty one is whole, too. */
static void test_what_stands_in_it(void **state)
{
	struct site *site = *state;
	struct zone_name name = site_name("a.example");
	unsigned int bucket = zone_name_bucket(&name);
	static const enum registry_state kept[] = {REGISTRY_WAITING, REGISTRY_APPLIED},
					 out[] = {REGISTRY_FAILING, REGISTRY_CLAIM};
	struct text_buffer text;
	size_t zones = 1;

	render(site, bucket, &text);
	assert_int_equal(shard_verify(text.data, text.length, &zones), 0);
	assert_int_equal(zones, 0);
	text_buffer_done(&text);
	for (size_t i = 0; i < 2; i++) {
		site_put(site, site->a, "a.example", 1, kept[i]);
		render(site, bucket, &text);
		assert_non_null(strstr(text.data, "zone \"a.example\""));
		text_buffer_done(&text);
		site_put(site, site->a, "a.example", 1, out[i]);
		render(site, bucket, &text);
		assert_null(strstr(text.data, "a.example"));
		text_buffer_done(&text);
	}
}

static void test_in_order_of_name(void **state)
{
	struct site *site = *state;
	unsigned int bucket = fill_a_bucket(site);
	char before[256] = "", now[256];
	struct shard_line line = {0};
	struct text_buffer text;
	size_t count = 0;

	render(site, bucket, &text);
	while (shard_next_line(&text, &line)) {
		snprintf(now, sizeof(now), "%.*s", (int)line.length, line.text);
		assert_true(strcmp(before, now) < 0);
		memcpy(before, now, sizeof(now));
		count++;
	}
	assert_int_equal(count, 4);
	text_buffer_done(&text);
}

static void test_lines_of_anything(void **state)
{
	char garbage[] = "\n\nzone\nzone \nzone \"x\" { };\n\x01\xff\nzone \"unended\"";
	struct text_buffer text = {.data = garbage, .length = sizeof(garbage) - 1}, none = {0};
	struct shard_line line = {0};

	(void)state;
	assert_false(shard_next_line(&none, &line));
	assert_true(shard_next_line(&text, &line));
	assert_int_equal(line.length, strlen("zone \"x\" { };"));
	assert_false(shard_next_line(&text, &line));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_damage),
		TEST(test_loading),
		TEST(test_what_stands_in_it),
		TEST(test_in_order_of_name),
		TEST(test_lines_of_anything),
	};

	return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
