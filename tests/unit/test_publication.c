#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/file.h"
#include "slave-agent/publication.h"
#include "tests/unit/site.h"

static const struct named_words words = {"secondary", "primaries"};
static bool all[SHARD_COUNT];

static int prepare(struct site *site, struct shard_source *source, bool whole,
		   struct publication *ret_publication)
{
	struct reason why;

	assert_int_equal(shard_source_init(&site->config, site->registry, &words, source), 0);
	return publication_prepare(source, all, whole, ret_publication, &why);
}

static void must_prepare(struct site *site, struct shard_source *source, bool whole,
			 struct publication *ret_publication)
{
	assert_int_equal(prepare(site, source, whole, ret_publication), 0);
}

static void end(struct shard_source *source, struct publication *publication)
{
	publication_done(publication);
	shard_source_done(source);
}

static void publish(struct site *site)
{
	struct publication publication;
	struct shard_source source;

	must_prepare(site, &source, false, &publication);
	assert_int_equal(publication_commit(&publication), 0);
	end(&source, &publication);
}

static void shard_of(struct site *site, const char *zone, char ret_path[static PATH_MAX])
{
	struct zone_name name = site_name(zone);

	shard_path(&site->config, zone_name_bucket(&name), ret_path);
}

static bool shard_has(struct site *site, const char *zone)
{
	char path[PATH_MAX], *text = NULL;
	size_t length;
	bool has;

	shard_of(site, zone, path);
	assert_int_equal(file_load(path, SHARD_SIZE_MAX, &text, &length, NULL), 0);
	has = strstr(text, zone) != NULL;
	free(text);
	return has;
}

/* Drafts and other files that nobody expects; the previous shards aren't counted. */
static size_t count_files(struct site *site)
{
	char directory[PATH_MAX];
	struct dirent *entry;
	size_t count = 0;
	DIR *stream;

	shard_directory(&site->config, directory);
	stream = opendir(directory);
	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += entry->d_type == DT_REG && !strstr(entry->d_name, ".previous");
	closedir(stream);
	return count;
}

static void test_a_folder_that_cant_be_written(void **state)
{
	struct site *site = *state;
	struct publication publication;
	struct shard_source source;
	char directory[PATH_MAX];

	if (geteuid() == 0)
		skip();
	shard_directory(&site->config, directory);
	assert_int_equal(chmod(directory, 0500), 0);
	assert_true(prepare(site, &source, false, &publication) == -EACCES);
	shard_source_done(&source);
	assert_int_equal(chmod(directory, 0700), 0);
	assert_int_equal(count_files(site), SHARD_COUNT);
}

static void test_nothing_differs(void **state)
{
	struct site *site = *state;
	struct publication publication;
	struct shard_source source;

	site_put(site, site->a, "a.example", 1, REGISTRY_APPLIED);
	publish(site);
	must_prepare(site, &source, false, &publication);
	assert_true(publication_is_empty(&publication));
	assert_int_equal(publication.in_fragment, 0);
	assert_int_equal(publication.before, 1);
	end(&source, &publication);

	/* To be judged as a whole, though nothing is to be written. */
	must_prepare(site, &source, true, &publication);
	assert_true(publication_is_empty(&publication));
	assert_int_equal(publication.in_fragment, 1);
	end(&source, &publication);
}

static void test_what_differs(void **state)
{
	struct site *site = *state;
	struct publication publication;
	struct shard_source source;

	site_put(site, site->a, "same.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "changed.example", 1, REGISTRY_APPLIED);
	site_put(site, site->a, "removed.example", 1, REGISTRY_APPLIED);
	publish(site);
	site_put(site, site->a, "changed.example", 2, REGISTRY_WAITING);
	site_put(site, site->a, "removed.example", 2, REGISTRY_FAILING);
	site_put(site, site->b, "added.example", 2, REGISTRY_WAITING);
	must_prepare(site, &source, false, &publication);
	assert_int_equal(publication.added, 2);
	assert_int_equal(publication.in_fragment, 2);
	assert_int_equal(publication.removed, 1);
	assert_int_equal(publication.lost, 0); /* a row tells why */
	assert_int_equal(publication.before, 3);

	/* Nothing is in force before it is committed. */
	assert_true(shard_has(site, "removed.example"));
	assert_int_equal(publication_commit(&publication), 0);
	assert_false(shard_has(site, "removed.example"));
	assert_true(shard_has(site, "added.example"));
	assert_int_equal(publication_roll_back(&publication), 0);
	assert_true(shard_has(site, "removed.example"));
	assert_false(shard_has(site, "added.example"));
	end(&source, &publication);
	assert_int_equal(count_files(site), SHARD_COUNT);
}

/* Zones that the registry never heard of: it isn't the one that the shards were made from. */
static void test_lost(void **state)
{
	struct site *site = *state;
	struct publication publication;
	struct shard_source source;
	struct text_buffer text = {0};
	struct zone_name name = site_name("lost.example");
	char path[PATH_MAX];

	site_put(site, site->a, "lost.example", 1, REGISTRY_APPLIED);
	publish(site);
	registry_free(site->registry);
	snprintf(path, sizeof(path), "%s/registry.db", site->directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(registry_open(site->directory, &site->registry, &(struct reason){""}), 0);
	must_prepare(site, &source, false, &publication);
	assert_int_equal(publication.removed, 1);
	assert_int_equal(publication.lost, 1);
	end(&source, &publication);
	assert_true(shard_has(site, name.text));
	text_buffer_done(&text);
}

/* Damaged or gone, a shard is written again, and all of its lines are judged. */
static void test_damaged_shards(void **state)
{
	struct site *site = *state;
	struct publication publication;
	struct shard_source source;
	char path[PATH_MAX];
	FILE *file;

	site_put(site, site->a, "a.example", 1, REGISTRY_APPLIED);
	publish(site);
	shard_of(site, "a.example", path);
	file = fopen(path, "ae");
	assert_non_null(file);
	fputs("more\n", file);
	fclose(file);
	must_prepare(site, &source, false, &publication);
	assert_false(publication_is_empty(&publication));
	assert_int_equal(publication.added, 0);
	end(&source, &publication);

	assert_int_equal(unlink(path), 0);
	must_prepare(site, &source, false, &publication);
	assert_int_equal(publication.added, 1);
	assert_int_equal(publication_commit(&publication), 0);
	end(&source, &publication);
	assert_true(shard_has(site, "a.example"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_folder_that_cant_be_written),
		TEST(test_nothing_differs),
		TEST(test_what_differs),
		TEST(test_lost),
		TEST(test_damaged_shards),
	};

	memset(all, true, sizeof(all));
	return cmocka_run_group_tests_name("publication", tests, NULL, NULL);
}
