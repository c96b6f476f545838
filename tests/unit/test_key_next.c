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

#include "proto/key_next.h"
#include "proto/key_proof.h"
#include "slave-agent/identity.h"
#include "tests/unit/scratch.h"

struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	char path[SCRATCH_PATH_SIZE + 32];
	char next[SCRATCH_PATH_SIZE + 64];
	struct key_public old;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct key *key;
	struct reason why;

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	snprintf(fixture->path, sizeof(fixture->path), "%s/key.pem", fixture->directory);
	snprintf(fixture->next, sizeof(fixture->next), "%s.next", fixture->path);
	assert_int_equal(key_make(fixture->path, 0640, (gid_t)-1, &key, &why), 0);
	fixture->old = *key_get_public(key);
	key_free(key);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

static struct key_public load(const char *path)
{
	struct key_public public;
	struct reason why;
	struct key *key;

	assert_int_equal(key_load(path, &key, &why), 0);
	public = *key_get_public(key);
	key_free(key);
	return public;
}

static struct key_public ensure(const char *path)
{
	struct key_public public;
	struct reason why;
	struct key *key;

	assert_int_equal(key_next_ensure(path, &key, &why), 0);
	public = *key_get_public(key);
	key_free(key);
	return public;
}

static void test_none(void **state)
{
	struct fixture *fixture = *state;
	struct key *key = NULL;
	struct reason why;

	assert_int_equal(key_next_load(fixture->path, &key, &why), -ENOENT);
	assert_int_equal(key_next_promote(fixture->path, &why), -ENOENT);
	assert_string_equal(load(fixture->path).id, fixture->old.id);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(key_next_ensure(fixture->path, &key, &why), -ENOENT);
	assert_null(key);
}

static void test_damaged(void **state)
{
	struct fixture *fixture = *state;
	struct key *key = NULL;
	struct reason why;

	assert_int_equal(symlink("/dev/null", fixture->next), 0);
	assert_true(key_next_load(fixture->path, &key, &why) < 0);
	assert_true(key_next_ensure(fixture->path, &key, &why) < 0);
	assert_non_null(strstr(why.text, fixture->next));
}

static void test_made_alike_and_once(void **state)
{
	struct fixture *fixture = *state;
	struct key_public next = ensure(fixture->path);
	struct stat status;

	assert_string_not_equal(next.id, fixture->old.id);
	assert_string_equal(ensure(fixture->path).id, next.id);
	assert_string_equal(load(fixture->path).id, fixture->old.id);
	assert_int_equal(stat(fixture->next, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
}

/* After a crash at any step it can be done again. */
static void test_promoted_after_a_crash(void **state)
{
	struct fixture *fixture = *state;
	char public[SCRATCH_PATH_SIZE + 96], next_public[SCRATCH_PATH_SIZE + 96];
	struct key_public next = ensure(fixture->path), found;
	struct reason why;

	snprintf(public, sizeof(public), "%s.pub", fixture->path);
	snprintf(next_public, sizeof(next_public), "%s.pub", fixture->next);
	assert_int_equal(rename(next_public, public), 0);
	assert_int_equal(key_next_promote(fixture->path, &why), 0);
	assert_string_equal(load(fixture->path).id, next.id);
	assert_int_equal(key_public_load(public, &found, &why), 0);
	assert_string_equal(found.id, next.id);
	assert_int_equal(access(fixture->next, F_OK), -1);
}

/* The private half was never written: the public one is of no use. */
static void test_made_after_a_crash(void **state)
{
	struct fixture *fixture = *state;
	struct key_public next = ensure(fixture->path);

	assert_int_equal(unlink(fixture->next), 0);
	assert_string_not_equal(ensure(fixture->path).id, next.id);
}

static void test_identity(void **state)
{
	struct fixture *fixture = *state;
	struct identity *identity;
	const struct key *old;
	struct key_public next;
	struct reason why;

	assert_int_equal(identity_open(fixture->next, &identity, &why), -ENOENT);
	assert_int_equal(identity_open(fixture->path, &identity, &why), 0);
	old = identity_get_present(identity);
	assert_null(identity_get_next(identity));
	next = ensure(fixture->path);
	assert_ptr_equal(identity_choose(identity, next.id), old);

	assert_int_equal(identity_reload(identity, &why), 0);
	assert_string_equal(key_get_public(identity_get_next(identity))->id, next.id);
	assert_string_equal(key_get_public(identity_choose(identity, next.id))->id, next.id);
	assert_string_equal(key_get_public(identity_choose(identity, "?"))->id, fixture->old.id);
	assert_string_equal(key_get_public(identity_choose(identity, NULL))->id, fixture->old.id);

	assert_int_equal(key_next_promote(fixture->path, &why), 0);
	assert_int_equal(identity_reload(identity, &why), 0);
	assert_null(identity_get_next(identity));
	assert_string_equal(key_get_public(identity_choose(identity, fixture->old.id))->id,
			    next.id);
	/* What was given out before is still good. */
	assert_string_equal(key_get_public(old)->id, fixture->old.id);

	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(identity_reload(identity, &why), -ENOENT);
	assert_string_equal(key_get_public(identity_get_present(identity))->id, next.id);
	identity_free(identity);
}

static void test_proof(void **state)
{
	struct key *old, *new, *agent;
	const struct key_public *a, *o, *n;
	char proof[KEY_PROOF_SIZE];

	(void)state;
	assert_int_equal(key_generate(&old), 0);
	assert_int_equal(key_generate(&new), 0);
	assert_int_equal(key_generate(&agent), 0);
	a = key_get_public(agent);
	o = key_get_public(old);
	n = key_get_public(new);
	key_proof_make(new, a, o, proof);
	assert_int_equal(strlen(proof), KEY_PROOF_SIZE - 1);
	assert_int_equal(key_proof_check(proof, a, o, n), 0);
	assert_int_equal(key_proof_check(proof, o, a, n), ZP_ESIGNATURE);
	assert_int_equal(key_proof_check(proof, a, n, n), ZP_ESIGNATURE);
	assert_int_equal(key_proof_check(proof, a, o, o), ZP_ESIGNATURE);
	assert_int_equal(key_proof_check("", a, o, n), ZP_ESIGNATURE);
	proof[10] ^= 1;
	assert_int_equal(key_proof_check(proof, a, o, n), ZP_ESIGNATURE);
	proof[10] ^= 1;
	proof[KEY_PROOF_SIZE - 2] = '\0';
	assert_int_equal(key_proof_check(proof, a, o, n), ZP_ESIGNATURE);
	key_free(old);
	key_free(new);
	key_free(agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made_alike_and_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_promoted_after_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made_after_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
		cmocka_unit_test(test_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
