#ifndef ZP_TEST_NAME_SERVER_H
#define ZP_TEST_NAME_SERVER_H

/*
 * A name server on loopback that answers, or misbehaves, as the first label of the zone's name
 * says, up to its first digit; the digits are the serial:
 *
 *   ok7.example          serial 7
 *   refused, absent      with that RCODE, or without authority
 *   truncated7           over UDP only that it is truncated; over TCP serial 7
 *   hangup, longest      the same, but TCP is closed at once, or announces more than it sends
 *   stall                the same, but TCP never gets a byte
 *   silent, garbage      nothing, or bytes that mean nothing
 *   id, question, zone   first a forgery with NAME_SERVER_FORGED, then serial 0: with another id,
 *                        the question of another type, or of another zone
 *   port                 the forgery comes from another port of the server
 *   astray               the forgery goes to another port that asked before
 *   two7                 serial 7, then at once the forgery with all right
 *   late7                the first try isn't answered before the second came; then the forgery to
 *                        the first, and serial 7 to the second
 *
 * Or it has a list of zones, and refuses all others.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/address.h"

#define NAME_SERVER_FORGED    UINT32_C(666666)
#define NAME_SERVER_PORTS_MAX 16

struct name_server {
	struct address address;
	atomic_uint ahead; /* so much is added to the serials */

	/*
	 * The zones, up to a NULL, as "word zone": it answers for them as for that word, and
	 * refuses other names. NULL: names say it. To be changed only while nobody asks.
	 */
	const char *const *zones;

	/* What it saw. */
	uint16_t ports[NAME_SERVER_PORTS_MAX]; /* that asked over UDP, of the client */
	size_t n_ports;
	atomic_uint
		n_foreign; /* questions that came from elsewhere than 127.0.0.1, by either way */

	int udp, other_udp, tcp, stop;
	int stalled[NAME_SERVER_PORTS_MAX];
	size_t n_stalled;
	uint16_t first_id; /* of the late one; 0: not asked yet */
	pthread_t thread;
};

/* Starts it. It stays where it is until name_server_stop(). */
void name_server_start(struct name_server *ret_server);
void name_server_stop(struct name_server *server);

#endif
