#ifndef ZP_SOA_TCP_H
#define ZP_SOA_TCP_H

/* One question for a SOA over TCP, without blocking (RFC 7766 §8: a length, then the packet). */

#include <stdint.h>
#include <sys/socket.h>

#include "proto/soa_packet.h"

struct soa_tcp;

/*
 * Begins to connect from an address to a server, both of `length` bytes, and adds the descriptor to
 * an epoll(7), with `mark` as its data. Returns 0, -ENOMEM or -errno.
 */
int soa_tcp_new(const struct zone_name *zone, uint16_t id, const struct sockaddr_storage *from,
		const struct sockaddr_storage *server, socklen_t length, int epoll, uint64_t mark,
		struct soa_tcp **ret_tcp) __attribute__((warn_unused_result));
void soa_tcp_free(struct soa_tcp *tcp);

/*
 * Goes on when the epoll reports the descriptor. Returns 0 with the answer, -EAGAIN where there is
 * more to wait for, or why there will be none.
 */
int soa_tcp_continue(struct soa_tcp *tcp, struct soa_answer *ret_answer)
	__attribute__((warn_unused_result));

#endif
