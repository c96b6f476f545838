#include "proto/key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "proto/file.h"

#define KEY_FILE_MAX 4096
#define PEM_SIZE     256

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

/* RFC 7468: the 32 bytes between the label's lines. Text around them is allowed, as openssl does.
 */
static int pem_parse(const char *text, const struct pem_form *form,
		     unsigned char ret_bytes[static 32])
{
	unsigned char der[DER_MAX + 1];
	char begin[64], end[64];
	const char *start, *stop;
	size_t length = 0;
	int r = ZP_EKEY;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", form->label);
	snprintf(end, sizeof(end), "-----END %s-----", form->label);
	start = strstr(text, begin);
	stop = start ? strstr(start, end) : NULL;
	if (!stop)
		return ZP_EKEY;
	start += strlen(begin);

	if (sodium_base642bin(der, sizeof(der), start, (size_t)(stop - start), " \r\n", &length,
			      NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    length == form->prefix_length + 32 &&
	    sodium_memcmp(der, form->prefix, form->prefix_length) == 0) {
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
			   "the private key '%s' is open to others (mode %04o); whoever could read "
			   "it can act as this machine: `chmod 640` mends it, a new key is better",
			   path, (unsigned int)(status->st_mode & 07777));
}

int key_load(const char *path, struct key **ret_key, struct reason *why)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	struct stat status;
	size_t length = 0;
	char *text = NULL;
	int r;

	r = file_load(path, KEY_FILE_MAX, &text, &length, &status);
	if (r == -ENOENT)
		return reason_fail(why, r, "there is no private key '%s' yet; `key init` makes one",
				   path);
	if (r < 0)
		return reason_fail(why, r, "can't read the private key '%s' (%s)", path,
				   error_text(r));

	r = check_mode(path, &status, why);
	if (r == 0) {
		r = pem_parse(text, &private_form, seed);
		if (r == 0)
			r = key_from_seed(seed, ret_key);
		if (r < 0)
			reason_set(why, "'%s' isn't an Ed25519 private key in PEM (PKCS #8)", path);
		sodium_memzero(seed, sizeof(seed));
	}
	sodium_memzero(text, length);
	free(text);
	return r;
}

int key_save(const struct key *key, const char *path, mode_t mode, gid_t group, struct reason *why)
{
	char text[PEM_SIZE], public_path[PATH_MAX];
	int r;

	/* The seed is the first half of libsodium's secret key. */
	pem_render(key->secret, &private_form, text);
	r = file_create(path, text, strlen(text), mode, group);
	sodium_memzero(text, sizeof(text));
	if (r < 0)
		return reason_fail(why, r, "can't make the private key '%s' (%s)", path,
				   error_text(r));

	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	pem_render(key->public.bytes, &public_form, text);
	r = file_replace(public_path, text, strlen(text), 0644, (gid_t)-1);
	if (r < 0)
		return reason_fail(why, r, "can't write the public key '%s' (%s)", public_path,
				   error_text(r));
	return 0;
}

int key_public_parse(const char *id, struct key_public *ret_key)
{
	struct key_public key;
	size_t length = 0;

	if (strlen(id) != KEY_ID_LENGTH ||
	    sodium_base642bin(key.bytes, sizeof(key.bytes), id, KEY_ID_LENGTH, NULL, &length, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    length != sizeof(key.bytes))
		return ZP_EKEY;
	set_id(&key);
	*ret_key = key;
	return 0;
}

int key_public_load(const char *id_or_path, struct key_public *ret_key, struct reason *why)
{
	struct key_public key;
	size_t length = 0;
	char *text = NULL;
	int r;

	if (key_public_parse(id_or_path, ret_key) == 0)
		return 0;
	if (!strchr(id_or_path, '/') && !strchr(id_or_path, '.'))
		return reason_fail(why, ZP_EKEY,
				   "'%s' isn't a key id: those have %d characters of A-Z, a-z, "
				   "0-9, '-' and '_', as `key show` prints them",
				   id_or_path, KEY_ID_LENGTH);

	r = file_load(id_or_path, KEY_FILE_MAX, &text, &length, NULL);
	if (r < 0)
		return reason_fail(why, r, "can't read the public key '%s' (%s)", id_or_path,
				   error_text(r));
	r = pem_parse(text, &public_form, key.bytes);
	free(text);
	if (r < 0)
		return reason_fail(why, r, "'%s' isn't an Ed25519 public key in PEM", id_or_path);
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
