#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "master-hook/outbox.h"
#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"
#include "proto/file.h"
#include "proto/text.h"

/*
 * What Plesk can't tell again are the slaves. They stand in a small file, too, a line each, with
 * tabs between name, URL, key id, DNS address, 1 if it is paused, and the addresses let in at
 * Plesk.
 */
#define SLAVES_SIZE_MAX (OUTBOX_SLAVES_MAX * (OUTBOX_NAME_MAX + 3 * OUTBOX_URL_MAX + 64))
#define SLAVES_MODE	0660
#define FIELDS		6
#define STAMP_SIZE	sizeof("20261123-201501")

static void render_path(const struct outbox *outbox, char ret_path[static PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/" OUTBOX_SLAVES_FILE, outbox->state);
}

static int save_slaves(struct outbox *outbox)
{
	struct outbox_slave *slaves = NULL;
	struct text_buffer text = {0};
	char path[PATH_MAX];
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &slaves, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = text_buffer_printf(&text, "%s\t%s\t%s\t%s\t%d\t%s\n", slaves[i].name,
				       slaves[i].url, slaves[i].key.id, slaves[i].dns,
				       slaves[i].is_paused, slaves[i].acl);
	render_path(outbox, path);
	if (r == 0)
		r = file_replace(path, text.data ? text.data : "", text.length, SLAVES_MODE,
				 outbox->group);
	text_buffer_done(&text);
	free(slaves);
	return r;
}

int outbox_commit_slaves(struct outbox *outbox)
{
	int r;

	r = save_slaves(outbox);
	return r == 0 ? outbox_commit(outbox) : r;
}

static int add_line(struct outbox *outbox, char *line)
{
	struct outbox_slave slave = {0};
	char *fields[FIELDS] = {0};
	int r;

	for (int i = 0; i < FIELDS && line; i++)
		fields[i] = strsep(&line, "\t");
	/* A line that somebody has spoilt is a slave that has to be added again. */
	if (!fields[FIELDS - 1] || !outbox_is_slave_name(fields[0]) ||
	    key_public_parse(fields[2], &slave.key) < 0)
		return 0;
	snprintf(slave.name, sizeof(slave.name), "%s", fields[0]);
	snprintf(slave.url, sizeof(slave.url), "%s", fields[1]);
	snprintf(slave.dns, sizeof(slave.dns), "%s", fields[3]);
	slave.is_paused = strcmp(fields[4], "1") == 0;
	snprintf(slave.acl, sizeof(slave.acl), "%s", fields[5]);
	r = outbox_slave_add(outbox, &slave);
	return r == -EEXIST ? 0 : r;
}

static int add_lines(struct outbox *outbox, char *text)
{
	int r;

	r = outbox_begin(outbox);
	for (char *line = strsep(&text, "\n"); r == 0 && line; line = strsep(&text, "\n"))
		r = add_line(outbox, line);
	if (r == 0)
		r = outbox_commit(outbox);
	if (r < 0)
		outbox_rollback(outbox);
	return r;
}

int outbox_restore_slaves(struct outbox *outbox)
{
	char path[PATH_MAX], *text = NULL;
	int64_t known = 0;
	size_t length = 0;
	int r;

	r = database_get_integer(outbox->database, "SELECT count(*) FROM slave", &known);
	if (r < 0 || known > 0)
		return r;
	render_path(outbox, path);
	r = file_load(path, SLAVES_SIZE_MAX, &text, &length, NULL);
	if (r == 0 && length > 0)
		r = add_lines(outbox, text);
	free(text);
	return r == -ENOENT ? 0 : r;
}

int outbox_check(struct outbox *outbox)
{
	int64_t is_good = 0;
	int r;

	r = database_get_integer(outbox->database,
				 "SELECT quick_check = 'ok' FROM pragma_quick_check(1)", &is_good);
	return r == 0 && !is_good ? ZP_EDAMAGED : r;
}

int outbox_set_aside(const char *state, char ret_path[static PATH_MAX])
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	time_t now = (time_t)clock_seconds();
	char path[PATH_MAX], stamp[STAMP_SIZE], aside[PATH_MAX];
	struct tm utc;
	int r = 0;

	if (!gmtime_r(&now, &utc) || strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &utc) == 0)
		return -EINVAL;
	snprintf(ret_path, PATH_MAX, "%.3000s/" OUTBOX_FILE ".damaged-%s", state, stamp);
	for (size_t i = 0; r == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(path, sizeof(path), "%.3000s/" OUTBOX_FILE "%s", state, suffixes[i]);
		snprintf(aside, sizeof(aside), "%.3500s%s", ret_path, suffixes[i]);
		r = file_move(path, aside);
		if (r == -ENOENT && i > 0)
			r = 0;
	}
	return r;
}
