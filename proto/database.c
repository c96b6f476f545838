#include "proto/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#define DATABASE_BUSY_MS	5000
#define DATABASE_STATEMENTS_MAX 64
#define DATABASE_MODE		0660

struct statement {
	const char *sql; /* compared by address */
	sqlite3_stmt *compiled;
};

struct database {
	sqlite3 *sqlite;
	struct statement statements[DATABASE_STATEMENTS_MAX];
	size_t n_statements;
};

struct database_rows {
	struct database *database;
	sqlite3_stmt *compiled;
};

/* SQLite's codes in our error space. */
static int map_error(sqlite3 *sqlite, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EACCES;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return ZP_EDAMAGED;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		switch (sqlite ? sqlite3_system_errno(sqlite) : 0) {
		case EACCES:
		case ENOSPC:
		case EROFS:
		case ENOENT:
			return -sqlite3_system_errno(sqlite);
		}
		return ZP_EDATABASE;
	default:
		return ZP_EDATABASE;
	}
}

static int explain(sqlite3 *sqlite, const char *path, int code, struct reason *why)
{
	int error = map_error(sqlite, code);

	if (error == ZP_EDAMAGED)
		return reason_fail(why, error,
				   "'%s' isn't a database or is damaged (%s); move it aside, with "
				   "its -wal and -shm, and start again",
				   path, sqlite3_errstr(code));
	return reason_fail(why, error, "can't use the database '%s' (%s: %s)", path,
			   error_text(error), sqlite ? sqlite3_errmsg(sqlite) : "no memory");
}

static int run_plain(struct database *database, const char *sql)
{
	return sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);
}

static int read_pragma(struct database *database, const char *sql, int32_t *ret_value)
{
	sqlite3_stmt *compiled = NULL;
	int code;

	code = sqlite3_prepare_v2(database->sqlite, sql, -1, &compiled, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(compiled);
	if (code == SQLITE_ROW)
		*ret_value = sqlite3_column_int(compiled, 0);
	sqlite3_finalize(compiled);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

static int write_pragma(struct database *database, const char *name, int32_t value)
{
	char *sql = sqlite3_mprintf("PRAGMA %s = %d", name, value);
	int code;

	if (!sql)
		return SQLITE_NOMEM;
	code = run_plain(database, sql);
	sqlite3_free(sql);
	return code;
}

/* Whose file it is, and how old. An empty database has the id 0 and the version 0. */
static int check_schema(struct database *database, const char *path,
			const struct database_schema *schema, int32_t *ret_version,
			struct reason *why)
{
	int32_t id = 0, version = 0;
	int code;

	/* In this order: another process may be making the database just now, and sets both at
	 * once. */
	code = read_pragma(database, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = read_pragma(database, "PRAGMA application_id", &id);
	if (code != SQLITE_OK)
		return explain(database->sqlite, path, code, why);
	if (id != schema->application_id && (id != 0 || version != 0))
		return reason_fail(why, ZP_EDATABASE,
				   "'%s' is the database of another program; give zonepush a "
				   "`state` directory of its own",
				   path);
	if (version > schema->version)
		return reason_fail(why, ZP_EVERSION,
				   "'%s' was written by a newer zonepush (its version is %d, this "
				   "program knows %d); install that one again",
				   path, version, schema->version);
	*ret_version = version;
	return 0;
}

/* One step, unless another process made it while we waited for the lock. */
static int migrate_step(struct database *database, const char *path,
			const struct database_schema *schema, struct reason *why)
{
	int32_t version = 0;
	int code, r;

	r = database_begin(database);
	if (r < 0)
		return reason_fail(why, r, "can't write the database '%s' (%s: %s)", path,
				   error_text(r), database_reason(database));
	r = check_schema(database, path, schema, &version, why);
	if (r < 0 || version == schema->version) {
		database_rollback(database);
		return r;
	}

	code = run_plain(database, schema->steps[version]);
	if (code == SQLITE_OK)
		code = write_pragma(database, "application_id", schema->application_id);
	if (code == SQLITE_OK)
		code = write_pragma(database, "user_version", version + 1);
	if (code == SQLITE_OK)
		code = run_plain(database, "COMMIT");
	if (code != SQLITE_OK) {
		r = explain(database->sqlite, path, code, why);
		database_rollback(database);
	}
	return r;
}

static int migrate(struct database *database, const char *path,
		   const struct database_schema *schema, struct reason *why)
{
	int32_t version = 0;
	int r;

	for (;;) {
		r = check_schema(database, path, schema, &version, why);
		if (r < 0 || version == schema->version)
			return r;
		r = migrate_step(database, path, schema, why);
		if (r < 0)
			return r;
	}
}

/*
 * Changing to WAL needs the database for itself for a moment, and SQLite doesn't wait for that with
 * its busy handler: several processes that start at once take turns here.
 */
static int set_journal(struct database *database)
{
	int code = SQLITE_BUSY;

	for (int tries = 0; tries < DATABASE_BUSY_MS / 10 && (code & 0xff) == SQLITE_BUSY;
	     tries++) {
		code = run_plain(database, "PRAGMA journal_mode = WAL");
		if ((code & 0xff) == SQLITE_BUSY)
			sqlite3_sleep(10);
	}
	return code;
}

static int configure(struct database *database)
{
	int code;

	sqlite3_extended_result_codes(database->sqlite, 1);
	sqlite3_busy_timeout(database->sqlite, DATABASE_BUSY_MS);
	code = run_plain(database, "PRAGMA trusted_schema = OFF;"
				   "PRAGMA foreign_keys = ON;"
				   "PRAGMA synchronous = FULL");
	return code;
}

static int open_sqlite(const char *path, int flags, struct database **ret_database,
		       struct reason *why)
{
	struct database *database;
	int code, r;

	database = calloc(1, sizeof(*database));
	if (!database)
		return reason_fail(why, -ENOMEM, "out of memory");
	code = sqlite3_open_v2(path, &database->sqlite,
			       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (code == SQLITE_OK)
		code = configure(database);
	if (code != SQLITE_OK) {
		r = explain(database->sqlite, path, code, why);
		database_free(database);
		return r;
	}
	*ret_database = database;
	return 0;
}

/*

 * Made by us so that its mode, which SQLite gives its side files too, doesn't depend on the umask.

 */
static int make_file(const char *path, struct reason *why)
{
	int fd, r = 0;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, DATABASE_MODE);
	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0 || fchmod(fd, DATABASE_MODE) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return reason_fail(why, r, "can't make the database '%s' (%s)", path,
				   error_text(r));
	return 0;
}

int database_open(const char *path, const struct database_schema *schema,
		  struct database **ret_database, struct reason *why)
{
	struct database *database = NULL;
	int32_t version = 0;
	int code, r;

	r = make_file(path, why);
	if (r == 0)
		r = open_sqlite(path, SQLITE_OPEN_READWRITE, &database, why);
	if (r < 0)
		return r;

	/* Whose file it is comes first: one of somebody else isn't touched. */
	r = check_schema(database, path, schema, &version, why);
	if (r == 0) {
		code = set_journal(database);
		if (code != SQLITE_OK)
			r = explain(database->sqlite, path, code, why);
	}
	if (r == 0)
		r = migrate(database, path, schema, why);
	if (r < 0) {
		database_free(database);
		return r;
	}
	*ret_database = database;
	return 0;
}

int database_open_read_only(const char *path, const struct database_schema *schema,
			    struct database **ret_database, struct reason *why)
{
	struct database *database = NULL;
	int32_t version = 0;
	int r;

	r = open_sqlite(path, SQLITE_OPEN_READONLY, &database, why);
	if (r < 0)
		return r;
	r = check_schema(database, path, schema, &version, why);
	if (r == 0 && version != schema->version)
		r = reason_fail(why, ZP_EDATABASE, "'%s' isn't of this version yet", path);
	if (r < 0) {
		database_free(database);
		return r;
	}
	*ret_database = database;
	return 0;
}

void database_free(struct database *database)
{
	if (!database)
		return;
	for (size_t i = 0; i < database->n_statements; i++)
		sqlite3_finalize(database->statements[i].compiled);
	sqlite3_close(database->sqlite);
	free(database);
}

int database_begin(struct database *database)
{
	return map_error(database->sqlite, run_plain(database, "BEGIN IMMEDIATE"));
}

int database_commit(struct database *database)
{
	return map_error(database->sqlite, run_plain(database, "COMMIT"));
}

/* A failed statement may have rolled back by itself; that is no error here. */
void database_rollback(struct database *database)
{
	if (!sqlite3_get_autocommit(database->sqlite))
		(void)run_plain(database, "ROLLBACK");
}

/* The compiled statement, ready for new values. */
static int get_statement(struct database *database, const char *sql, sqlite3_stmt **ret_compiled)
{
	struct statement *statement;
	int code;

	for (size_t i = 0; i < database->n_statements; i++) {
		if (database->statements[i].sql != sql)
			continue;
		*ret_compiled = database->statements[i].compiled;
		return SQLITE_OK;
	}
	if (database->n_statements == DATABASE_STATEMENTS_MAX)
		return SQLITE_FULL;
	statement = &database->statements[database->n_statements];
	code = sqlite3_prepare_v3(database->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
				  &statement->compiled, NULL);
	if (code != SQLITE_OK)
		return code;
	statement->sql = sql;
	database->n_statements++;
	*ret_compiled = statement->compiled;
	return SQLITE_OK;
}

static int bind_values(sqlite3_stmt *compiled, const char *types, va_list values)
{
	int code = SQLITE_OK;

	for (int i = 1; code == SQLITE_OK && *types; i++, types++) {
		switch (*types) {
		case 'i':
			code = sqlite3_bind_int64(compiled, i, va_arg(values, int64_t));
			break;
		case 't':
			code = sqlite3_bind_text(compiled, i, va_arg(values, const char *), -1,
						 SQLITE_TRANSIENT);
			break;
		case 'n':
			code = sqlite3_bind_null(compiled, i);
			break;
		default:
			code = SQLITE_MISUSE;
			break;
		}
	}
	return code;
}

static int prepare(struct database *database, const char *sql, const char *types, va_list values,
		   sqlite3_stmt **ret_compiled)
{
	sqlite3_stmt *compiled = NULL;
	int code;

	code = get_statement(database, sql, &compiled);
	if (code == SQLITE_OK)
		code = bind_values(compiled, types, values);
	if (code == SQLITE_OK)
		*ret_compiled = compiled;
	return code;
}

int database_execute(struct database *database, const char *sql, const char *types, ...)
{
	sqlite3_stmt *compiled = NULL;
	va_list values;
	int code, r;

	va_start(values, types);
	code = prepare(database, sql, types, values, &compiled);
	va_end(values);
	if (code == SQLITE_OK)
		code = sqlite3_step(compiled);
	r = map_error(database->sqlite, code);
	if (compiled)
		sqlite3_reset(compiled);
	return r;
}

int64_t database_changes(struct database *database)
{
	return sqlite3_changes64(database->sqlite);
}

int database_query(struct database *database, struct database_rows **ret_rows, const char *sql,
		   const char *types, ...)
{
	struct database_rows *rows;
	va_list values;
	int code;

	rows = calloc(1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	rows->database = database;
	va_start(values, types);
	code = prepare(database, sql, types, values, &rows->compiled);
	va_end(values);
	if (code != SQLITE_OK) {
		free(rows);
		return map_error(database->sqlite, code);
	}
	*ret_rows = rows;
	return 0;
}

int database_next(struct database_rows *rows)
{
	int code = sqlite3_step(rows->compiled);

	return code == SQLITE_ROW ? 1 : map_error(rows->database->sqlite, code);
}

int64_t database_integer(struct database_rows *rows, int column)
{
	return sqlite3_column_int64(rows->compiled, column);
}

const char *database_text(struct database_rows *rows, int column)
{
	return (const char *)sqlite3_column_text(rows->compiled, column);
}

bool database_is_null(struct database_rows *rows, int column)
{
	return sqlite3_column_type(rows->compiled, column) == SQLITE_NULL;
}

void database_rows_done(struct database_rows *rows)
{
	if (!rows)
		return;
	sqlite3_reset(rows->compiled);
	free(rows);
}

const char *database_reason(struct database *database)
{
	return sqlite3_errmsg(database->sqlite);
}

int database_get_integer(struct database *database, const char *sql, int64_t *ret_value)
{
	struct database_rows *rows;
	int r;

	r = database_query(database, &rows, sql, "");
	if (r < 0)
		return r;
	r = database_next(rows);
	if (r == 1)
		*ret_value = database_integer(rows, 0);
	database_rows_done(rows);
	return r < 0 ? r : 0;
}
