#include "proto/key.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/file.h"
#include "proto/text.h"

#define KEY_FILE_MAX   4096
#define DIRECTORY_MODE 0755
#define PEM_SIZE       256
#define PUBLIC_MODE    0644

struct key {
	unsigned char *secret; /* crypto_sign_SECRETKEYBYTES, sodium_malloc */
	struct key_public public;
};

/* RFC 8410 §7 and §4: what stands before the 32 bytes in DER, nothing behind them. */
static const unsigned char pkcs8_prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
					     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
static const unsigned char spki_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct pem_form {
	const char *label;
	const unsigned char *prefix;
	size_t prefix_length;
};

static const struct pem_form private_form = {"PRIVATE KEY", pkcs8_prefix, sizeof(pkcs8_prefix)};
static const struct pem_form public_form = {"PUBLIC KEY", spki_prefix, sizeof(spki_prefix)};

#define DER_MAX (sizeof(pkcs8_prefix) + 32)

int key_library_init(void)
{
	return sodium_init() < 0 ? ZP_ELIBRARY : 0;
}

static void set_id(struct key_public *key)
{
	sodium_bin2base64(key->id, sizeof(key->id), key->bytes, sizeof(key->bytes),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int key_from_seed(const unsigned char seed[static crypto_sign_SEEDBYTES],
			 struct key **ret_key)
{
	struct key *key;

	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	key->secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	if (!key->secret) {
		free(key);
		return -ENOMEM;
	}
	crypto_sign_seed_keypair(key->public.bytes, key->secret, seed);
	set_id(&key->public);
	*ret_key = key;
	return 0;
}

int key_generate(struct key **ret_key)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	struct key *key = NULL;
	int r;

	/* A key id that begins with '-' would be taken for an option on command lines. */
	do {
		key_free(key);
		key = NULL;
		randombytes_buf(seed, sizeof(seed));
		r = key_from_seed(seed, &key);
	} while (r == 0 && key->public.id[0] == '-');
	sodium_memzero(seed, sizeof(seed));
	if (r == 0)
		*ret_key = key;
	return r;
}

void key_free(struct key *key)
{
	if (!key)
		return;
	sodium_free(key->secret);
	free(key);
}

const struct key_public *key_get_public(const struct key *key)
{
	return &key->public;
}

/* RFC 7468: what stands between the two lines of a label. Text around them is allowed, as openssl
 * allows it. */
static const char *pem_find(const char *text, const char *label, size_t *ret_length)
{
	char begin[64], end[64];
	const char *start, *stop;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	start = strstr(text, begin);
	if (!start || (start > text && start[-1] != '\n'))
		return NULL;
	start += strlen(begin);
	stop = strstr(start, end);
	if (!stop)
		return NULL;
	*ret_length = (size_t)(stop - start);
	return start;
}

static int pem_parse(const char *text, const struct pem_form *form,
		     unsigned char ret_bytes[static 32])
{
	unsigned char der[DER_MAX];
	const char *base64;
	size_t length = 0;
	int r = ZP_EKEY;

	base64 = pem_find(text, form->label, &length);
	if (!base64 || !text_is_ascii(base64, length))
		return ZP_EKEY;
	if (sodium_base642bin(der, sizeof(der), base64, length, "\r\n", &length, NULL,
			      sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    length == form->prefix_length + 32 &&
	    memcmp(der, form->prefix, form->prefix_length) == 0) {
		memcpy(ret_bytes, der + form->prefix_length, 32);
		r = 0;
	}
	sodium_memzero(der, sizeof(der));
	return r;
}

static void pem_render(const unsigned char bytes[static 32], const struct pem_form *form,
		       char ret_text[static PEM_SIZE])
{
	unsigned char der[DER_MAX];
	char base64[PEM_SIZE / 2];

	memcpy(der, form->prefix, form->prefix_length);
	memcpy(der + form->prefix_length, bytes, 32);
	sodium_bin2base64(base64, sizeof(base64), der, form->prefix_length + 32,
			  sodium_base64_VARIANT_ORIGINAL);
	snprintf(ret_text, PEM_SIZE, "-----BEGIN %s-----\n%s\n-----END %s-----\n", form->label,
		 base64, form->label);
	sodium_memzero(der, sizeof(der));
	sodium_memzero(base64, sizeof(base64));
}

static int check_mode(const char *path, const struct stat *status, struct reason *why)
{
	if ((status->st_mode & (S_IWGRP | S_IRWXO)) == 0)
		return 0;
	return reason_fail(why, ZP_EMODE,
			   "the private key '%s' is open to others (mode %04o), and who has read "
			   "it can sign as this machine; if nobody has, `chmod 640 '%s'` mends it",
			   path, (unsigned int)(status->st_mode & 07777), path);
}

static int key_from_pem(const char *text, struct key **ret_key)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	int r;

	r = pem_parse(text, &private_form, seed);
	if (r == 0)
		r = key_from_seed(seed, ret_key);
	sodium_memzero(seed, sizeof(seed));
	return r;
}

static int load_text(const char *path, char **ret_text, size_t *ret_length, struct stat *ret_status)
{
	int r;

	r = file_load(path, KEY_FILE_MAX, ret_text, ret_length, ret_status);
	return r == ZP_ETOOBIG ? ZP_EKEY : r;
}

static void wipe_and_free(char *text, size_t length)
{
	sodium_memzero(text, length);
	free(text);
}

static int fail_to_load(int error, const char *path, struct reason *why)
{
	switch (error) {
	case -ENOENT:
		return reason_fail(why, error,
				   "there is no private key '%s' yet; `key init` makes one", path);
	case -EACCES:
		return reason_fail(why, error,
				   "the private key '%s' may not be read by this user; run this as "
				   "root, or as one in the file's group",
				   path);
	case ZP_EKEY:
		return reason_fail(why, error,
				   "'%s' isn't an Ed25519 private key in PEM (PKCS #8, without a "
				   "password); move it and '%s.pub' away, and `key init` makes a "
				   "new pair",
				   path, path);
	default:
		return reason_fail(why, error, "can't load the private key '%s' (%s)", path,
				   error_text(error));
	}
}

int key_load(const char *path, struct key **ret_key, struct reason *why)
{
	struct stat status;
	size_t length = 0;
	char *text = NULL;
	int r;

	r = load_text(path, &text, &length, &status);
	if (r < 0)
		return fail_to_load(r, path, why);
	r = check_mode(path, &status, why);
	if (r == 0) {
		r = key_from_pem(text, ret_key);
		if (r < 0)
			fail_to_load(r, path, why);
	}
	wipe_and_free(text, length);
	return r;
}

static int save_private(const struct key *key, const char *path, mode_t mode, gid_t group)
{
	char text[PEM_SIZE];
	int r;

	/* The seed is the first half of libsodium's secret key. */
	pem_render(key->secret, &private_form, text);
	r = file_create(path, text, strlen(text), mode, group);
	sodium_memzero(text, sizeof(text));
	return r;
}

static int save_public(const struct key *key, const char *path)
{
	char text[PEM_SIZE];

	pem_render(key->public.bytes, &public_form, text);
	return file_create(path, text, strlen(text), PUBLIC_MODE, (gid_t)-1);
}

static int fail_to_save(int error, const char *path, struct reason *why)
{
	if (error == -EEXIST)
		return reason_fail(why, error,
				   "the key file '%s' is there already and is kept; move it away "
				   "first to make a new key",
				   path);
	return reason_fail(why, error, "can't make the key file '%s' (%s)", path,
			   error_text(error));
}

int key_save(const struct key *key, const char *path, mode_t mode, gid_t group, struct reason *why)
{
	char public_path[PATH_MAX];
	int r;

	r = snprintf(public_path, sizeof(public_path), "%s.pub", path);
	if (r >= (int)sizeof(public_path))
		return fail_to_save(-ENAMETOOLONG, path, why);
	r = save_private(key, path, mode, group);
	if (r < 0)
		return fail_to_save(r, path, why);
	r = save_public(key, public_path);
	if (r < 0) {
		/* Half a pair would only be in the way of the next try; this error is the one
		 * to tell. */
		(void)!file_remove(path);
		return fail_to_save(r, public_path, why);
	}
	return 0;
}

int key_make(const char *path, mode_t mode, gid_t group, struct key **ret_key, struct reason *why)
{
	struct key *key = NULL;
	char copy[PATH_MAX];
	int r;

	snprintf(copy, sizeof(copy), "%s", path);
	r = file_make_directory(dirname(copy), DIRECTORY_MODE, (gid_t)-1);
	if (r < 0)
		return reason_fail(why, r, "can't make the directory of '%s' (%s)", path,
				   error_text(r));
	r = key_generate(&key);
	if (r < 0)
		return reason_fail(why, r, "can't make a key (%s)", error_text(r));
	r = key_save(key, path, mode, group, why);
	if (r < 0) {
		key_free(key);
		return r;
	}
	*ret_key = key;
	return 0;
}

int key_public_parse(const char *id, struct key_public *ret_key)
{
	struct key_public key;
	size_t length = 0;

	if (strlen(id) != KEY_ID_LENGTH || !text_is_ascii(id, KEY_ID_LENGTH) ||
	    sodium_base642bin(key.bytes, sizeof(key.bytes), id, KEY_ID_LENGTH, NULL, &length, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    length != sizeof(key.bytes))
		return ZP_EKEY;
	set_id(&key);
	*ret_key = key;
	return 0;
}

static int fail_to_load_public(int error, const char *id_or_path, struct reason *why)
{
	switch (error) {
	case -ENOENT:
		return reason_fail(why, error,
				   "'%s' isn't a key id (%d characters of A-Z, a-z, 0-9, '-' and "
				   "'_', as `key show` prints it), and there is no such file",
				   id_or_path, KEY_ID_LENGTH);
	case ZP_EKEY:
		return reason_fail(why, error,
				   "'%s' isn't an Ed25519 public key in PEM; `key init` writes one "
				   "beside the private key, and its name ends in .pub",
				   id_or_path);
	default:
		return reason_fail(why, error, "can't load the public key '%s' (%s)", id_or_path,
				   error_text(error));
	}
}

int key_public_load(const char *id_or_path, struct key_public *ret_key, struct reason *why)
{
	struct key_public key;
	size_t length = 0;
	char *text = NULL;
	int r;

	if (key_public_parse(id_or_path, ret_key) == 0)
		return 0;
	r = load_text(id_or_path, &text, &length, NULL);
	if (r < 0)
		return fail_to_load_public(r, id_or_path, why);
	r = pem_parse(text, &public_form, key.bytes);
	/* Somebody may have named the private key by mistake. */
	wipe_and_free(text, length);
	if (r < 0)
		return fail_to_load_public(r, id_or_path, why);
	set_id(&key);
	*ret_key = key;
	return 0;
}

void key_sign(const struct key *key, const void *message, size_t length,
	      uint8_t ret_signature[static KEY_SIGNATURE_BYTES])
{
	crypto_sign_detached(ret_signature, NULL, message, length, key->secret);
}

int key_verify(const struct key_public *key, const void *message, size_t length,
	       const uint8_t signature[static KEY_SIGNATURE_BYTES])
{
	return crypto_sign_verify_detached(signature, message, length, key->bytes) == 0
		       ? 0
		       : ZP_ESIGNATURE;
}

void key_random_hex(char ret_text[static KEY_RANDOM_HEX_SIZE])
{
	unsigned char bytes[(KEY_RANDOM_HEX_SIZE - 1) / 2];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(ret_text, KEY_RANDOM_HEX_SIZE, bytes, sizeof(bytes));
}

uint32_t key_random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}
