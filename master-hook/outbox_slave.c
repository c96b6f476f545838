#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/outbox.h"
#include "master-hook/outbox_private.h"
#include "proto/clock.h"
#include "proto/database.h"

bool outbox_is_slave_name(const char *text)
{
	size_t length = strlen(text);

	return length >= 1 && length <= OUTBOX_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static int read_slave(struct database_rows *rows, struct outbox_slave *slave)
{
	*slave = (struct outbox_slave){
		.id = database_integer(rows, 0),
		.state.applied_seq = (uint64_t)database_integer(rows, 5),
		.failures = (uint64_t)database_integer(rows, 6),
		.retry_at = database_integer(rows, 7),
		.answered_at = database_integer(rows, 8),
		.is_paused = database_integer(rows, 10) != 0,
	};
	snprintf(slave->name, sizeof(slave->name), "%s", database_text(rows, 1));
	snprintf(slave->url, sizeof(slave->url), "%s", database_text(rows, 2));
	snprintf(slave->state.instance, sizeof(slave->state.instance), "%s",
		 database_text(rows, 4));
	snprintf(slave->error, sizeof(slave->error), "%s", database_text(rows, 9));
	snprintf(slave->dns, sizeof(slave->dns), "%s", database_text(rows, 11));
	snprintf(slave->acl, sizeof(slave->acl), "%s", database_text(rows, 12));
	return key_public_parse(database_text(rows, 3), &slave->key);
}

/* All rows; there are never more than OUTBOX_SLAVES_MAX. */
static int read_slaves(struct database_rows *rows, struct outbox_slave *slaves, size_t *ret_count)
{
	size_t count = 0;
	int r;

	for (r = database_next(rows); r == 1 && count < OUTBOX_SLAVES_MAX;
	     r = database_next(rows)) {
		r = read_slave(rows, &slaves[count]);
		if (r < 0)
			return r;
		count++;
	}
	if (r >= 0)
		*ret_count = count;
	return r < 0 ? r : 0;
}

int outbox_slave_list(struct outbox *outbox, struct outbox_slave **ret_slaves, size_t *ret_count)
{
	struct outbox_slave *slaves = calloc(OUTBOX_SLAVES_MAX, sizeof(*slaves));
	struct database_rows *rows;
	size_t count = 0;
	int r;

	if (!slaves)
		return -ENOMEM;
	r = database_query(
		outbox->database, &rows,
		"SELECT id, name, url, agent_key, instance, applied_seq, failures,"
		" retry_at, answered_at, error, paused, dns, acl FROM slave ORDER BY name",
		"");
	if (r == 0) {
		r = read_slaves(rows, slaves, &count);
		database_rows_done(rows);
	}
	if (r < 0) {
		free(slaves);
		return r;
	}
	*ret_slaves = slaves;
	*ret_count = count;
	return 0;
}

/* Only what is present: a slave that never had a zone needn't be told that it is gone. */
static int owe_present(struct outbox *outbox, const char *name)
{
	return database_execute(outbox->database,
				"INSERT INTO pending(slave, zone, deletion, since)"
				" SELECT slave.id, zone.name, 0, ? FROM slave, zone"
				" WHERE slave.name = ? AND zone.present = 1",
				"it", (int64_t)(clock_microseconds() / 1000), name);
}

static int check_new(struct outbox *outbox, const char *name)
{
	struct outbox_slave *slaves = NULL;
	size_t count = 0;
	int r;

	r = outbox_slave_list(outbox, &slaves, &count);
	if (r == 0 && count >= OUTBOX_SLAVES_MAX)
		r = ZP_EFULL;
	for (size_t i = 0; r == 0 && i < count; i++)
		if (strcmp(slaves[i].name, name) == 0)
			r = -EEXIST;
	free(slaves);
	return r;
}

int outbox_slave_add(struct outbox *outbox, const struct outbox_slave *slave)
{
	int r;

	r = check_new(outbox, slave->name);
	if (r == 0)
		r = database_execute(outbox->database,
				     "INSERT INTO slave(name, url, agent_key, dns, paused, acl)"
				     " VALUES (?, ?, ?, ?, ?, ?)",
				     "ttttit", slave->name, slave->url, slave->key.id, slave->dns,
				     (int64_t)slave->is_paused, slave->acl);
	return r == 0 ? owe_present(outbox, slave->name) : r;
}

int outbox_slave_replace(struct outbox *outbox, const struct outbox_slave *slave)
{
	int r;

	r = database_execute(outbox->database,
			     "UPDATE slave SET agent_key = ?, url = ?, instance = '',"
			     " applied_seq = 0, failures = 0, retry_at = 0, answered_at = 0,"
			     " error = '' WHERE id = ?",
			     "tti", slave->key.id, slave->url, slave->id);
	return r == 0 ? outbox_owe_all(outbox, slave->id) : r;
}

int outbox_slave_pause(struct outbox *outbox, int64_t slave, bool is_paused)
{
	int r;

	r = database_execute(outbox->database,
			     "UPDATE slave SET paused = ?, failures = 0, retry_at = 0"
			     " WHERE id = ?",
			     "ii", (int64_t)is_paused, slave);
	return r == 0 && !is_paused ? outbox_owe_now(outbox, slave) : r;
}

int outbox_slave_note_acl(struct outbox *outbox, const struct outbox_slave *slave)
{
	return database_execute(outbox->database, "UPDATE slave SET acl = ? WHERE id = ?", "ti",
				slave->acl, slave->id);
}

int outbox_slave_follow_key(struct outbox *outbox, struct outbox_slave *slave,
			    const struct envelope_state *state, bool *ret_changed)
{
	struct key_public next;
	int r;

	*ret_changed = false;
	if (!*state->next_key || strcmp(state->next_key, slave->key.id) == 0)
		return 0;
	r = key_public_parse(state->next_key, &next);
	if (r == 0)
		r = outbox_begin(outbox);
	if (r == 0)
		r = database_execute(outbox->database,
				     "UPDATE slave SET agent_key = ? WHERE id = ?", "ti", next.id,
				     slave->id);
	if (r == 0)
		r = outbox_commit_slaves(outbox);
	if (r < 0) {
		outbox_rollback(outbox);
		return r;
	}
	slave->key = next;
	*ret_changed = true;
	return 0;
}

int outbox_slave_remove(struct outbox *outbox, int64_t slave)
{
	int r;

	r = database_execute(outbox->database, "DELETE FROM pending WHERE slave = ?", "i", slave);
	if (r == 0)
		r = database_execute(outbox->database, "DELETE FROM slave WHERE id = ?", "i",
				     slave);
	return r;
}

int outbox_slave_note(struct outbox *outbox, const struct outbox_slave *slave)
{
	return database_execute(outbox->database,
				"UPDATE slave SET instance = ?, applied_seq = ?, failures = ?,"
				" retry_at = ?, answered_at = ?, error = ? WHERE id = ?",
				"tiiiiti", slave->state.instance, (int64_t)slave->state.applied_seq,
				(int64_t)slave->failures, slave->retry_at, slave->answered_at,
				slave->error, slave->id);
}

/* Answered by the index: a hook asks it, however much is owed. */
int outbox_next_due(struct outbox *outbox, int64_t *ret_due)
{
	int64_t due = 0;
	int r;

	r = database_get_integer(outbox->database,
				 "SELECT min(max(1, slave.retry_at, (SELECT min(pending.retry_at)"
				 " FROM pending WHERE pending.slave = slave.id)))"
				 " FROM slave WHERE paused = 0",
				 &due);
	if (r == 0)
		*ret_due = due;
	return r;
}
