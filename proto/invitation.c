#include "proto/invitation.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/text.h"

#define START		"zp1."
#define TOKEN_BYTES	16
#define CHECKSUM_BYTES	3
#define CHECKSUM_LENGTH 4 /* of these bytes in base64url */
#define ID_BYTES	8
#define MAC_BYTES	crypto_auth_hmacsha256_BYTES

/* What the token is used for. */
#define FOR_ID	   "zp-id"
#define FOR_SECRET "zp-enrol"

static void encode(const unsigned char *bytes, size_t length, char *ret_text, size_t size)
{
	sodium_bin2base64(ret_text, size, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Returns 0 or ZP_ESYNTAX unless the text is exactly so many bytes. */
static int decode(const char *text, unsigned char *ret_bytes, size_t length)
{
	size_t decoded = 0;

	if (!text_is_ascii(text, strlen(text)) ||
	    sodium_base642bin(ret_bytes, length, text, strlen(text), NULL, &decoded, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    decoded != length)
		return ZP_ESYNTAX;
	return 0;
}

static void compute(const unsigned char *key, size_t key_length, const char *data,
		    unsigned char ret_mac[static MAC_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_length);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)data, strlen(data));
	crypto_auth_hmacsha256_final(&state, ret_mac);
	sodium_memzero(&state, sizeof(state));
}

/* A HOST:PORT that needs no quoting in a shell; the host may be an IPv6 address, unbracketed. */
static int check_endpoint(const char *text, struct reason *why)
{
	const char *port = strrchr(text, ':');
	uint64_t number;
	size_t host = port ? (size_t)(port - text) : 0;

	if (host == 0 || strlen(text) > INVITATION_ENDPOINT_MAX ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") <
		    host ||
	    text_parse_integer(port + 1, 1, 65535, &number) < 0)
		return reason_fail(why, ZP_ESYNTAX,
				   "'%s' isn't HOST:PORT, with a host name or an address", text);
	return 0;
}

int invitation_make(const char *endpoint, const struct key_public *agent,
		    struct invitation *ret_invitation, struct reason *why)
{
	struct invitation invitation = {.agent = *agent};
	unsigned char token[TOKEN_BYTES];
	int r;

	r = check_endpoint(endpoint, why);
	if (r < 0)
		return r;
	snprintf(invitation.endpoint, sizeof(invitation.endpoint), "%s", endpoint);
	randombytes_buf(token, sizeof(token));
	encode(token, sizeof(token), invitation.token, sizeof(invitation.token));
	sodium_memzero(token, sizeof(token));
	*ret_invitation = invitation;
	sodium_memzero(&invitation, sizeof(invitation));
	return 0;
}

void invitation_done(struct invitation *invitation)
{
	sodium_memzero(invitation->token, sizeof(invitation->token));
}

/* Of everything before its dot: enough to tell that a paste was cut or changed. */
static void compute_checksum(const char *text, char ret_checksum[static CHECKSUM_LENGTH + 1])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	encode(hash, CHECKSUM_BYTES, ret_checksum, CHECKSUM_LENGTH + 1);
}

void invitation_render(const struct invitation *invitation, char ret_text[static INVITATION_SIZE])
{
	char checksum[CHECKSUM_LENGTH + 1];
	size_t used;

	used = (size_t)snprintf(ret_text, INVITATION_SIZE, START "%s.%s.%s", invitation->endpoint,
				invitation->agent.id, invitation->token);
	compute_checksum(ret_text, checksum);
	snprintf(ret_text + used, INVITATION_SIZE - used, ".%s", checksum);
}

/* Cuts the part behind the last dot off; NULL where there is none. */
static char *cut_last(char *text)
{
	char *dot = strrchr(text, '.');

	if (!dot)
		return NULL;
	*dot = '\0';
	return dot + 1;
}

/* `text` is cut into its parts. */
static int take_apart(char *text, struct invitation *invitation)
{
	unsigned char bytes[TOKEN_BYTES];
	char expected[CHECKSUM_LENGTH + 1], *checksum, *token, *agent;
	int r;

	checksum = cut_last(text);
	if (!checksum || strncmp(text, START, strlen(START)) != 0)
		return ZP_ESYNTAX;
	compute_checksum(text, expected);
	if (strcmp(checksum, expected) != 0)
		return ZP_ESYNTAX;

	token = cut_last(text);
	agent = cut_last(text);
	if (!token || !agent || key_public_parse(agent, &invitation->agent) < 0)
		return ZP_ESYNTAX;
	r = decode(token, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	if (r < 0 || strlen(text) <= strlen(START))
		return ZP_ESYNTAX;
	snprintf(invitation->token, sizeof(invitation->token), "%s", token);
	snprintf(invitation->endpoint, sizeof(invitation->endpoint), "%.*s",
		 INVITATION_ENDPOINT_MAX, text + strlen(START));
	return check_endpoint(invitation->endpoint, NULL);
}

int invitation_parse(const char *text, struct invitation *ret_invitation, struct reason *why)
{
	struct invitation invitation = {0};
	char copy[INVITATION_SIZE];
	int r = ZP_ESYNTAX;

	if (strlen(text) < sizeof(copy)) {
		snprintf(copy, sizeof(copy), "%s", text);
		r = take_apart(copy, &invitation);
	}
	sodium_memzero(copy, sizeof(copy));
	if (r == 0)
		*ret_invitation = invitation;
	else
		reason_set(why, "this isn't a whole invitation; copy the line that `zonepush-agent "
				"invite` printed, from `zp1.` to its last letter");
	sodium_memzero(&invitation, sizeof(invitation));
	return r;
}

static void derive(const struct invitation *invitation, const char *purpose,
		   unsigned char ret_mac[static MAC_BYTES])
{
	unsigned char token[TOKEN_BYTES] = {0};
	int r;

	/* Made by invitation_make() or read by invitation_parse(): it can be decoded. */
	r = decode(invitation->token, token, sizeof(token));
	(void)r;
	compute(token, sizeof(token), purpose, ret_mac);
	sodium_memzero(token, sizeof(token));
}

void invitation_get_id(const struct invitation *invitation, char ret_id[static INVITATION_ID_SIZE])
{
	unsigned char mac[MAC_BYTES];

	derive(invitation, FOR_ID, mac);
	sodium_bin2hex(ret_id, INVITATION_ID_SIZE, mac, ID_BYTES);
}

void invitation_get_secret(const struct invitation *invitation,
			   char ret_secret[static INVITATION_PROOF_SIZE])
{
	unsigned char mac[MAC_BYTES];

	derive(invitation, FOR_SECRET, mac);
	encode(mac, sizeof(mac), ret_secret, INVITATION_PROOF_SIZE);
	sodium_memzero(mac, sizeof(mac));
}

int invitation_prove(const char *secret, const struct key_public *agent,
		     const struct key_public *master, char ret_proof[static INVITATION_PROOF_SIZE])
{
	unsigned char key[MAC_BYTES], mac[MAC_BYTES];
	char data[2 * KEY_ID_LENGTH + 2];
	int r;

	r = decode(secret, key, sizeof(key));
	if (r < 0)
		return r;
	snprintf(data, sizeof(data), "%s\n%s", agent->id, master->id);
	compute(key, sizeof(key), data, mac);
	sodium_memzero(key, sizeof(key));
	encode(mac, sizeof(mac), ret_proof, INVITATION_PROOF_SIZE);
	return 0;
}

int invitation_check(const char *secret, const struct key_public *agent,
		     const struct key_public *master, const char *proof)
{
	char expected[INVITATION_PROOF_SIZE];
	int r;

	r = invitation_prove(secret, agent, master, expected);
	if (r < 0 || strlen(proof) != strlen(expected) ||
	    sodium_memcmp(proof, expected, strlen(expected)) != 0)
		return ZP_ESIGNATURE;
	return 0;
}
