#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slave-agent/request.h"
#include "slave-agent/route.h"

static struct request *make_request(const char *method, const char *target)
{
	struct request *request;

	assert_int_equal(request_new(target, &request), 0);
	request->method = strdup(method);
	return request;
}

static void test_bad_queries(void **state)
{
	static const char *const allowed[] = {"generation", "master", NULL};
	static const char *const targets[] = {
		"/z?other=1",	    "/z?generation",	"/z?generation=1&generation=2",
		"/z?&generation=1", "/z?generations=1", "/z?=1",
	};
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct request *request = make_request("GET", targets[i]);

		if (request_check_query(request, allowed, &why) != ZP_ESYNTAX)
			fail_msg("%s", targets[i]);
		request_free(request);
	}
}

static void test_query_values(void **state)
{
	static const char *const allowed[] = {"generation", "master", NULL};
	struct request *request = make_request("GET", "/z?master=a&generation=17");
	struct reason why;
	char value[8];

	(void)state;
	assert_string_equal(request->path, "/z");
	assert_int_equal(request_check_query(request, allowed, &why), 0);
	assert_true(request_get_query(request, "generation", value, sizeof(value)));
	assert_string_equal(value, "17");
	assert_true(request_get_query(request, "master", value, sizeof(value)));
	assert_string_equal(value, "a");
	assert_false(request_get_query(request, "limit", value, sizeof(value)));
	assert_false(request_get_query(request, "generation", value, 2));
	request_free(request);
}

static void test_wait(void **state)
{
	static const struct {
		const char *prefer;
		unsigned int seconds;
	} cases[] = {
		{"wait=0", 0},	  {"wait=3", 3},
		{"wait=61", 60},  {"wait=99999999999", REQUEST_WAIT_DEFAULT},
		{"wait=-1", 10},  {"respond-async", 10},
		{"wait=2, x", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *request = make_request("GET", "/");

		assert_int_equal(request_add_field(request, "Prefer", cases[i].prefer), 0);
		assert_int_equal(request_get_wait(request), cases[i].seconds);
		request_free(request);
	}
}

static void test_values_are_trimmed(void **state)
{
	struct request *request = make_request("GET", "/");

	(void)state;
	assert_int_equal(request_add_field(request, "X-Test", " \ta b\t "), 0);
	assert_string_equal(request_get_field(request, "x-test"), "a b");
	request_free(request);
}

static void test_routes(void **state)
{
	static const struct {
		const char *method, *target;
		int status; /* 0: a route is found */
		const char *argument;
	} cases[] = {
		{"GET", "/", 404, NULL},
		{"GET", "/v1", 404, NULL},
		{"GET", "/v1/zones/", 404, NULL},
		{"GET", "/v1/zones/a/b", 404, NULL},
		{"GET", "/v2/zones", 404, NULL},
		{"PATCH", "/v1/zones/a", 405, NULL},
		{"HEAD", "/v1/status", 405, NULL},
		{"get", "/v1/status", 405, NULL},
		{"GET", "/v1/zones?limit=3", 0, ""},
		{"DELETE", "/v1/zones/0%2F25.2.0.192.in-addr.arpa", 0,
		 "0%2F25.2.0.192.in-addr.arpa"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *request = make_request(cases[i].method, cases[i].target);

		route_find(request);
		if (request->status != cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].target, request->status);
		if (cases[i].status == 0)
			assert_string_equal(request->argument, cases[i].argument);
		request_free(request);
	}
}

static void test_allow_lists_the_methods(void **state)
{
	struct request *request = make_request("PATCH", "/v1/zones/a");

	(void)state;
	route_find(request);
	assert_string_equal(request->allow, "GET, PUT, DELETE");
	request_free(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_queries), cmocka_unit_test(test_query_values),
		cmocka_unit_test(test_wait),	    cmocka_unit_test(test_values_are_trimmed),
		cmocka_unit_test(test_routes),	    cmocka_unit_test(test_allow_lists_the_methods),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
