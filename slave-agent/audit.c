#include "slave-agent/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/error.h"
#include "proto/log.h"
#include "slave-agent/audit_file.h"
#include "slave-agent/audit_limit.h"
#include "slave-agent/journal.h"

struct audit {
	pthread_mutex_t lock;
	struct audit_file file; /* path "": none */
	const char *journal;	/* NULL: the ordinary log */
	int journal_fd;		/* -1: not open */
	struct audit_limit limit;
};

int audit_new(const char *path, const char *journal, struct audit **ret_audit)
{
	struct audit *audit;

	audit = calloc(1, sizeof(*audit));
	if (!audit)
		return -ENOMEM;
	pthread_mutex_init(&audit->lock, NULL);
	audit->journal = journal;
	audit->journal_fd = -1;
	if (*path)
		audit_file_init(&audit->file, path);
	else
		audit->file = (struct audit_file){.path = path, .fd = -1};
	*ret_audit = audit;
	return 0;
}

static void write_file(struct audit *audit, const struct audit_entry *entries, size_t count)
{
	struct text_buffer lines = {0};
	char time[AUDIT_TIME_SIZE];
	int r = 0;

	if (!*audit->file.path)
		return;
	audit_time_render(clock_microseconds() / 1000, time);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = audit_line_json(&entries[i], time, &lines);
	if (r == 0)
		audit_file_write(&audit->file, lines.data, lines.length);
	else
		log_error("audit: %zu lines are lost (%s)", count, error_text(r));
	text_buffer_done(&lines);
}

static void write_log(const struct audit_entry *entry)
{
	char message[AUDIT_MESSAGE_SIZE];

	audit_line_message(entry, message);
	if (entry->is_refused)
		log_warning("audit: %s", message);
	else
		log_notice("audit: %s", message);
}

/* Returns how many of these, JOURNAL_SEND_MAX at most, the journal has taken. */
static size_t send_some(struct audit *audit, const struct audit_entry *entries, size_t count)
{
	struct iovec datagrams[JOURNAL_SEND_MAX];
	struct text_buffer text = {0};
	size_t sent = 0, before;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		before = text.length;
		r = audit_line_journal(&entries[i], &text);
		datagrams[i].iov_len = text.length - before;
	}
	if (r == 0) {
		before = 0;
		for (size_t i = 0; i < count; before += datagrams[i].iov_len, i++)
			datagrams[i].iov_base = text.data + before;
		sent = journal_send(audit->journal_fd, datagrams, count);
	}
	text_buffer_done(&text);
	return sent;
}

/* Returns how many the journal has taken: all, unless it doesn't read or was started anew. */
static size_t write_journal(struct audit *audit, const struct audit_entry *entries, size_t count)
{
	size_t sent = 0, batch, n;

	if (!audit->journal)
		return 0;
	if (audit->journal_fd < 0)
		audit->journal_fd = journal_open(audit->journal);
	while (audit->journal_fd >= 0 && sent < count) {
		batch = count - sent < JOURNAL_SEND_MAX ? count - sent : JOURNAL_SEND_MAX;
		n = send_some(audit, entries + sent, batch);
		sent += n;
		if (n < batch) {
			close(audit->journal_fd);
			audit->journal_fd = -1;
		}
	}
	return sent;
}

/* Under the lock. */
static void write_entries(struct audit *audit, const struct audit_entry *entries, size_t count)
{
	write_file(audit, entries, count);
	for (size_t i = write_journal(audit, entries, count); i < count; i++)
		write_log(&entries[i]);
}

void audit_write(struct audit *audit, const struct audit_entry *entries, size_t count)
{
	pthread_mutex_lock(&audit->lock);
	write_entries(audit, entries, count);
	pthread_mutex_unlock(&audit->lock);
}

/* 1,234,567 */
static void render_count(uint64_t number, char ret_text[static 32])
{
	char digits[24];
	size_t used = 0;
	int length;

	length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			ret_text[used++] = ',';
		ret_text[used++] = digits[i];
	}
	ret_text[used] = '\0';
}

/* Under the lock. */
static void tell_counts(struct audit *audit, uint64_t now)
{
	struct audit_source sources[AUDIT_LIMIT_TOTAL + 1];
	size_t count = audit_limit_end(&audit->limit, now, sources);
	char number[32], detail[96];

	for (size_t i = 0; i < count; i++) {
		struct audit_entry entry = {
			.address = *sources[i].text ? sources[i].text : "other addresses",
			.count = sources[i].left_out,
			.result = "refused",
			.detail = detail,
		};

		render_count(sources[i].left_out, number);
		snprintf(detail, sizeof(detail), "and %s more from %s in %d s", number,
			 entry.address, AUDIT_LIMIT_WINDOW_MS / 1000);
		write_entries(audit, &entry, 1);
	}
}

void audit_refuse(struct audit *audit, const struct audit_entry *entry, uint64_t now)
{
	pthread_mutex_lock(&audit->lock);
	tell_counts(audit, now);
	if (audit_limit_take(&audit->limit, entry->address, now))
		write_entries(audit, entry, 1);
	pthread_mutex_unlock(&audit->lock);
}

void audit_tick(struct audit *audit, uint64_t now)
{
	pthread_mutex_lock(&audit->lock);
	tell_counts(audit, now);
	pthread_mutex_unlock(&audit->lock);
}

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	tell_counts(audit, UINT64_MAX);
	audit_file_done(&audit->file);
	if (audit->journal_fd >= 0)
		close(audit->journal_fd);
	pthread_mutex_destroy(&audit->lock);
	free(audit);
}
