#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "master-hook/plesk_input.h"
#include "proto/file.h"

static struct plesk_input parse(const char *text)
{
	struct plesk_input input;
	struct reason why;

	if (plesk_input_parse(text, strlen(text), &input, &why) < 0)
		fail_msg("%s: %s", text, why.text);
	return input;
}

static struct plesk_input load_sample(const char *name)
{
	struct plesk_input input;
	char path[128], *text;
	size_t length;

	snprintf(path, sizeof(path), "tests/unit/data/plesk/%s.json", name);
	assert_int_equal(file_load(path, PLESK_INPUT_UNUSUAL, &text, &length, NULL), 0);
	input = parse(text);
	free(text);
	return input;
}

/* `+` present, `-` absent, `*` made anew; the serial, 0 for none; separated by commas. */
static void describe_zones(const struct plesk_input *input, char *ret_text, size_t size)
{
	size_t length = 0;

	*ret_text = '\0';
	for (size_t i = 0; i < input->n_zones; i++) {
		const struct plesk_zone *zone = &input->zones[i];
		const char *sign = !zone->present ? "-" : zone->was_deleted ? "*" : "+";

		length += (size_t)snprintf(ret_text + length, size - length, "%s%s%s %u",
					   i > 0 ? ", " : "", sign, zone->name.text,
					   zone->has_serial ? zone->serial : 0);
		assert_true(length < size);
	}
}

static void test_what_is_no_document(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "empty"},	   {" \t\r\n", "empty"}, {"x", "JSON"},
		{"[", "JSON"},	   {"[] []", "JSON"},	 {"[{\"command\":\"create\"", "JSON"},
		{"17", "array"},   {"\"x\"", "array"},	 {"true", "array"},
		{"null", "array"},
	};
	struct plesk_input input;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (plesk_input_parse(cases[i].text, strlen(cases[i].text), &input, &why) !=
			    ZP_ESYNTAX ||
		    !strstr(why.text, cases[i].words))
			fail_msg("%s: %s", cases[i].text, why.text);
	assert_int_equal(plesk_input_parse("[\0]", 3, &input, &why), ZP_ESYNTAX);
}

/* Each bad entry is one note; the good ones beside it are taken. */
static void test_bad_entries(void **state)
{
	static const char *const entries[] = {
		"17",
		"null",
		"[]",
		"{}",
		"{\"command\":17}",
		"{\"command\":\"destroy\",\"zone\":{\"name\":\"x.example\"}}",
		"{\"command\":\"create\"}",
		"{\"command\":\"create\",\"zone\":[]}",
		"{\"command\":\"create\",\"zone\":{\"name\":null}}",
		"{\"command\":\"create\",\"zone\":{\"name\":\"x..example\"}}",
		"{\"command\":\"create\",\"zone\":{\"name\":\"x\\u0000.example\"}}",
		"{\"command\":\"delete\",\"zone\":{\"name\":\"*.example\"}}",
	};
	struct plesk_input input;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		snprintf(text, sizeof(text),
			 "[%s,{\"command\":\"create\",\"zone\":{\"name\":\"good.example\"}}]",
			 entries[i]);
		input = parse(text);
		if (input.n_zones != 1 || input.n_notes != 1 ||
		    !strstr(input.notes[0], "command 1: "))
			fail_msg("%s", entries[i]);
		plesk_input_done(&input);
	}
}

static void test_shapes(void **state)
{
	struct plesk_input input = parse("[]");

	(void)state;
	assert_int_equal(input.n_zones + input.n_notes, 0);
	plesk_input_done(&input);

	input = parse("{\"command\":\"update\",\"zone\":{\"name\":\"M\\u00DCnchen.example\"}}");
	assert_int_equal(input.n_zones, 0);
	assert_non_null(strstr(input.notes[0], "A-labels"));
	plesk_input_done(&input);

	input = parse("{\"command\":\"update\",\"zone\":{\"name\":\"XN--Mnchen-3ya.Example.\","
		      "\"displayName\":\"m\\u00fcnchen.example.\",\"soa\":[],\"rr\":null}}");
	assert_int_equal(input.n_zones, 1);
	assert_string_equal(input.zones[0].name.text, "xn--mnchen-3ya.example");
	assert_true(input.zones[0].present);
	assert_false(input.zones[0].has_serial);
	plesk_input_done(&input);

	input = parse("[{\"command\":\"createPTRs\",\"ptr\":{\"ip_address\":\"10.52.59.29\"}},"
		      "{\"command\":\"deletePTRs\"}]");
	assert_int_equal(input.n_zones + input.n_notes, 0);
	assert_int_equal(input.n_pointers, 2);
	plesk_input_done(&input);
}

/* Documents as Plesk writes them. */
static void test_samples(void **state)
{
	static const struct {
		const char *file;
		const char *zones; /* as describe_zones() */
		size_t n_pointers;
	} samples[] = {
		{"01-create-all-types", "+example.com 1760000000", 0},
		{"02-update-route53-doc", "+domain.tld 1363228965", 2},
		{"03-update-idn", "+xn--mnchen-3ya.example 1760000000", 0},
		{"04-delete-minimal", "-example.com 0", 0},
		{"05-delete-null-soa-rr", "-example.com 0", 0},
		{"06-createPTRs", "", 2},
		{"07-deletePTRs", "", 2},
		{"08-batch-rename",
		 "-old.example 0, +new.example 1760000000, +blog.new.example 1760000000", 1},
		{"09-all-strings-per-doc", "+d10.tld 1760000000", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct plesk_input input = load_sample(samples[i].file);
		char zones[1024];

		describe_zones(&input, zones, sizeof(zones));
		assert_string_equal(zones, samples[i].zones);
		assert_int_equal(input.n_notes, 0);
		assert_int_equal(input.n_pointers, samples[i].n_pointers);
		plesk_input_done(&input);
	}
}

/* The first mistakes are told one by one, the others counted. */
static void test_many_mistakes(void **state)
{
	static char text[3 * (PLESK_NOTES_MAX + 5) + 3];
	struct plesk_input input;
	size_t length = 0;

	(void)state;
	text[length++] = '[';
	for (size_t i = 0; i < PLESK_NOTES_MAX + 5; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s17",
					   i > 0 ? "," : "");
	text[length] = ']';
	input = parse(text);
	assert_int_equal(input.n_notes, PLESK_NOTES_MAX);
	assert_int_equal(input.n_passed_over, PLESK_NOTES_MAX + 5);
	plesk_input_done(&input);
}

static void test_the_last_state_counts(void **state)
{
	struct plesk_input input;

	(void)state;
	input = parse("[{\"command\":\"delete\",\"zone\":{\"name\":\"A.example.\"}},"
		      "{\"command\":\"create\",\"zone\":{\"name\":\"b.example\"}},"
		      "{\"command\":\"create\",\"zone\":{\"name\":\"a.example\"}},"
		      "{\"command\":\"delete\",\"zone\":{\"name\":\"b.example\"}}]");
	assert_int_equal(input.n_zones, 2);
	assert_string_equal(input.zones[0].name.text, "a.example");
	assert_true(input.zones[0].present && input.zones[0].was_deleted);
	assert_true(!input.zones[1].present && input.zones[1].was_deleted);
	plesk_input_done(&input);

	input = parse("[{\"command\":\"update\",\"zone\":{\"name\":\"a.example\"}},"
		      "{\"command\":\"update\",\"zone\":{\"name\":\"a.example\"}}]");
	assert_int_equal(input.n_zones, 1);
	assert_false(input.zones[0].was_deleted);
	plesk_input_done(&input);
}

static void test_serials(void **state)
{
	static const struct {
		const char *serial;
		bool has_serial;
		uint32_t value;
	} cases[] = {
		{"1760000000", true, 1760000000},
		{"\"1760000000\"", true, 1760000000},
		{"4294967295", true, UINT32_MAX},
		{"0", true, 0},
		{"4294967296", false, 0},
		{"-1", false, 0},
		{"\"\"", false, 0},
		{"\"x\"", false, 0},
		{"\"17x\"", false, 0},
		{"null", false, 0},
		{"99999999999999999999", false, 0},
		{"17.5", false, 0},
		{"\"0x17\"", false, 0},
		{"\" 17\"", false, 0},
		{"{}", false, 0},
	};
	struct plesk_input input;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"command\":\"update\",\"zone\":{\"name\":\"a.example\","
			 "\"soa\":{\"serial\":%s}}}",
			 cases[i].serial);
		input = parse(text);
		if (input.zones[0].has_serial != cases[i].has_serial ||
		    (cases[i].has_serial && input.zones[0].serial != cases[i].value))
			fail_msg("%s", cases[i].serial);
		plesk_input_done(&input);
	}
}

/* Whatever stands in records, the zone is taken. */
static void test_records_never_matter(void **state)
{
	static const char *const records[] = {
		"null",
		"17",
		"{}",
		"[{\"a\":1,\"a\":2}]",
		"[\"\\u0000\"]",
		"[123456789012345678901234567890]",
		"[{\"host\":\"203.0.113.10\",\"type\":\"PTR\",\"opt\":\"24\"}]",
	};
	struct plesk_input input;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		snprintf(text, sizeof(text),
			 "[{\"command\":\"update\",\"zone\":{\"name\":\"a.example\",\"rr\":%s}}]",
			 records[i]);
		input = parse(text);
		assert_int_equal(input.n_zones, 1);
		assert_int_equal(input.n_notes, 0);
		plesk_input_done(&input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_document),
		cmocka_unit_test(test_bad_entries),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_many_mistakes),
		cmocka_unit_test(test_the_last_state_counts),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_records_never_matter),
	};

	return cmocka_run_group_tests_name("plesk_input", tests, NULL, NULL);
}
