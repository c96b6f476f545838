#include "slave-agent/named_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/digest.h"
#include "proto/file.h"
#include "proto/key.h"
#include "proto/subprocess.h"
#include "slave-agent/named.h"
#include "slave-agent/named_facts_private.h"
#include "slave-agent/shard.h"

#define NZD_LIMIT_MS	    (60 * 1000)
#define MARKER_SIZE	    (KEY_RANDOM_HEX_SIZE + sizeof(".invalid"))
#define DATABASE_TRIES	    3
#define DATABASE_CUT_LENGTH 16 /* hex digits */

/* A descriptor to collect a program's output in, and that output once it is there. */
struct collection {
	int fd;
	char *text;
	size_t length;
};

static int collection_init(struct collection *collection)
{
	*collection = (struct collection){.fd = memfd_create("output", MFD_CLOEXEC)};
	return collection->fd < 0 ? -errno : 0;
}

static int collection_map(struct collection *collection)
{
	struct stat status;

	if (fstat(collection->fd, &status) < 0)
		return -errno;
	if (status.st_size == 0)
		return 0;
	collection->text =
		mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, collection->fd, 0);
	if (collection->text == MAP_FAILED) {
		collection->text = NULL;
		return -errno;
	}
	collection->length = (size_t)status.st_size;
	return 0;
}

static void collection_done(struct collection *collection)
{
	if (collection->text)
		munmap(collection->text, collection->length);
	close(collection->fd);
}

/* named-checkconf prints its warnings first; what it prints then are statements, line by line. */
static const char *skip_warnings(const char *text, size_t length)
{
	const char *end = text + length, *stop;

	while (text < end) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop || (stop > text && strchr("{;", stop[-1])))
			break;
		text = stop + 1;
	}
	return text;
}

static int read_configuration(const struct agent_config *config, struct named_facts *facts,
			      struct text_buffer *files, struct reason *why)
{
	char hex[KEY_RANDOM_HEX_SIZE], marker[MARKER_SIZE], statement[2 * MARKER_SIZE];
	struct collection output;
	const char *start;
	int r;

	key_random_hex(hex);
	snprintf(marker, sizeof(marker), "%s.invalid", hex);
	/* A zone that is nowhere else, so that it can be told where ours would stand. */
	snprintf(statement, sizeof(statement), "zone \"%s\" { type forward; };", marker);
	r = collection_init(&output);
	if (r < 0)
		return reason_fail(why, r, "can't read named's configuration (%s)", error_text(r));
	r = named_print(config, statement, output.fd, files, why);
	if (r < 0)
		goto out;
	r = collection_map(&output);
	if (r == 0) {
		start = skip_warnings(output.text, output.length);
		r = named_facts_parse(facts, start, (size_t)(output.text + output.length - start),
				      marker);
	}
	if (r < 0)
		reason_set(why, "can't make out what '%s -p' prints of '%s' (%s)",
			   config->named_checkconf, config->named_conf, error_text(r));
out:
	collection_done(&output);
	return r;
}

/* Relative to `directory`, as named takes it; "" where that isn't set: as for named, then. */
static void find_directory(const struct named_facts *facts, char ret_path[static PATH_MAX])
{
	bool is_whole = *facts->new_zones == '/' || !*facts->directory;

	if (is_whole)
		snprintf(ret_path, PATH_MAX, "%s", facts->new_zones);
	else
		snprintf(ret_path, PATH_MAX, "%.2000s/%.2000s", facts->directory, facts->new_zones);
}

/*
 * BIND names the file after the view; the view that is always there is `_default`. Names with
 * capitals or slashes are replaced by their SHA-256, mostly cut; BIND looks for those first.
 */
static void find_database(const struct named_facts *facts, unsigned int try, const char *suffix,
			  char ret_path[static PATH_MAX])
{
	const char *view = *facts->view ? facts->view : "_default";
	char directory[PATH_MAX], hex[DIGEST_HEX_SIZE];

	find_directory(facts, directory);
	digest_hex(view, strlen(view), hex);
	if (try == 1)
		hex[DATABASE_CUT_LENGTH] = '\0';
	snprintf(ret_path, PATH_MAX, "%.3000s%s%s.%s", directory, *directory ? "/" : "",
		 try < 2 ? hex : view, suffix);
}

/* The text of the LMDB database, by the program that BIND has for it. */
static int read_nzd(const struct agent_config *config, struct named_facts *facts, const char *path)
{
	const char *const argv[] = {config->nzd2nzf, path, NULL};
	struct subprocess_output complaint = {0};
	struct collection output;
	int r;

	r = collection_init(&output);
	if (r < 0)
		return r;
	r = subprocess_run_into(argv, -1, output.fd, NZD_LIMIT_MS, &complaint);
	if (r == 0 && complaint.status != 0)
		r = ZP_EPROGRAM;
	subprocess_output_done(&complaint);
	if (r == 0)
		r = collection_map(&output);
	if (r == 0 && output.length > 0)
		r = named_facts_parse_zones(&facts->runtime, output.text, output.length);
	collection_done(&output);
	return r;
}

/* Servers without LMDB keep the clauses as text. */
static int read_nzf(const struct agent_config *config, struct named_facts *facts, const char *path)
{
	size_t length = 0;
	char *text = NULL;
	int r;

	(void)config;
	r = file_load(path, SHARD_SIZE_MAX, &text, &length, NULL);
	if (r < 0)
		return r;
	r = named_facts_parse_zones(&facts->runtime, text, length);
	free(text);
	return r;
}

/* A file that can't even be looked for may be there. */
static bool may_be_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

typedef int read_database(const struct agent_config *config, struct named_facts *facts,
			  const char *path);

/* Reads the database that BIND would take, and notes all that it looks at. */
static int look_for(const struct agent_config *config, struct named_facts *facts,
		    const char *suffix, read_database *read, struct text_buffer *files)
{
	bool is_found = false;
	char path[PATH_MAX];
	int r = 0;

	for (unsigned int try = 0; r == 0 && try < DATABASE_TRIES; try++) {
		find_database(facts, try, suffix, path);
		r = text_buffer_append(files, path, strlen(path) + 1);
		if (r < 0 || is_found || !may_be_there(path))
			continue;
		is_found = true;
		r = read(config, facts, path);
	}
	return r;
}

/* Where both are there, named takes what is in the text into the database when it starts. */
static void read_runtime(const struct agent_config *config, struct named_facts *facts,
			 struct text_buffer *files)
{
	int r = 0;

	if (facts->allows_runtime)
		r = look_for(config, facts, "nzd", read_nzd, files);
	if (r == 0 && facts->allows_runtime)
		r = look_for(config, facts, "nzf", read_nzf, files);
	facts->knows_runtime = r == 0;
}

/*
 * A file that was changed about the time that it was read may be another by now, though it looks
 * the same: no file looks like what is noted of it then, so that it is read once more.
 */
static void look_after_reading(const char *path, int64_t began, struct file_stamp *ret_stamp)
{
	file_stamp_take(path, ret_stamp);
	if (ret_stamp->changed.tv_sec >= began)
		ret_stamp->size = -1;
}

/* Each ends with a NUL. */
static int add_files(struct name_set *set, const struct text_buffer *files)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < files->length; at += strlen(files->data + at) + 1)
		r = name_set_add(set, files->data + at);
	return r;
}

static int note_files(struct named_facts *facts, const struct text_buffer *configuration,
		      const struct text_buffer *runtime, int64_t began)
{
	int r;

	r = add_files(&facts->files, configuration);
	facts->n_configuration = facts->files.count;
	if (r == 0)
		r = add_files(&facts->files, runtime);
	if (r < 0)
		return r;
	facts->stamps = calloc(facts->files.count + 1, sizeof(*facts->stamps));
	if (!facts->stamps)
		return -ENOMEM;
	for (size_t i = 0; i < facts->files.count; i++)
		look_after_reading(facts->files.text + facts->files.starts[i], began,
				   &facts->stamps[i]);
	return 0;
}

int named_facts_load(const struct agent_config *config, struct named_facts **ret_facts,
		     struct reason *why)
{
	struct text_buffer files = {0}, runtime = {0};
	int64_t began = clock_seconds();
	struct named_facts *facts;
	int r;

	facts = calloc(1, sizeof(*facts));
	if (!facts)
		return reason_fail(why, -ENOMEM, "out of memory");
	r = read_configuration(config, facts, &files, why);
	if (r < 0)
		goto out;
	read_runtime(config, facts, &runtime);
	r = note_files(facts, &files, &runtime, began);
	if (r < 0) {
		reason_set(why, "out of memory");
		goto out;
	}
	name_set_sort(&facts->zones);
	name_set_sort(&facts->keys);
	name_set_sort(&facts->runtime);
	*ret_facts = facts;
	facts = NULL; /* transferred */
out:
	text_buffer_done(&files);
	text_buffer_done(&runtime);
	named_facts_free(facts);
	return r;
}

void named_facts_free(struct named_facts *facts)
{
	if (!facts)
		return;
	name_set_done(&facts->zones);
	name_set_done(&facts->keys);
	name_set_done(&facts->runtime);
	name_set_done(&facts->files);
	free(facts->stamps);
	free(facts);
}

enum named_facts_change named_facts_get_change(const struct named_facts *facts)
{
	struct file_stamp now;

	for (size_t i = 0; i < facts->files.count; i++) {
		file_stamp_take(facts->files.text + facts->files.starts[i], &now);
		if (!file_stamp_is_equal(&now, &facts->stamps[i]))
			return i < facts->n_configuration ? NAMED_FACTS_CONFIGURATION
							  : NAMED_FACTS_RUNTIME;
	}
	return NAMED_FACTS_SAME;
}

const char *named_facts_get_directory(const struct named_facts *facts)
{
	return facts->directory;
}

const char *named_facts_get_view(const struct named_facts *facts)
{
	return facts->view;
}

bool named_facts_has_zone(const struct named_facts *facts, const struct zone_name *name)
{
	return name_set_has(&facts->zones, name->text);
}

bool named_facts_has_key(const struct named_facts *facts, const char *name)
{
	char folded[NAMED_FACTS_NAME_SIZE];

	named_facts_fold_key(name, strlen(name), folded);
	return name_set_has(&facts->keys, folded);
}

bool named_facts_may_have_runtime_zones(const struct named_facts *facts)
{
	return !facts->knows_runtime || facts->runtime.count > 0;
}

bool named_facts_has_runtime_zone(const struct named_facts *facts, const struct zone_name *name)
{
	return name_set_has(&facts->runtime, name->text);
}

bool named_facts_knows_runtime(const struct named_facts *facts)
{
	return facts->knows_runtime;
}
