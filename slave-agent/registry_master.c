#include "slave-agent/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/clock.h"
#include "proto/database.h"
#include "slave-agent/registry_key.h"
#include "slave-agent/registry_private.h"

bool registry_is_master_name(const char *text)
{
	size_t length = strlen(text);

	return length >= 1 && length <= REGISTRY_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

bool registry_is_tsig_name(const char *text)
{
	size_t length = strlen(text);

	return length >= 1 && length <= REGISTRY_TSIG_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       length;
}

static int add_primaries(struct registry *registry, const struct registry_master *master)
{
	char address[ADDRESS_SIZE];
	int r;

	r = database_execute(registry->database, "DELETE FROM master_primary WHERE master = ?", "i",
			     master->id);
	for (size_t i = 0; r == 0 && i < master->n_primaries; i++) {
		address_render(&master->primaries[i], address);
		r = database_execute(registry->database,
				     "INSERT INTO master_primary VALUES (?, ?, ?)", "iit",
				     master->id, (int64_t)i, address);
	}
	return r;
}

/* Primaries, TSIG key and generation of a master that has its row. */
static int put_settings(struct registry *registry, const struct registry_master *master)
{
	int r;

	r = database_execute(registry->database,
			     "UPDATE master SET tsig = NULLIF(?, ''), generation = ? WHERE id = ?",
			     "tii", master->tsig, (int64_t)master->generation, master->id);
	if (r < 0)
		return r;
	return add_primaries(registry, master);
}

static int count_masters(struct registry *registry, int64_t *ret_count)
{
	return database_get_integer(registry->database, "SELECT count(*) FROM master", ret_count);
}

/* The row that a master is to have: a new one, or that of this name which has no key yet. */
static int make_row(struct registry *registry, const struct registry_master *master,
		    int64_t *ret_id)
{
	struct registry_master found;
	int64_t count = 0;
	int r;

	r = registry_master_find_name(registry, master->name, &found);
	if (r == 0 && (found.has_key || !master->has_key))
		return -EEXIST;
	if (r == 0)
		*ret_id = found.id;
	if (r != ZP_EUNKNOWN)
		return r;

	r = count_masters(registry, &count);
	if (r < 0)
		return r;
	if (count >= REGISTRY_MASTERS_MAX)
		return ZP_EFULL;
	r = database_execute(registry->database, "INSERT INTO master(name) VALUES (?)", "t",
			     master->name);
	if (r == 0)
		r = registry_master_find_name(registry, master->name, &found);
	if (r == 0)
		*ret_id = found.id;
	return r;
}

int registry_master_add(struct registry *registry, const struct registry_master *master)
{
	struct registry_master added = *master;
	int r = 0;

	/* First of all: what is refused leaves the caller's transaction as it was. */
	if (master->has_key)
		r = registry_key_check_new(registry, master->key.id);
	if (r == 0)
		r = make_row(registry, master, &added.id);
	if (r == 0 && master->has_key)
		r = registry_key_add(registry, added.id, master->key.id);
	if (r == 0)
		r = registry_master_set_policy(registry, added.id, &master->policy);
	if (r < 0)
		return r;
	return registry_master_update(registry, &added);
}

int registry_master_set_policy(struct registry *registry, int64_t id, const struct policy *policy)
{
	return database_execute(registry->database,
				"UPDATE master SET suffixes = ?, allowed_primaries = ?,"
				" max_zones = ? WHERE id = ?",
				"ttii", policy->suffixes, policy->primaries,
				(int64_t)policy->max_zones, id);
}

int registry_master_count_zones(struct registry *registry, int64_t id, uint64_t *ret_count)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, "SELECT zones FROM master WHERE id = ?", "i",
			   id);
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		*ret_count = (uint64_t)database_integer(rows, 0);
	database_rows_done(rows);
	if (r == 0)
		return ZP_EUNKNOWN;
	return r < 0 ? r : 0;
}

int registry_master_update(struct registry *registry, const struct registry_master *master)
{
	int r;

	r = put_settings(registry, master);
	if (r < 0)
		return r;
	return database_execute(registry->database,
				"UPDATE zone SET state = 0 WHERE master = ? AND present = 1"
				" AND state = 1",
				"i", master->id);
}

int registry_master_set_agent_key(struct registry *registry, int64_t id, const char *key_id)
{
	return database_execute(registry->database, "UPDATE master SET agent_key = ? WHERE id = ?",
				"ti", key_id, id);
}

int registry_master_set_generation(struct registry *registry, const struct registry_master *master)
{
	return database_execute(registry->database, "UPDATE master SET generation = ? WHERE id = ?",
				"ii", (int64_t)master->generation, master->id);
}

/* Primaries were checked when they were stored; one that can't be read means a damaged file. */
static int load_primaries(struct registry *registry, struct registry_master *master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   "SELECT address FROM master_primary WHERE master = ? ORDER BY position",
			   "i", master->id);
	if (r < 0)
		return r;
	master->n_primaries = 0;
	while ((r = database_next(rows)) == 1 && master->n_primaries < REGISTRY_PRIMARIES_MAX) {
		r = address_parse(database_text(rows, 0), 53,
				  &master->primaries[master->n_primaries], NULL);
		if (r < 0)
			break;
		master->n_primaries++;
	}
	database_rows_done(rows);
	return r < 0 ? r : 0;
}

/* The columns of every query for a master, in this order. */
#define MASTER_COLUMNS                                                                             \
	"SELECT id, name, key_id, tsig, generation, suffixes, allowed_primaries, max_zones,"       \
	" zones, agent_key,"                                                                       \
	" EXISTS (SELECT 1 FROM master_key AS elder WHERE elder.master = id"                       \
	" AND elder.made_at < master_key.made_at AND elder.ends_at = 0)"                           \
	" FROM master LEFT JOIN master_key ON "

#define BY_NEWEST_KEY                                                                              \
	MASTER_COLUMNS                                                                             \
	"key_id = (SELECT newest.key_id FROM master_key AS newest"                                 \
	" WHERE newest.master = id ORDER BY newest.made_at DESC LIMIT 1) "

#define BY_ANY_KEY MASTER_COLUMNS "master_key.master = id "

static void copy_text(struct database_rows *rows, int column, char *ret_text, size_t size)
{
	const char *text = database_text(rows, column);

	snprintf(ret_text, size, "%s", text ? text : "");
}

static int read_master(struct database_rows *rows, struct registry_master *master)
{
	struct policy *policy = &master->policy;
	const char *key = database_text(rows, 2);

	master->id = database_integer(rows, 0);
	copy_text(rows, 1, master->name, sizeof(master->name));
	copy_text(rows, 3, master->tsig, sizeof(master->tsig));
	master->generation = (uint64_t)database_integer(rows, 4);
	copy_text(rows, 5, policy->suffixes, sizeof(policy->suffixes));
	copy_text(rows, 6, policy->primaries, sizeof(policy->primaries));
	policy->max_zones = (uint64_t)database_integer(rows, 7);
	master->n_zones = (uint64_t)database_integer(rows, 8);
	copy_text(rows, 9, master->agent_key, sizeof(master->agent_key));
	master->has_elder_key = database_integer(rows, 10) != 0;
	master->has_key = key != NULL;
	return key ? key_public_parse(key, &master->key) : 0;
}

/* Ends a query for masters, and reads at most one of them. */
static int finish_master(struct registry *registry, struct database_rows *rows,
			 struct registry_master *ret_master)
{
	struct registry_master master = {0};
	int r;

	r = database_next(rows);
	if (r == 1)
		r = read_master(rows, &master);
	else if (r == 0)
		r = ZP_EUNKNOWN;
	database_rows_done(rows);
	if (r < 0)
		return r;

	r = load_primaries(registry, &master);
	if (r < 0)
		return r;
	*ret_master = master;
	return 0;
}

int registry_master_find(struct registry *registry, int64_t id, struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, BY_NEWEST_KEY "WHERE id = ?", "i", id);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

int registry_master_find_key(struct registry *registry, const char *key_id,
			     struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   BY_ANY_KEY "WHERE key_id = ? AND (ends_at = 0 OR ends_at > ?)", "ti",
			   key_id, clock_seconds());
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

int registry_master_find_name(struct registry *registry, const char *name,
			      struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows, BY_NEWEST_KEY "WHERE name = ?", "t", name);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

static int next_master(struct registry *registry, const char *after,
		       struct registry_master *ret_master)
{
	struct database_rows *rows;
	int r;

	r = database_query(registry->database, &rows,
			   BY_NEWEST_KEY "WHERE name > ? ORDER BY name LIMIT 1", "t", after);
	if (r < 0)
		return r;
	return finish_master(registry, rows, ret_master);
}

int registry_master_list(struct registry *registry, struct registry_master **ret_masters,
			 size_t *ret_count)
{
	struct registry_master *masters;
	int64_t most = 0;
	size_t count = 0;
	int r;

	r = count_masters(registry, &most);
	if (r < 0)
		return r;
	masters = calloc((size_t)most + 1, sizeof(*masters));
	if (!masters)
		return -ENOMEM;

	while (count < (size_t)most) {
		r = next_master(registry, count ? masters[count - 1].name : "", &masters[count]);
		if (r < 0)
			break;
		count++;
	}
	if (r < 0 && r != ZP_EUNKNOWN) {
		free(masters);
		return r;
	}
	*ret_masters = masters;
	*ret_count = count;
	return 0;
}
