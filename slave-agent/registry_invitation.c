#include "slave-agent/registry_invitation.h"

#include <stdio.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/database.h"
#include "slave-agent/registry_private.h"

#define PRIMARIES_SIZE (REGISTRY_PRIMARIES_MAX * (ADDRESS_SIZE + 1) + 1)

#define COLUMNS                                                                                    \
	"SELECT id, secret, name, is_for_known, primaries, tsig, suffixes, allowed_primaries,"     \
	" max_zones, made_at, expires_at, used_by, used_at FROM invitation "

static void render_primaries(const struct registry_master *master,
			     char ret_text[static PRIMARIES_SIZE])
{
	char address[ADDRESS_SIZE];
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < master->n_primaries; i++) {
		address_render(&master->primaries[i], address);
		used += (size_t)snprintf(ret_text + used, PRIMARIES_SIZE - used, "%s ", address);
	}
}

/* They were checked when they were stored; one that can't be read means a damaged file. */
static int parse_primaries(const char *text, struct registry_master *master)
{
	char address[ADDRESS_SIZE];
	int r = 0;

	master->n_primaries = 0;
	while (r == 0 && *text && master->n_primaries < REGISTRY_PRIMARIES_MAX) {
		snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, " "), text);
		text += strcspn(text, " ") + 1;
		r = address_parse(address, 53, &master->primaries[master->n_primaries++], NULL);
	}
	return r;
}

static int count(struct registry *registry, int64_t *ret_count)
{
	return database_get_integer(registry->database, "SELECT count(*) FROM invitation",
				    ret_count);
}

int registry_invitation_add(struct registry *registry, const struct registry_invitation *invitation)
{
	const struct registry_master *master = &invitation->master;
	char primaries[PRIMARIES_SIZE];
	int64_t known = 0;
	int r;

	r = count(registry, &known);
	if (r < 0)
		return r;
	if (known >= REGISTRY_INVITATIONS_MAX)
		return ZP_EFULL;
	render_primaries(master, primaries);
	return database_execute(registry->database,
				"INSERT INTO invitation(id, secret, name, is_for_known, primaries,"
				" tsig, suffixes, allowed_primaries, max_zones, made_at,"
				" expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				"tttittttiii", invitation->id, invitation->secret, master->name,
				(int64_t)invitation->is_for_known, primaries, master->tsig,
				master->policy.suffixes, master->policy.primaries,
				(int64_t)master->policy.max_zones, invitation->made_at,
				invitation->expires_at);
}

static void copy(struct database_rows *rows, int column, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%s", database_text(rows, column));
}

static int read_row(struct database_rows *rows, struct registry_invitation *invitation)
{
	struct registry_master *master = &invitation->master;
	struct policy *policy = &master->policy;

	*invitation = (struct registry_invitation){
		.is_for_known = database_integer(rows, 3) != 0,
		.made_at = database_integer(rows, 9),
		.expires_at = database_integer(rows, 10),
		.used_at = database_integer(rows, 12),
	};
	copy(rows, 0, invitation->id, sizeof(invitation->id));
	copy(rows, 1, invitation->secret, sizeof(invitation->secret));
	copy(rows, 2, master->name, sizeof(master->name));
	copy(rows, 5, master->tsig, sizeof(master->tsig));
	copy(rows, 6, policy->suffixes, sizeof(policy->suffixes));
	copy(rows, 7, policy->primaries, sizeof(policy->primaries));
	policy->max_zones = (uint64_t)database_integer(rows, 8);
	copy(rows, 11, invitation->used_by, sizeof(invitation->used_by));
	return parse_primaries(database_text(rows, 4), master);
}

/* Ends a query that gives at most one row. */
static int finish(struct database_rows *rows, struct registry_invitation *ret_invitation)
{
	int r;

	r = database_next(rows);
	if (r == 1)
		r = read_row(rows, ret_invitation);
	else if (r == 0)
		r = ZP_EUNKNOWN;
	database_rows_done(rows);
	return r;
}

int registry_invitation_find(struct registry *registry, const char *id,
			     struct registry_invitation *ret_invitation)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, COLUMNS "WHERE id = ?", "t", id);
	if (r < 0)
		return r;
	return finish(rows, ret_invitation);
}

int registry_invitation_next(struct registry *registry, const char *after,
			     struct registry_invitation *ret_invitation)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, COLUMNS "WHERE id > ? ORDER BY id LIMIT 1",
			   "t", after);
	if (r < 0)
		return r;
	return finish(rows, ret_invitation);
}

int registry_invitation_use(struct registry *registry, const char *id, const char *key_id)
{
	return database_execute(registry->database,
				"UPDATE invitation SET used_by = ?, used_at = ? WHERE id = ?",
				"tit", key_id, clock_seconds(), id);
}

int registry_invitation_remove(struct registry *registry, const char *id)
{
	int r;

	r = database_execute(registry->database, "DELETE FROM invitation WHERE id = ?", "t", id);
	if (r < 0)
		return r;
	return database_changes(registry->database) > 0 ? 0 : ZP_EUNKNOWN;
}
