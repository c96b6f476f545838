/*
 * How many Ed25519 signatures libsodium verifies in a second, on one core: what a server that
 * verifies every request can't exceed. Prints the number.
 */

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#define MESSAGE_SIZE 400 /* about what the signature base of a request has */
#define SECONDS	     2
#define ROUND	     100

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(void)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	unsigned char message[MESSAGE_SIZE], signature[crypto_sign_BYTES];
	unsigned long verified = 0;
	double started;

	if (sodium_init() < 0)
		return 1;
	crypto_sign_keypair(public, secret);
	randombytes_buf(message, sizeof(message));
	crypto_sign_detached(signature, NULL, message, sizeof(message), secret);
	started = now();
	while (now() < started + SECONDS)
		for (int i = 0; i < ROUND; i++)
			verified += crypto_sign_verify_detached(signature, message, sizeof(message),
								public) == 0;
	printf("%.0f\n", (double)verified / (now() - started));
	return 0;
}
