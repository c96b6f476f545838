#include "master-hook/serials.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master-hook/client.h"
#include "proto/clock.h"
#include "proto/soa.h"

#define DNS_PORT 53
#define WAIT_MS	 1000

struct survey {
	struct serials_question *questions;
	size_t answered;
};

static void take_answer(void *context, uint64_t tag, const struct soa_answer *answer)
{
	struct survey *survey = context;

	survey->questions[tag].answer = *answer;
	survey->answered++;
}

/* As many at once as there is room for. */
static int ask_more(struct soa *soa, struct serials_question *questions, size_t count,
		    size_t *asked)
{
	int r = 0;

	for (; *asked < count && soa_count(soa) < SOA_QUESTIONS_MAX; ++*asked) {
		r = soa_ask(soa, &questions[*asked].zone, &questions[*asked].server, *asked);
		if (r < 0)
			break;
	}
	return r;
}

int serials_ask(struct serials_question *questions, size_t count, uint64_t limit,
		void (*tell)(void *context, uint64_t answered), void *context)
{
	struct survey survey = {.questions = questions};
	uint64_t now = clock_steady_ms(), until = now + limit;
	struct soa *soa = NULL;
	size_t asked = 0;
	int r;

	for (size_t i = 0; i < count; i++)
		questions[i].answer.outcome = SOA_SILENT;
	r = soa_new(NULL, NULL, take_answer, &survey, &soa);
	for (; r == 0 && survey.answered < count && now < until; now = clock_steady_ms()) {
		r = ask_more(soa, questions, count, &asked);
		if (r == 0)
			soa_wait(soa, -1,
				 until - now < WAIT_MS ? (unsigned int)(until - now) : WAIT_MS);
		if (r == 0 && tell)
			tell(context, survey.answered);
	}
	soa_free(soa);
	return r;
}

/* An address as it is, a name by the system's resolver. */
static int resolve(const char *host, uint16_t port, struct address *ret_server, struct reason *why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
	char text[INET6_ADDRSTRLEN] = "";
	struct addrinfo *found = NULL;
	int r;

	if (address_parse(host, port, ret_server, NULL) == 0)
		return 0;
	r = getaddrinfo(host, NULL, &hints, &found);
	if (r == 0)
		r = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST);
	if (found)
		freeaddrinfo(found);
	if (r != 0)
		return reason_fail(why, ZP_EUNKNOWN, "the name '%s' has no address (%s)", host,
				   gai_strerror(r));
	return address_parse(text, port, ret_server, why);
}

int serials_find_server(const struct outbox_slave *slave, struct address *ret_server,
			struct reason *why)
{
	char host[OUTBOX_URL_MAX + 1];

	if (*slave->dns)
		return resolve(slave->dns, DNS_PORT, ret_server, why);
	client_get_host(slave->url, host, sizeof(host));
	return resolve(host, DNS_PORT, ret_server, why);
}

void serials_render(const struct soa_answer *answer, char ret_text[static SERIALS_TEXT_SIZE])
{
	static const char *const words[] = {
		[SOA_REFUSED] = "refused: it doesn't have the zone, or not for us",
		[SOA_FAILED] = "failed: it has no valid data of the zone",
		[SOA_ABSENT] = "answers without authority for the zone",
		[SOA_TRUNCATED] = "the answer is too long",
		[SOA_SILENT] = "no answer",
	};

	if (answer->outcome == SOA_SERIAL)
		snprintf(ret_text, SERIALS_TEXT_SIZE, "%u", (unsigned int)answer->serial);
	else
		snprintf(ret_text, SERIALS_TEXT_SIZE, "%s", words[answer->outcome]);
}
