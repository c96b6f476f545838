#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "proto/file.h"
#include "proto/key.h"
#include "proto/subprocess.h"
#include "tests/unit/scratch.h"

#define OPENSSL "/usr/bin/openssl"

/* RFC 9421 B.1.4 */
#define RFC_PRIVATE                                                                                \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"                       \
	"-----END PRIVATE KEY-----\n"
#define RFC_PUBLIC                                                                                 \
	"-----BEGIN PUBLIC KEY-----\n"                                                             \
	"MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"                           \
	"-----END PUBLIC KEY-----\n"
#define RFC_ID "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"

static int setup(void **state)
{
	char *path = malloc(SCRATCH_PATH_SIZE);

	assert_int_equal(key_library_init(), 0);
	scratch_make(path);
	*state = path;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void must_run(const char *const argv[])
{
	struct subprocess_output output;

	assert_int_equal(subprocess_run(argv, -1, 20000, &output), 0);
	if (output.status != 0)
		fail_msg("%s", output.text);
	subprocess_output_done(&output);
}

static void test_files_that_are_no_keys(void **state)
{
	static const char *const texts[] = {
		"",
		"hello",
		RFC_PUBLIC,
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+D\n-----END PRIVATE "
		"KEY-----\n",
		/* X25519 (1.3.101.110) has the same shape. */
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VuBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnFAA==\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n",
	};
	char path[SCRATCH_PATH_SIZE];
	struct reason why;
	struct key *key;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_write(*state, "key.pem", texts[i], path);
		assert_int_equal(chmod(path, 0600), 0);
		if (key_load(path, &key, &why) != ZP_EKEY || !strstr(why.text, path))
			fail_msg("%zu: %s", i, why.text);
	}
}

static void test_modes(void **state)
{
	static const mode_t bad[] = {0644, 0604, 0660, 0620, 0601, 0666};
	static const mode_t good[] = {0600, 0640, 0400, 0440};
	char path[SCRATCH_PATH_SIZE];
	struct reason why;
	struct key *key;

	scratch_write(*state, "key.pem", RFC_PRIVATE, path);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(path, bad[i]), 0);
		assert_int_equal(key_load(path, &key, &why), ZP_EMODE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(chmod(path, good[i]), 0);
		assert_int_equal(key_load(path, &key, &why), 0);
		assert_string_equal(key_get_public(key)->id, RFC_ID);
		key_free(key);
	}
}

static void test_missing(void **state)
{
	char path[SCRATCH_PATH_SIZE + 16];
	struct key_public public;
	struct reason why;
	struct key *key;

	snprintf(path, sizeof(path), "%s/none.pem", (const char *)*state);
	assert_int_equal(key_load(path, &key, &why), -ENOENT);
	assert_non_null(strstr(why.text, "key init"));
	assert_int_equal(key_public_load(path, &public, &why), -ENOENT);
	assert_int_equal(key_load(*state, &key, &why), -EINVAL);
}

static void test_bad_ids(void **state)
{
	static const char *const ids[] = {
		"",
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0b",
		RFC_ID "=",
		"JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs",
		/* The last character has two bits too many. */
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bt",
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0b ",
	};
	struct key_public key;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (key_public_parse(ids[i], &key) != ZP_EKEY)
			fail_msg("%s", ids[i]);
	assert_int_equal(key_public_parse(RFC_ID, &key), 0);
	assert_string_equal(key.id, RFC_ID);
}

static void test_never_replaced(void **state)
{
	char path[SCRATCH_PATH_SIZE], *text;
	struct reason why;
	struct key *key;
	size_t length;

	scratch_write(*state, "key.pem", RFC_PRIVATE, path);
	assert_int_equal(key_generate(&key), 0);
	assert_int_equal(key_save(key, path, 0600, (gid_t)-1, &why), -EEXIST);
	assert_int_equal(file_load(path, 4096, &text, &length, NULL), 0);
	assert_string_equal(text, RFC_PRIVATE);
	free(text);
	key_free(key);
}

static void test_saved_and_loaded(void **state)
{
	char path[SCRATCH_PATH_SIZE + 16], public_path[SCRATCH_PATH_SIZE + 32];
	struct key_public public;
	struct stat status;
	struct reason why;
	struct key *key, *again;

	snprintf(path, sizeof(path), "%s/new.pem", (const char *)*state);
	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	assert_int_equal(key_generate(&key), 0);
	assert_int_equal(key_save(key, path, 0640, (gid_t)-1, &why), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(key_load(path, &again, &why), 0);
	assert_string_equal(key_get_public(again)->id, key_get_public(key)->id);
	assert_int_equal(key_public_load(public_path, &public, &why), 0);
	assert_string_equal(public.id, key_get_public(key)->id);
	key_free(again);
	key_free(key);
}

static void test_ids_are_no_options(void **state)
{
	struct key *key;

	(void)state;
	for (int i = 0; i < 500; i++) {
		assert_int_equal(key_generate(&key), 0);
		assert_int_not_equal(key_get_public(key)->id[0], '-');
		key_free(key);
	}
}

/* openssl takes our files and signatures, and we take its. */
static void test_openssl(void **state)
{
	char ours[SCRATCH_PATH_SIZE + 16], ours_public[SCRATCH_PATH_SIZE + 32];
	char theirs[SCRATCH_PATH_SIZE + 16], theirs_public[SCRATCH_PATH_SIZE + 32];
	char message[SCRATCH_PATH_SIZE], signature[SCRATCH_PATH_SIZE + 16];
	const char *directory = *state;
	uint8_t bytes[KEY_SIGNATURE_BYTES];
	struct key_public public;
	struct reason why;
	struct key *key;
	size_t length;
	char *text;

	scratch_write(directory, "message", "hello", message);
	snprintf(signature, sizeof(signature), "%s/signature", directory);
	snprintf(ours, sizeof(ours), "%s/ours.pem", directory);
	snprintf(ours_public, sizeof(ours_public), "%s.pub", ours);
	snprintf(theirs, sizeof(theirs), "%s/theirs.pem", directory);
	snprintf(theirs_public, sizeof(theirs_public), "%s.pub", theirs);

	assert_int_equal(key_generate(&key), 0);
	assert_int_equal(key_save(key, ours, 0600, (gid_t)-1, &why), 0);
	key_sign(key, "hello", 5, bytes);
	key_free(key);
	assert_int_equal(file_replace(signature, bytes, sizeof(bytes), 0600, (gid_t)-1), 0);
	must_run((const char *[]){OPENSSL, "pkey", "-in", ours, "-noout", NULL});
	must_run((const char *[]){OPENSSL, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
				  ours_public, "-in", message, "-sigfile", signature, NULL});

	must_run((const char *[]){OPENSSL, "genpkey", "-algorithm", "ed25519", "-out", theirs,
				  NULL});
	must_run((const char *[]){OPENSSL, "pkey", "-in", theirs, "-pubout", "-out", theirs_public,
				  NULL});
	must_run((const char *[]){OPENSSL, "pkeyutl", "-sign", "-rawin", "-inkey", theirs, "-in",
				  message, "-out", signature, NULL});
	assert_int_equal(key_load(theirs, &key, &why), 0);
	assert_int_equal(key_public_load(theirs_public, &public, &why), 0);
	assert_string_equal(public.id, key_get_public(key)->id);
	key_free(key);
	assert_int_equal(file_load(signature, 4096, &text, &length, NULL), 0);
	assert_int_equal(length, KEY_SIGNATURE_BYTES);
	assert_int_equal(key_verify(&public, "hello", 5, (uint8_t *)text), 0);
	assert_int_equal(key_verify(&public, "hellO", 5, (uint8_t *)text), ZP_ESIGNATURE);
	text[0] ^= 1;
	assert_int_equal(key_verify(&public, "hello", 5, (uint8_t *)text), ZP_ESIGNATURE);
	free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_files_that_are_no_keys),
		TEST(test_modes),
		TEST(test_missing),
		cmocka_unit_test(test_bad_ids),
		TEST(test_never_replaced),
		TEST(test_saved_and_loaded),
		TEST(test_ids_are_no_options),
		TEST(test_openssl),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
