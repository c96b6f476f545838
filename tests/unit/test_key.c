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

#include "proto/file.h"
#include "proto/key.h"
#include "proto/subprocess.h"
#include "tests/unit/scratch.h"
#include "tests/unit/vector.h"

#define MESSAGE "what is signed"

/* RFC 9421 B.1.4 */
#define RFC_BASE64   "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
#define RFC_ID	     "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"

#define BEGIN(label) "-----BEGIN " label "-----\n"
#define END(label)   "-----END " label "-----\n"
#define PRIVATE	     "PRIVATE KEY"
#define PUBLIC	     "PUBLIC KEY"

struct fixture {
	char directory[SCRATCH_PATH_SIZE];
	char path[SCRATCH_PATH_SIZE];	     /* a private key of ours */
	char public_path[SCRATCH_PATH_SIZE]; /* its public half */
	struct key *key;
};

static void join(const char *directory, const char *name, char ret_path[static SCRATCH_PATH_SIZE])
{
	assert_true(snprintf(ret_path, SCRATCH_PATH_SIZE, "%s/%s", directory, name) <
		    SCRATCH_PATH_SIZE);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct reason why;

	assert_non_null(fixture);
	assert_int_equal(key_library_init(), 0);
	scratch_make(fixture->directory);
	join(fixture->directory, "key.pem", fixture->path);
	join(fixture->directory, "key.pem.pub", fixture->public_path);
	assert_int_equal(key_generate(&fixture->key), 0);
	assert_int_equal(key_save(fixture->key, fixture->path, 0640, (gid_t)-1, &why), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	key_free(fixture->key);
	scratch_remove(fixture->directory);
	free(fixture);
	return 0;
}

/* Loading must fail so, name the file, and leave the result alone. */
static void refuse_private(const char *path, int error)
{
	struct key *key = NULL;
	struct reason why = {""};
	int r;

	r = key_load(path, &key, &why);
	if (r != error)
		fail_msg("%s: %s", path, error_text(r));
	assert_null(key);
	assert_non_null(strstr(why.text, path));
}

static void test_files_that_are_no_private_key(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		RFC_BASE64 "\n",
		BEGIN(PRIVATE),
		BEGIN(PRIVATE) END(PRIVATE),
		BEGIN(PRIVATE) RFC_BASE64 "\n",
		END(PRIVATE) RFC_BASE64 "\n" BEGIN(PRIVATE),
		" " BEGIN(PRIVATE) RFC_BASE64 "\n" END(PRIVATE),
		BEGIN(PRIVATE) RFC_BASE64 "=\n" END(PRIVATE),
		BEGIN(PRIVATE) RFC_BASE64 "AAAA\n" END(PRIVATE),
		BEGIN(PRIVATE) "AAAA" RFC_BASE64 "\n" END(PRIVATE),
		BEGIN(PRIVATE) "Proc-Type: 4,ENCRYPTED\n\n" RFC_BASE64 "\n" END(PRIVATE),
		BEGIN("ENCRYPTED " PRIVATE) RFC_BASE64 "\n" END("ENCRYPTED " PRIVATE),
		BEGIN(PUBLIC) RFC_BASE64 "\n" END(PUBLIC),
		/* the public key */
		BEGIN(PUBLIC) "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n" END(
			PUBLIC),
		/* X25519 instead of Ed25519 */
		BEGIN(PRIVATE) "MC4CAQAwBQYDK2VuBCIEIJ+"
			       "DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n" END(PRIVATE),
		/* two bytes short */
		BEGIN(PRIVATE) "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfQ=="
			       "\n" END(PRIVATE),
	};
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_write(fixture->directory, "bad.pem", texts[i], path);
		assert_int_equal(chmod(path, 0600), 0);
		refuse_private(path, ZP_EKEY);
	}
}

static void test_a_file_too_large_for_a_key(void **state)
{
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE], text[8192];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	scratch_write(fixture->directory, "large.pem", text, path);
	assert_int_equal(chmod(path, 0600), 0);
	refuse_private(path, ZP_EKEY);
}

static void test_places_that_hold_no_file(void **state)
{
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];

	join(fixture->directory, "missing.pem", path);
	refuse_private(path, -ENOENT);
	refuse_private(fixture->directory, -EINVAL);
	join(fixture->directory, "fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse_private(path, -EINVAL);
}

static void test_modes(void **state)
{
	static const mode_t bad[] = {0644, 0660, 0620, 0604, 0602, 0601, 0777, 0646};
	static const mode_t good[] = {0600, 0640, 0400, 0440};
	const struct fixture *fixture = *state;
	struct key *key;
	struct reason why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(fixture->path, bad[i]), 0);
		refuse_private(fixture->path, ZP_EMODE);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(chmod(fixture->path, good[i]), 0);
		assert_int_equal(key_load(fixture->path, &key, &why), 0);
		key_free(key);
	}
}

static void test_save_replaces_nothing(void **state)
{
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE], public_path[SCRATCH_PATH_SIZE];
	struct reason why;

	assert_int_equal(key_save(fixture->key, fixture->path, 0600, (gid_t)-1, &why), -EEXIST);
	assert_non_null(strstr(why.text, fixture->path));

	/* A public half in the way: the private one mustn't stay behind alone. */
	join(fixture->directory, "other.pem", path);
	scratch_write(fixture->directory, "other.pem.pub", "somebody's", public_path);
	assert_int_equal(key_save(fixture->key, path, 0600, (gid_t)-1, &why), -EEXIST);
	assert_non_null(strstr(why.text, public_path));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(public_path, F_OK), 0);
}

static void test_save_to_a_place_that_is_none(void **state)
{
	const struct fixture *fixture = *state;
	char path[5000];
	struct reason why;

	assert_int_equal(key_save(fixture->key, "/nonexistent/key.pem", 0600, (gid_t)-1, &why),
			 -ENOENT);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(key_save(fixture->key, path, 0600, (gid_t)-1, &why), -ENAMETOOLONG);
}

static void test_bad_key_ids(void **state)
{
	static const char *const ids[] = {
		"",
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0b",
		RFC_ID "=",
		RFC_ID "A",
		/* base64, but not base64url */
		"JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs",
		/* bits behind the last byte: the same key by another name */
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bt",
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0b ",
		"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0b=",
	};
	struct key_public key;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (key_public_parse(ids[i], &key) != ZP_EKEY)
			fail_msg("accepted: %s", ids[i]);
}

/* libsodium's decoder, left alone, takes some bytes above 0x7F for base64 digits. */
static void test_key_ids_are_ascii(void **state)
{
	char id[] = RFC_ID;
	struct key_public key;

	(void)state;
	for (int byte = 0x80; byte <= 0xff; byte++) {
		id[7] = (char)byte;
		if (key_public_parse(id, &key) != ZP_EKEY)
			fail_msg("accepted: 0x%02x", (unsigned int)byte);
	}
}

static void test_bad_public_keys(void **state)
{
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];
	struct key_public key;
	struct reason why;

	assert_int_equal(key_public_load("nonsense", &key, &why), -ENOENT);
	assert_non_null(strstr(why.text, "isn't a key id"));
	assert_int_equal(key_public_load(fixture->directory, &key, &why), -EINVAL);
	assert_int_equal(key_public_load(fixture->path, &key, &why), ZP_EKEY);
	assert_non_null(strstr(why.text, fixture->path));
	/* X25519 instead of Ed25519 */
	scratch_write(
		fixture->directory, "x25519.pub",
		BEGIN(PUBLIC) "MCowBQYDK2VuAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n" END(
			PUBLIC),
		path);
	assert_int_equal(key_public_load(path, &key, &why), ZP_EKEY);
}

static void test_save_and_load(void **state)
{
	const struct fixture *fixture = *state;
	struct key_public public;
	struct stat status;
	struct key *key;
	struct reason why;

	assert_int_equal(key_load(fixture->path, &key, &why), 0);
	assert_string_equal(key_get_public(key)->id, key_get_public(fixture->key)->id);
	key_free(key);
	assert_int_equal(key_public_load(fixture->public_path, &public, &why), 0);
	assert_string_equal(public.id, key_get_public(fixture->key)->id);
	assert_memory_equal(public.bytes, key_get_public(fixture->key)->bytes, KEY_PUBLIC_BYTES);

	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(stat(fixture->public_path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
}

static void test_text_around_a_key(void **state)
{
	static const char *const texts[] = {
		BEGIN(PRIVATE) RFC_BASE64 "\n" END(PRIVATE),
		"Bag Attributes\n" BEGIN(PRIVATE) RFC_BASE64 "\n" END(PRIVATE) "behind\n",
		"-----BEGIN PRIVATE KEY-----\r\n" RFC_BASE64 "\r\n-----END PRIVATE KEY-----\r\n",
	};
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE];
	struct key *key;
	struct reason why;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scratch_write(fixture->directory, "good.pem", texts[i], path);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(key_load(path, &key, &why), 0);
		assert_string_equal(key_get_public(key)->id, RFC_ID);
		key_free(key);
	}
}

static void test_key_ids(void **state)
{
	struct key_public key, same;
	struct reason why;

	(void)state;
	assert_int_equal(key_public_parse(RFC_ID, &key), 0);
	assert_string_equal(key.id, RFC_ID);
	assert_int_equal(key_public_load("proto/vectors/rfc9421-b.2.6.pub", &same, &why), 0);
	assert_memory_equal(key.bytes, same.bytes, KEY_PUBLIC_BYTES);
	assert_int_equal(key_public_load(RFC_ID, &same, &why), 0);
	assert_string_equal(same.id, RFC_ID);
}

static void test_wrong_signatures(void **state)
{
	const struct fixture *fixture = *state;
	const struct key_public *public = key_get_public(fixture->key);
	struct key *other = vector_load_key("master.pem");
	uint8_t signature[KEY_SIGNATURE_BYTES];

	key_sign(fixture->key, MESSAGE, strlen(MESSAGE), signature);
	assert_int_equal(key_verify(public, MESSAGE, strlen(MESSAGE) - 1, signature),
			 ZP_ESIGNATURE);
	assert_int_equal(key_verify(public, "What is signed", strlen(MESSAGE), signature),
			 ZP_ESIGNATURE);
	assert_int_equal(key_verify(key_get_public(other), MESSAGE, strlen(MESSAGE), signature),
			 ZP_ESIGNATURE);
	for (size_t i = 0; i < sizeof(signature); i++) {
		signature[i] ^= 1;
		assert_int_equal(key_verify(public, MESSAGE, strlen(MESSAGE), signature),
				 ZP_ESIGNATURE);
		signature[i] ^= 1;
	}
	assert_int_equal(key_verify(public, MESSAGE, strlen(MESSAGE), signature), 0);
	key_free(other);
}

/* With the identity as key, all-zero S and R = identity would sign every message. */
static void test_a_key_of_small_order_verifies_nothing(void **state)
{
	struct key_public key;
	uint8_t signature[KEY_SIGNATURE_BYTES] = {1};

	(void)state;
	assert_int_equal(key_public_parse("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &key), 0);
	assert_int_equal(key_verify(&key, MESSAGE, strlen(MESSAGE), signature), ZP_ESIGNATURE);
}

/* It would be taken for an option where somebody gives it on a command line. */
static void test_no_key_id_begins_with_a_hyphen(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct key *key;

		assert_int_equal(key_generate(&key), 0);
		assert_int_not_equal(key_get_public(key)->id[0], '-');
		key_free(key);
	}
}

static void test_random_hex(void **state)
{
	char first[KEY_RANDOM_HEX_SIZE], second[KEY_RANDOM_HEX_SIZE];

	(void)state;
	key_random_hex(first);
	key_random_hex(second);
	assert_int_equal(strlen(first), 32);
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	assert_string_not_equal(first, second);
}

static void run_openssl(const char *const argv[])
{
	struct subprocess_output output;

	assert_int_equal(subprocess_run(argv, -1, 10000, &output), 0);
	if (output.status != 0)
		fail_msg("openssl %s: %s", argv[1], output.text);
	subprocess_output_done(&output);
}

static void test_openssl_reads_our_files(void **state)
{
	const struct fixture *fixture = *state;
	char path[SCRATCH_PATH_SIZE], *ours, *theirs;
	size_t ours_length, theirs_length;

	join(fixture->directory, "openssl.pub", path);
	run_openssl((const char *const[]){"/usr/bin/openssl", "pkey", "-in", fixture->path,
					  "-pubout", "-out", path, NULL});
	assert_int_equal(file_load(fixture->public_path, 4096, &ours, &ours_length, NULL), 0);
	assert_int_equal(file_load(path, 4096, &theirs, &theirs_length, NULL), 0);
	assert_string_equal(ours, theirs);
	free(ours);
	free(theirs);
}

static void test_openssl_verifies_our_signature(void **state)
{
	const struct fixture *fixture = *state;
	char message[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE];
	uint8_t signature[KEY_SIGNATURE_BYTES];

	key_sign(fixture->key, MESSAGE, strlen(MESSAGE), signature);
	scratch_write(fixture->directory, "message", MESSAGE, message);
	join(fixture->directory, "signature", path);
	assert_int_equal(file_create(path, signature, sizeof(signature), 0600, (gid_t)-1), 0);
	run_openssl((const char *const[]){"/usr/bin/openssl", "pkeyutl", "-verify", "-rawin",
					  "-pubin", "-inkey", fixture->public_path, "-in", message,
					  "-sigfile", path, NULL});
}

static void test_we_verify_a_signature_of_openssl(void **state)
{
	const struct fixture *fixture = *state;
	char message[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE], signature[SCRATCH_PATH_SIZE];
	struct key *key;
	struct reason why;
	size_t length;
	char *bytes;

	join(fixture->directory, "openssl.pem", path);
	join(fixture->directory, "signature", signature);
	scratch_write(fixture->directory, "message", MESSAGE, message);
	run_openssl((const char *const[]){"/usr/bin/openssl", "genpkey", "-algorithm", "ed25519",
					  "-out", path, NULL});
	assert_int_equal(chmod(path, 0600), 0);
	run_openssl((const char *const[]){"/usr/bin/openssl", "pkeyutl", "-sign", "-rawin",
					  "-inkey", path, "-in", message, "-out", signature, NULL});

	assert_int_equal(key_load(path, &key, &why), 0);
	assert_int_equal(file_load(signature, KEY_SIGNATURE_BYTES, &bytes, &length, NULL), 0);
	assert_int_equal(length, KEY_SIGNATURE_BYTES);
	assert_int_equal(key_verify(key_get_public(key), MESSAGE, strlen(MESSAGE),
				    (const uint8_t *)bytes),
			 0);
	free(bytes);
	key_free(key);
}

/* Each test has a directory and a key of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_files_that_are_no_private_key),
		TEST(test_a_file_too_large_for_a_key),
		TEST(test_places_that_hold_no_file),
		TEST(test_modes),
		TEST(test_save_replaces_nothing),
		TEST(test_save_to_a_place_that_is_none),
		TEST(test_bad_key_ids),
		cmocka_unit_test(test_key_ids_are_ascii),
		TEST(test_bad_public_keys),
		TEST(test_wrong_signatures),
		TEST(test_a_key_of_small_order_verifies_nothing),
		TEST(test_save_and_load),
		TEST(test_text_around_a_key),
		TEST(test_key_ids),
		TEST(test_no_key_id_begins_with_a_hyphen),
		TEST(test_random_hex),
		TEST(test_openssl_reads_our_files),
		TEST(test_openssl_verifies_our_signature),
		TEST(test_we_verify_a_signature_of_openssl),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
