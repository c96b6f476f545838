#include "master-hook/sync_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "master-hook/plesk.h"
#include "proto/file.h"
#include "proto/log.h"
#include "proto/subprocess.h"
#include "proto/zone_name.h"

#define CHECKCONF_LIMIT_MS (5 * 60 * 1000)
#define COMPLAINTS_MAX	   20

/* Reports an entry that can't be used; a list of nonsense isn't reported line by line. */
static void pass_over(struct sync_list *list, const char *entry, const char *why)
{
	list->passed_over++;
	if (list->passed_over <= COMPLAINTS_MAX)
		log_warning("sync: '%s' on the list is passed over (%s)", entry, why);
}

static int add(struct sync_list *list, const char *entry)
{
	struct zone_name name;
	struct reason why;

	if (zone_name_parse(entry, &name, &why) < 0) {
		pass_over(list, entry, why.text);
		return 0;
	}
	return list->names.count < SYNC_LIST_ZONES_MAX ? name_set_add(&list->names, name.text)
						       : ZP_EFULL;
}

/* Ends the line at its comment, and drops the blanks around what is left. */
static char *trim(char *line)
{
	char *end;

	line += strspn(line, " \t\r");
	line[strcspn(line, "#")] = '\0';
	end = line + strlen(line);
	while (end > line && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return line;
}

static int read_line(struct sync_list *list, char *line)
{
	const char *entry = trim(line);

	return *entry ? add(list, entry) : 0;
}

/* A line of `named-checkconf -l`: name, class, view, type. Zones that any named has aren't meant.
 */
static int read_named_line(struct sync_list *list, char *line)
{
	char *fields[4] = {0}, *rest = line;
	struct zone_name name;

	for (int i = 0; i < 4 && rest; i++)
		fields[i] = strsep(&rest, " ");
	if (!fields[3] || strcmp(fields[1], "IN") != 0 ||
	    (strcmp(fields[3], "master") != 0 && strcmp(fields[3], "primary") != 0))
		return 0;
	if (zone_name_parse(fields[0], &name, NULL) == 0 &&
	    zone_name_check_reserved(&name, NULL, 0, NULL) == 0)
		return add(list, name.text);
	return 0;
}

static int read_stream(struct sync_list *list, FILE *stream,
		       int (*read)(struct sync_list *, char *), struct reason *why)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int r = 0;

	for (length = getline(&line, &room, stream); r == 0 && length >= 0;
	     length = getline(&line, &room, stream)) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) + 1 < (size_t)length)
			pass_over(list, line, "there is a NUL byte in the line");
		else
			r = read(list, line);
	}
	if (r == 0 && ferror(stream))
		r = -errno;
	free(line);
	return r < 0 ? reason_fail(why, r, "the list can't be read (%s)", error_text(r)) : 0;
}

static int load_text(struct sync_list *list, const char *path, struct reason *why)
{
	FILE *stream;
	int r;

	if (strcmp(path, SYNC_LIST_INPUT) == 0)
		return read_stream(list, stdin, read_line, why);
	stream = fopen(path, "re");
	if (!stream)
		return reason_fail(why, -errno,
				   "the list '%s' can't be opened (%s); --from takes plesk, named, "
				   "- for standard input, or a file's path",
				   path, error_text(-errno));
	r = read_stream(list, stream, read_line, why);
	fclose(stream);
	return r;
}

/* Without a chroot the option is left out. */
static int run_checkconf(const struct hook_config *config, int sink, struct reason *why)
{
	const char *const within[] = {config->named_checkconf, "-t", config->named_chroot, "-l",
				      config->named_conf,      NULL};
	const char *const without[] = {config->named_checkconf, "-l", config->named_conf, NULL};
	struct subprocess_output output = {0};
	char line[200] = "";
	int r;

	r = subprocess_run_into(*config->named_chroot ? within : without, -1, sink,
				CHECKCONF_LIMIT_MS, &output);
	if (r == 0 && output.status != 0)
		r = ZP_EPROGRAM;
	if (r < 0) {
		subprocess_first_line(&output, line, sizeof(line));
		reason_set(why, "'%s' can't list the zones of '%s' (%s)%s%s",
			   config->named_checkconf, config->named_conf, error_text(r),
			   *line ? ": " : "", line);
	}
	subprocess_output_done(&output);
	return r;
}

static int load_named(const struct hook_config *config, struct sync_list *list, struct reason *why)
{
	int sink = memfd_create("zones", MFD_CLOEXEC);
	FILE *stream = NULL;
	int r;

	if (sink >= 0)
		stream = fdopen(sink, "r");
	if (!stream) {
		if (sink >= 0)
			close(sink);
		return reason_fail(why, -ENOMEM, "out of memory");
	}
	r = run_checkconf(config, sink, why);
	rewind(stream);
	if (r == 0)
		r = read_stream(list, stream, read_named_line, why);
	fclose(stream);
	return r;
}

static int load_plesk(const struct hook_config *config, struct sync_list *list, struct reason *why)
{
	struct plesk_list plesk;
	int r;

	list->lacks_pointers = true;
	r = plesk_list_zones(config, &plesk, why);
	if (r == 0)
		r = read_stream(list, plesk.names, read_line, why);
	list->is_good = plesk.is_good;
	list->why_not = plesk.why_not;
	plesk_list_done(&plesk);
	return r;
}

int sync_list_load(const struct hook_config *config, const char *from, struct sync_list *list,
		   struct reason *why)
{
	int r;

	*list = (struct sync_list){.is_good = true};
	if (strcmp(from, SYNC_LIST_PLESK) == 0)
		r = load_plesk(config, list, why);
	else if (strcmp(from, SYNC_LIST_NAMED) == 0)
		r = load_named(config, list, why);
	else
		r = load_text(list, from, why);
	name_set_sort(&list->names);
	if (r == 0 && list->is_good && list->names.count == 0) {
		list->is_good = false;
		reason_set(&list->why_not, "it is empty");
	}
	/* One of them may be, in another spelling, what seems to be missing. */
	if (list->is_good && list->passed_over > 0) {
		list->is_good = false;
		reason_set(&list->why_not, "%llu of its entries can't be used",
			   (unsigned long long)list->passed_over);
	}
	if (list->passed_over > COMPLAINTS_MAX)
		log_warning("sync: %llu more entries of the list are passed over",
			    (unsigned long long)list->passed_over - COMPLAINTS_MAX);
	return r;
}

void sync_list_done(struct sync_list *list)
{
	name_set_done(&list->names);
}
