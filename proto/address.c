#include "proto/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

/* Parts of the text: the host without brackets, and the port's digits or NULL. */
struct parts {
	char host[INET6_ADDRSTRLEN];
	const char *port;
};

static bool copy_host(const char *text, size_t length, struct parts *parts)
{
	if (length >= sizeof(parts->host))
		return false;
	memcpy(parts->host, text, length);
	parts->host[length] = '\0';
	return true;
}

/* An address with more than one colon is IPv6, which needs brackets before a port. */
static bool split(const char *text, struct parts *parts)
{
	const char *colon = strchr(text, ':'), *end;

	parts->port = NULL;
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		parts->port = end[1] == ':' ? end + 2 : NULL;
		return copy_host(text + 1, (size_t)(end - text - 1), parts);
	}
	if (colon && !strchr(colon + 1, ':')) {
		parts->port = colon + 1;
		return copy_host(text, (size_t)(colon - text), parts);
	}
	return copy_host(text, strlen(text), parts);
}

int address_parse(const char *text, uint16_t port, struct address *ret_address, struct reason *why)
{
	struct address address = {.port = port};
	unsigned char bytes[sizeof(struct in6_addr)];
	struct parts parts;
	uint64_t number;

	if (!split(text, &parts))
		return reason_fail(why, ZP_ESYNTAX,
				   "'%s' isn't an address; write 192.0.2.1, 192.0.2.1:53, "
				   "2001:db8::1 or [2001:db8::1]:53",
				   text);
	address.family = strchr(parts.host, ':') ? AF_INET6 : AF_INET;
	if (*text == '[' && address.family == AF_INET)
		return reason_fail(why, ZP_ESYNTAX, "'%s': brackets are for IPv6", text);
	if (inet_pton(address.family, parts.host, bytes) != 1)
		return reason_fail(why, ZP_ESYNTAX,
				   "'%s' isn't an IP address; names aren't looked up", text);
	inet_ntop(address.family, bytes, address.host, sizeof(address.host));

	if (parts.port) {
		if (text_parse_integer(parts.port, 1, 65535, &number) < 0)
			return reason_fail(why, ZP_ESYNTAX, "'%s': a port is 1 to 65535", text);
		address.port = (uint16_t)number;
	}
	*ret_address = address;
	return 0;
}

static const char *unfit_v4(const struct address *address)
{
	struct in_addr in;
	uint32_t host;

	inet_pton(AF_INET, address->host, &in);
	host = ntohl(in.s_addr);
	if (host >> 24 == 0)
		return "unspecified";
	if (host >> 28 == 0xe)
		return "a multicast group";
	if (host >> 28 == 0xf)
		return "reserved or a broadcast address";
	return NULL;
}

static const char *unfit_v6(const struct address *address)
{
	struct in6_addr in;

	inet_pton(AF_INET6, address->host, &in);
	if (IN6_IS_ADDR_UNSPECIFIED(&in))
		return "unspecified";
	if (IN6_IS_ADDR_MULTICAST(&in))
		return "a multicast group";
	if (IN6_IS_ADDR_LINKLOCAL(&in))
		return "link-local, which means nothing without an interface";
	/* The second is what `::1:53` means, written for [::1]:53. */
	if (IN6_IS_ADDR_V4MAPPED(&in) || IN6_IS_ADDR_V4COMPAT(&in))
		return "an IPv4 address in disguise; write it as IPv4, or a port as [ADDRESS]:PORT";
	return NULL;
}

int address_check_primary(const struct address *address, struct reason *why)
{
	const char *unfit = address->family == AF_INET ? unfit_v4(address) : unfit_v6(address);

	if (unfit)
		return reason_fail(why, ZP_ESYNTAX,
				   "'%s' can't be a name server to transfer from: it is %s",
				   address->host, unfit);
	return 0;
}

void address_render(const struct address *address, char ret_text[static ADDRESS_SIZE])
{
	snprintf(ret_text, ADDRESS_SIZE, address->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 address->host, (unsigned int)address->port);
}

void address_render_host(const struct sockaddr_storage *socket_address,
			 char ret_host[static INET6_ADDRSTRLEN])
{
	const void *bytes = NULL;

	if (socket_address->ss_family == AF_INET)
		bytes = &((const struct sockaddr_in *)socket_address)->sin_addr;
	else if (socket_address->ss_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)socket_address)->sin6_addr;
	ret_host[0] = '\0';
	if (bytes)
		inet_ntop(socket_address->ss_family, bytes, ret_host, INET6_ADDRSTRLEN);
}

socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *ret_socket)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_socket;

	memset(ret_socket, 0, sizeof(*ret_socket));
	if (address->family == AF_INET6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(address->port);
		inet_pton(AF_INET6, address->host, &v6->sin6_addr);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(address->port);
	inet_pton(AF_INET, address->host, &v4->sin_addr);
	return sizeof(*v4);
}
