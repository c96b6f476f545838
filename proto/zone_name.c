#include "proto/zone_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

#include "proto/digest.h"

#define LABEL_MAX 63 /* RFC 1035 §2.3.4 */

/* Nobody may have these, nor anything below them. */
static const char *const reserved_trees[] = {
	"localhost", /* RFC 6761 */
	"invalid",
	"test",
	"onion", /* RFC 7686 */
	"local", /* RFC 6762 */
	"127.in-addr.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	NULL,
};

/*
 * Zones that named has built in (RFC 6303 and its registry, RFC 7534, RFC 8375, RFC 9462). Names
 * below them are in daily use: 1.168.192.in-addr.arpa.
 */
static const char *const reserved_names[] = {
	"0.in-addr.arpa",
	"10.in-addr.arpa",
	"254.169.in-addr.arpa",
	"168.192.in-addr.arpa",
	"2.0.192.in-addr.arpa",
	"100.51.198.in-addr.arpa",
	"113.0.203.in-addr.arpa",
	"255.255.255.255.in-addr.arpa",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	"d.f.ip6.arpa",
	"8.e.f.ip6.arpa",
	"9.e.f.ip6.arpa",
	"a.e.f.ip6.arpa",
	"b.e.f.ip6.arpa",
	"8.b.d.0.1.0.0.2.ip6.arpa",
	"empty.as112.arpa",
	"home.arpa",
	"resolver.arpa",
	NULL,
};

/* N.172 (RFC 1918) and N.100 (RFC 6598) for a range of N. */
static const struct {
	const char *parent;
	unsigned int first, last;
} reserved_ranges[] = {
	{"172.in-addr.arpa", 16, 31},
	{"100.in-addr.arpa", 64, 127},
};

static bool is_label_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool ends_with_label(const char *name, const char *ending)
{
	size_t length = strlen(name), wanted = strlen(ending);

	return length > wanted && name[length - wanted - 1] == '.' &&
	       strcmp(name + length - wanted, ending) == 0;
}

/* RFC 2317 names reverse zones for part of a network `0/25.2.0.192.in-addr.arpa`. */
static bool may_hold_slash(const char *name)
{
	return ends_with_label(name, "in-addr.arpa") || ends_with_label(name, "ip6.arpa");
}

/* Folds case (RFC 4343) and drops one final dot. */
static int fold(const char *text, struct zone_name *ret_name, struct reason *why)
{
	size_t length = strlen(text);

	if (length == 0 || strcmp(text, ".") == 0)
		return reason_fail(why, ZP_ENAME, "'%s' isn't a zone name: it has no label", text);
	if (text[length - 1] == '.')
		length--;
	if (length > ZONE_NAME_MAX)
		return reason_fail(why, ZP_ENAME,
				   "'%.60s...' isn't a zone name: it is longer than %d characters",
				   text, ZONE_NAME_MAX);
	for (size_t i = 0; i < length; i++)
		ret_name->text[i] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];
	ret_name->text[length] = '\0';
	return 0;
}

static int refuse_byte(const char *name, char byte, struct reason *why)
{
	if (byte == '/')
		return reason_fail(why, ZP_ENAME,
				   "'%s' isn't a zone name: '/' stands under in-addr.arpa and "
				   "ip6.arpa only",
				   name);
	if (byte & 0x80)
		return reason_fail(why, ZP_ENAME,
				   "'%s' isn't a zone name: write it in A-labels (xn--...)", name);
	return reason_fail(why, ZP_ENAME, "'%s' isn't a zone name: '%c' can't stand there", name,
			   byte);
}

static int check_labels(const char *name, struct reason *why)
{
	bool slash = may_hold_slash(name);
	size_t label = 0;

	for (const char *c = name;; c++) {
		if (*c == '.' || *c == '\0') {
			if (label == 0)
				return reason_fail(why, ZP_ENAME,
						   "'%s' isn't a zone name: it has an empty label",
						   name);
			label = 0;
		} else if (!is_label_byte(*c) && !(slash && *c == '/')) {
			return refuse_byte(name, *c, why);
		} else if (++label > LABEL_MAX) {
			return reason_fail(why, ZP_ENAME,
					   "'%s' isn't a zone name: a label is longer than %d",
					   name, LABEL_MAX);
		}
		if (*c == '\0')
			return 0;
	}
}

int zone_name_parse(const char *text, struct zone_name *ret_name, struct reason *why)
{
	struct zone_name name;
	ldns_rdf *wire = NULL;
	int r;

	r = fold(text, &name, why);
	if (r == 0)
		r = check_labels(name.text, why);
	if (r < 0)
		return r;

	/* The last word is the DNS library's. */
	if (ldns_str2rdf_dname(&wire, name.text) != LDNS_STATUS_OK)
		return reason_fail(why, ZP_ENAME, "'%s' isn't a domain name", name.text);
	ldns_rdf_deep_free(wire);
	*ret_name = name;
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int zone_name_parse_path(const char *segment, struct zone_name *ret_name, struct reason *why)
{
	char text[3 * ZONE_NAME_MAX + 2];
	size_t length = 0;

	if (strlen(segment) >= sizeof(text))
		return reason_fail(why, ZP_ENAME, "the zone name in the path is too long");
	for (const char *c = segment; *c; c++) {
		char byte = *c;

		if (byte == '%') {
			int high = hex_value(c[1]);
			int low = high < 0 ? -1 : hex_value(c[2]);

			if (low < 0 || 16 * high + low == 0)
				return reason_fail(why, ZP_ENAME,
						   "'%s' has a wrong percent-encoding", segment);
			byte = (char)(16 * high + low);
			c += 2;
		}
		text[length++] = byte;
	}
	text[length] = '\0';
	return zone_name_parse(text, ret_name, why);
}

void zone_name_render_path(const struct zone_name *name, char ret_path[static ZONE_NAME_PATH_SIZE])
{
	for (const char *c = name->text; *c; c++) {
		if (*c != '/') {
			*ret_path++ = *c;
			continue;
		}
		memcpy(ret_path, "%2F", 3);
		ret_path += 3;
	}
	*ret_path = '\0';
}

bool zone_name_is_within(const struct zone_name *name, const struct zone_name *ancestor)
{
	return strcmp(name->text, ancestor->text) == 0 ||
	       ends_with_label(name->text, ancestor->text);
}

static bool is_listed(const struct zone_name *name, const char *const list[], bool with_trees)
{
	for (; *list; list++)
		if (strcmp(name->text, *list) == 0 ||
		    (with_trees && ends_with_label(name->text, *list)))
			return true;
	return false;
}

static bool is_in_range(const struct zone_name *name)
{
	char text[64];

	for (size_t i = 0; i < sizeof(reserved_ranges) / sizeof(reserved_ranges[0]); i++) {
		for (unsigned int n = reserved_ranges[i].first; n <= reserved_ranges[i].last; n++) {
			snprintf(text, sizeof(text), "%u.%s", n, reserved_ranges[i].parent);
			if (strcmp(name->text, text) == 0)
				return true;
		}
	}
	return false;
}

int zone_name_check_reserved(const struct zone_name *name, const struct zone_name *allowed,
			     size_t n_allowed, struct reason *why)
{
	const char *what;

	if (!strchr(name->text, '.'))
		what = "it has a single label";
	else if (is_listed(name, reserved_trees, true))
		what = "it is in a special-use domain";
	else if (is_listed(name, reserved_names, false) || is_in_range(name))
		what = "named serves it by itself";
	else
		return 0;

	for (size_t i = 0; i < n_allowed; i++)
		if (zone_name_is_within(name, &allowed[i]))
			return 0;
	return reason_fail(why, ZP_ERESERVED,
			   "'%s' is reserved: %s; the slave's administrator can allow it "
			   "(`allow-reserved` in zonepush-agent.conf)",
			   name->text, what);
}

unsigned int zone_name_bucket(const struct zone_name *name)
{
	char hex[DIGEST_HEX_SIZE];
	unsigned int bucket = 0;

	digest_hex(name->text, strlen(name->text), hex);
	sscanf(hex, "%2x", &bucket);
	return bucket;
}
