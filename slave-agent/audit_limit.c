#include "slave-agent/audit_limit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Whoever has one IPv6 address has a /64 of them. */
static void render_source(const char *address, char ret_text[static AUDIT_SOURCE_SIZE])
{
	char prefix[INET6_ADDRSTRLEN];
	struct in6_addr in;

	if (inet_pton(AF_INET6, address, &in) != 1) {
		snprintf(ret_text, AUDIT_SOURCE_SIZE, "%s", address);
		return;
	}
	memset(in.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &in, prefix, sizeof(prefix));
	snprintf(ret_text, AUDIT_SOURCE_SIZE, "%s/64", prefix);
}

static struct audit_source *find(struct audit_limit *limit, const char *text)
{
	for (size_t i = 0; i < limit->count; i++)
		if (strcmp(limit->sources[i].text, text) == 0)
			return &limit->sources[i];
	return NULL;
}

bool audit_limit_take(struct audit_limit *limit, const char *address, uint64_t now)
{
	char text[AUDIT_SOURCE_SIZE];
	struct audit_source *source;

	if (limit->ends == 0)
		limit->ends = now + AUDIT_LIMIT_WINDOW_MS;
	render_source(address, text);
	source = find(limit, text);
	if (limit->lines >= AUDIT_LIMIT_TOTAL && !source) {
		limit->others++;
		return false;
	}
	if (!source) {
		source = &limit->sources[limit->count++];
		*source = (struct audit_source){.lines = 0};
		memcpy(source->text, text, sizeof(text));
	}
	if (limit->lines >= AUDIT_LIMIT_TOTAL || source->lines >= AUDIT_LIMIT_PER_ADDRESS) {
		source->left_out++;
		return false;
	}
	source->lines++;
	limit->lines++;
	return true;
}

size_t audit_limit_end(struct audit_limit *limit, uint64_t now,
		       struct audit_source ret_sources[static AUDIT_LIMIT_TOTAL + 1])
{
	size_t count = 0;

	if (limit->ends == 0 || now < limit->ends)
		return 0;
	for (size_t i = 0; i < limit->count; i++)
		if (limit->sources[i].left_out > 0)
			ret_sources[count++] = limit->sources[i];
	if (limit->others > 0)
		ret_sources[count++] = (struct audit_source){.left_out = limit->others};
	*limit = (struct audit_limit){.ends = 0};
	return count;
}
