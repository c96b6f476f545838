#ifndef ZP_ADDRESS_H
#define ZP_ADDRESS_H

/* An IP address with a port, in text: `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`,
 * `[2001:db8::1]:53`. */

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/error.h"

/* "[" INET6_ADDRSTRLEN "]:65535" */
#define ADDRESS_SIZE 56

struct address {
	char host[INET6_ADDRSTRLEN]; /* canonical (RFC 5952), without brackets */
	uint16_t port;		     /* 1 .. 65535 */
	int family;		     /* AF_INET or AF_INET6 */
};

/* Reads one; a missing port becomes `port`. Returns 0 or ZP_ESYNTAX with a reason. */
int address_parse(const char *text, uint16_t port, struct address *ret_address, struct reason *why)
	__attribute__((warn_unused_result));

/*
 * Returns 0, or ZP_ESYNTAX with a reason when this can't be a name server to transfer from:
 * unspecified, multicast, link-local without scope, IPv4-mapped or -compatible.
 */
int address_check_primary(const struct address *address, struct reason *why)
	__attribute__((warn_unused_result));

/* Host and port, an IPv6 host in brackets. */
void address_render(const struct address *address, char ret_text[static ADDRESS_SIZE]);

/* The host alone, as in struct address; "" where it is neither IPv4 nor IPv6. */
void address_render_host(const struct sockaddr_storage *socket_address,
			 char ret_host[static INET6_ADDRSTRLEN]);

/* For bind(2) and connect(2). */
socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *ret_socket);

#endif
