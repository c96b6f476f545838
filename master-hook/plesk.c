#include "master-hook/plesk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/subprocess.h"
#include "proto/text.h"

#define LIMIT_MS     (5 * 60 * 1000)
#define COUNT_SIZE   32

#define ACTIVE_ZONES "from dns_zone where status=0 and type='master'"

/* Explains in its own words why the program failed, where it says something. */
static int explain(const struct hook_config *config, const char *purpose, int error,
		   const struct subprocess_output *output, struct reason *why)
{
	char line[200] = "";

	if (error == -ENOENT || error == -EACCES)
		return reason_fail(why, error,
				   "can't %s: '%s' can't be run (%s); is this the Plesk server? "
				   "`plesk` in the configuration is the path of Plesk's program",
				   purpose, config->plesk, error_text(error));
	subprocess_first_line(output, line, sizeof(line));
	if (error < 0)
		return reason_fail(why, error, "can't %s: '%s' failed (%s)%s%s", purpose,
				   config->plesk, error_text(error), *line ? ": " : "", line);
	return reason_fail(why, ZP_EPROGRAM, "can't %s: '%s' exited with status %d%s%s", purpose,
			   config->plesk, output->status, *line ? ": " : "", line);
}

/* Runs Plesk's program; what it prints goes to `sink` (-1: only to ret_output). */
static int run(const struct hook_config *config, const char *const arguments[], int sink,
	       const char *purpose, struct subprocess_output *ret_output, struct reason *why)
{
	int r;

	if (sink >= 0)
		r = subprocess_run_into(arguments, -1, sink, LIMIT_MS, ret_output);
	else
		r = subprocess_run(arguments, -1, LIMIT_MS, ret_output);
	if (r < 0 || ret_output->status != 0)
		return explain(config, purpose, r, ret_output, why);
	return 0;
}

static int count_zones(const struct hook_config *config, uint64_t *ret_count, struct reason *why)
{
	const char *const arguments[] = {config->plesk, "db", "-Ne",
					 "select count(*) " ACTIVE_ZONES, NULL};
	struct subprocess_output output = {0};
	char line[COUNT_SIZE];
	int r;

	r = run(config, arguments, -1, "count Plesk's active zones", &output, why);
	if (r == 0) {
		subprocess_first_line(&output, line, sizeof(line));
		r = text_parse_integer(line, 0, UINT32_MAX, ret_count);
		if (r < 0)
			reason_set(why, "'%s' counts Plesk's active zones as '%s'", config->plesk,
				   line);
	}
	subprocess_output_done(&output);
	return r;
}

static int collect(const struct hook_config *config, FILE *names, struct reason *why)
{
	const char *const arguments[] = {config->plesk, "db", "-Ne", "select name " ACTIVE_ZONES,
					 NULL};
	struct subprocess_output output = {0};
	int r;

	r = run(config, arguments, fileno(names), "list Plesk's active zones", &output, why);
	subprocess_output_done(&output);
	return r;
}

static uint64_t count_lines(FILE *names)
{
	uint64_t lines = 0;
	int c;

	rewind(names);
	for (c = getc(names); c != EOF; c = getc(names))
		lines += c == '\n';
	rewind(names);
	return lines;
}

static void judge(struct plesk_list *list, uint64_t before, uint64_t after)
{
	uint64_t lines = count_lines(list->names);

	list->is_good = lines > 0 && lines == before && lines == after;
	if (lines == 0)
		reason_set(&list->why_not, "it is empty");
	else if (!list->is_good)
		reason_set(&list->why_not,
			   "it has %llu names, and Plesk counted %llu before and %llu after it",
			   (unsigned long long)lines, (unsigned long long)before,
			   (unsigned long long)after);
}

int plesk_list_zones(const struct hook_config *config, struct plesk_list *list, struct reason *why)
{
	int fd = memfd_create("zones", MFD_CLOEXEC), r;
	uint64_t before = 0, after = 0;

	*list = (struct plesk_list){.names = fd >= 0 ? fdopen(fd, "r") : NULL};
	if (!list->names) {
		if (fd >= 0)
			close(fd);
		return reason_fail(why, -ENOMEM, "out of memory");
	}
	r = count_zones(config, &before, why);
	if (r == 0)
		r = collect(config, list->names, why);
	if (r == 0)
		r = count_zones(config, &after, why);
	if (r == 0)
		judge(list, before, after);
	return r;
}

void plesk_list_done(struct plesk_list *list)
{
	if (list->names)
		fclose(list->names);
	list->names = NULL;
}
