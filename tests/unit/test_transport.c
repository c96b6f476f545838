#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/transport.h"

struct shape {
	const char *what;
	const char *target;
	const char *version;
	const char *fields[8]; /* name, value, … */
	int error;
};

static const struct shape shapes[] = {
	{"old HTTP", "/v1/zones", "HTTP/1.0", {"Host", "a"}, ZP_ESYNTAX},
	{"no Host", "/v1/zones", "HTTP/1.1", {"Accept", "a"}, ZP_ESYNTAX},
	{"two Hosts", "/v1/zones", "HTTP/1.1", {"Host", "a", "host", "a"}, ZP_ESYNTAX},
	{"absolute form", "http://a/v1/zones", "HTTP/1.1", {"Host", "a"}, ZP_ESYNTAX},
	{"asterisk form", "*", "HTTP/1.1", {"Host", "a"}, ZP_ESYNTAX},
	{"two slashes", "//v1/zones", "HTTP/1.1", {"Host", "a"}, ZP_ESYNTAX},
	{"fragment", "/v1/zones#x", "HTTP/1.1", {"Host", "a"}, ZP_ESYNTAX},
	{"high byte", "/v1/\xc3\xa4", "HTTP/1.1", {"Host", "a"}, ZP_ESYNTAX},
	{"length and coding",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Content-Length", "3", "Transfer-Encoding", "chunked"},
	 ZP_ESYNTAX},
	{"two lengths",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Content-Length", "3", "content-length", "3"},
	 ZP_ESYNTAX},
	{"signed length",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Content-Length", "+3"},
	 ZP_ESYNTAX},
	{"empty length", "/v1/zones", "HTTP/1.1", {"Host", "a", "Content-Length", ""}, ZP_ESYNTAX},
	{"list of lengths",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Content-Length", "3, 3"},
	 ZP_ESYNTAX},
	{"gzip, chunked",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Transfer-Encoding", "gzip, chunked"},
	 ZP_ESYNTAX},
	{"Chunked",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Transfer-Encoding", "Chunked"},
	 ZP_ESYNTAX},
	{"two codings",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"},
	 ZP_ESYNTAX},
	{"folded field", "/v1/zones", "HTTP/1.1", {"Host", "a", " X", "b"}, ZP_ESYNTAX},
	{"blank in name", "/v1/zones", "HTTP/1.1", {"Host", "a", "X Y", "b"}, ZP_ESYNTAX},
	{"empty name", "/v1/zones", "HTTP/1.1", {"Host", "a", "", "b"}, ZP_ESYNTAX},
	{"control byte", "/v1/zones", "HTTP/1.1", {"Host", "a", "X", "b\x01"}, ZP_ESYNTAX},
	{"UTF-8 value", "/v1/zones", "HTTP/1.1", {"Host", "a", "X", "\xc3\xa4"}, ZP_ESYNTAX},
	{"gzip", "/v1/zones", "HTTP/1.1", {"Host", "a", "Content-Encoding", "gzip"}, ZP_ESYNTAX},
	{"good", "/v1/zones?a=b", "HTTP/1.1", {"Host", "a", "Content-Length", "0"}, 0},
	{"good, chunked",
	 "/v1/zones",
	 "HTTP/1.1",
	 {"Host", "a", "Transfer-Encoding", "chunked"},
	 0},
};

static struct request *make_request(const struct shape *shape)
{
	struct request *request;

	assert_int_equal(request_new(shape->target, &request), 0);
	request->method = strdup("GET");
	request->version = strdup(shape->version);
	for (size_t i = 0; i < 8 && shape->fields[i]; i += 2)
		assert_int_equal(request_add_field(request, shape->fields[i], shape->fields[i + 1]),
				 0);
	return request;
}

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct request *request = make_request(&shapes[i]);
		struct reason why;
		int r = transport_check(request, &why);

		if (r != shapes[i].error)
			fail_msg("%s: %d", shapes[i].what, r);
		request_free(request);
	}
}

static void test_long_target(void **state)
{
	char target[REQUEST_TARGET_MAX + 2];
	const struct shape shape = {"long", target, "HTTP/1.1", {"Host", "a"}, 0};
	struct request *request;
	struct reason why;

	(void)state;
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	request = make_request(&shape);
	assert_int_equal(transport_check(request, &why), ZP_ETOOBIG);
	request_free(request);
}

static void test_large_head(void **state)
{
	static char value[REQUEST_HEAD_MAX];
	const struct shape shape = {"large", "/", "HTTP/1.1", {"Host", "a", "X", value}, 0};
	struct request *request;
	struct reason why;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	request = make_request(&shape);
	assert_int_equal(transport_check(request, &why), ZP_ETOOBIG);
	request_free(request);
	value[sizeof(value) - 100] = '\0';
	request = make_request(&shape);
	assert_int_equal(transport_check(request, &why), 0);
	request_free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_large_head),
	};

	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
