#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/invitation.h"

static struct key_public new_key(void)
{
	struct key_public public;
	struct key *key;

	assert_int_equal(key_generate(&key), 0);
	public = *key_get_public(key);
	key_free(key);
	return public;
}

static void make(const char *endpoint, struct invitation *ret_invitation)
{
	struct key_public agent = new_key();
	struct reason why;

	if (invitation_make(endpoint, &agent, ret_invitation, &why) < 0)
		fail_msg("%s", why.text);
}

/* Cut, lengthened, or with any letter changed: no invitation, and nothing of it is said again. */
static void test_damage(void **state)
{
	struct invitation invitation, read;
	char text[INVITATION_SIZE], copy[INVITATION_SIZE + 1];
	struct reason why;

	(void)state;
	make("ns2.example:8353", &invitation);
	invitation_render(&invitation, text);
	for (size_t i = 0; i < strlen(text); i++) {
		snprintf(copy, sizeof(copy), "%.*s", (int)i, text);
		assert_int_equal(invitation_parse(copy, &read, &why), ZP_ESYNTAX);
		snprintf(copy, sizeof(copy), "%s", text);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		assert_int_equal(invitation_parse(copy, &read, &why), ZP_ESYNTAX);
		assert_null(strstr(why.text, invitation.token));
	}
	snprintf(copy, sizeof(copy), "%sA", text);
	assert_int_equal(invitation_parse(copy, &read, &why), ZP_ESYNTAX);
}

static void test_endpoints_that_are_none(void **state)
{
	static const char *const rows[] = {
		"",	    "ns2",	   ":8353",	    "ns2:",
		"ns2:0",    "ns2:65536",   "ns2:8353x",	    "ns 2:8353",
		"ns2';:80", "user@ns2:80", "http://ns2:80", "n\xc3\xa4:80"};
	struct key_public agent = new_key();
	struct invitation invitation;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (invitation_make(rows[i], &agent, &invitation, &why) != ZP_ESYNTAX)
			fail_msg("'%s'", rows[i]);
}

static void test_there_and_back(void **state)
{
	static const char *const rows[] = {"ns2.example:8353", "192.0.2.53:1", "2001:db8::53:8353"};
	struct invitation invitation, read;
	char text[INVITATION_SIZE];
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(rows[i], &invitation);
		invitation_render(&invitation, text);
		/* Nothing that a shell would take for itself. */
		assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-_.:"),
				 strlen(text));
		assert_int_equal(invitation_parse(text, &read, &why), 0);
		assert_string_equal(read.endpoint, rows[i]);
		assert_string_equal(read.agent.id, invitation.agent.id);
		assert_string_equal(read.token, invitation.token);
	}
	invitation_done(&read);
	for (size_t i = 0; i < sizeof(read.token); i++)
		assert_int_equal(read.token[i], 0);
}

/* A proof is of this token, for this agent, by this master. */
static void test_proofs(void **state)
{
	struct key_public agent = new_key(), master = new_key(), other = new_key();
	char secret[INVITATION_PROOF_SIZE], proof[INVITATION_PROOF_SIZE], id[INVITATION_ID_SIZE],
		foreign[INVITATION_PROOF_SIZE], foreign_id[INVITATION_ID_SIZE];
	struct invitation invitation, another;

	(void)state;
	make("ns2:1", &invitation);
	make("ns2:1", &another);
	invitation_get_id(&invitation, id);
	invitation_get_id(&another, foreign_id);
	assert_string_not_equal(id, foreign_id);
	invitation_get_secret(&invitation, secret);
	invitation_get_secret(&another, foreign);
	assert_null(strstr(secret, invitation.token));

	assert_int_equal(invitation_prove(secret, &agent, &master, proof), 0);
	assert_int_equal(invitation_check(secret, &agent, &master, proof), 0);
	assert_int_equal(invitation_check(secret, &agent, &other, proof), ZP_ESIGNATURE);
	assert_int_equal(invitation_check(secret, &other, &master, proof), ZP_ESIGNATURE);
	assert_int_equal(invitation_check(secret, &master, &agent, proof), ZP_ESIGNATURE);
	assert_int_equal(invitation_check(foreign, &agent, &master, proof), ZP_ESIGNATURE);
	assert_int_equal(invitation_check(secret, &agent, &master, ""), ZP_ESIGNATURE);
	proof[5] ^= 1;
	assert_int_equal(invitation_check(secret, &agent, &master, proof), ZP_ESIGNATURE);
}

static int setup(void **state)
{
	(void)state;
	return key_library_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_endpoints_that_are_none),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_proofs),
	};

	return cmocka_run_group_tests_name("invitation", tests, setup, NULL);
}
