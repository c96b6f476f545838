#include "slave-agent/audit_line.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/error.h"
#include "proto/log.h"

/* One value, on its way into one of the forms. */
typedef int audit_put(struct text_buffer *out, const char *name, const char *value, bool is_number);

static int put_text(audit_put *put, struct text_buffer *out, const char *name, const char *text)
{
	char escaped[AUDIT_VALUE_SIZE];

	if (!text || !*text)
		return 0;
	text_escape(text, escaped, sizeof(escaped));
	return put(out, name, escaped, false);
}

static int put_number(audit_put *put, struct text_buffer *out, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return put(out, name, text, true);
}

static int put_known_number(audit_put *put, struct text_buffer *out, const char *name,
			    uint64_t number)
{
	return number ? put_number(put, out, name, number) : 0;
}

static const char *who(const struct audit_entry *entry)
{
	if (entry->is_local)
		return "administrator";
	return entry->master && *entry->master ? "master" : "stranger";
}

/* In this order in all forms. */
static int put_entry(const struct audit_entry *entry, audit_put *put, struct text_buffer *out)
{
	int r;

	r = put_text(put, out, "who", who(entry));
	if (r == 0 && entry->is_local)
		r = put_number(put, out, "user", entry->user);
	if (r == 0)
		r = put_text(put, out, "address", entry->address);
	if (r == 0)
		r = put_text(put, out, "master", entry->master);
	if (r == 0)
		r = put_text(put, out, "key", entry->key);
	if (r == 0)
		r = put_text(put, out, "method", entry->method);
	if (r == 0)
		r = put_text(put, out, "target", entry->target);
	if (r == 0)
		r = put_text(put, out, "zone", entry->zone);
	if (r == 0)
		r = put_text(put, out, "wanted", entry->wanted);
	if (r == 0)
		r = put_known_number(put, out, "generation", entry->generation);
	if (r == 0)
		r = put_known_number(put, out, "count", entry->count);
	if (r == 0)
		r = put_text(put, out, "result", entry->result);
	if (r == 0)
		r = put_text(put, out, "problem", entry->problem);
	if (r == 0)
		r = put_known_number(put, out, "status", (uint64_t)entry->status);
	return r == 0 ? put_text(put, out, "detail", entry->detail) : r;
}

/* The value is printable ASCII already: two characters are left that JSON has a use for. */
static int append_json_string(struct text_buffer *out, const char *value)
{
	size_t plain;
	int r;

	for (;; value += plain + 1) {
		plain = strcspn(value, "\"\\");
		r = text_buffer_append(out, value, plain);
		if (r < 0 || value[plain] == '\0')
			return r;
		r = text_buffer_printf(out, "\\%c", value[plain]);
		if (r < 0)
			return r;
	}
}

static int put_json(struct text_buffer *out, const char *name, const char *value, bool is_number)
{
	int r;

	if (is_number)
		return text_buffer_printf(out, ",\"%s\":%s", name, value);
	r = text_buffer_printf(out, ",\"%s\":\"", name);
	if (r == 0)
		r = append_json_string(out, value);
	return r == 0 ? text_buffer_append(out, "\"", 1) : r;
}

/* Written here, and not by jansson: a request may be 10,000 of these. */
int audit_line_json(const struct audit_entry *entry, const char *time, struct text_buffer *out)
{
	int r;

	r = text_buffer_printf(out, "{\"time\":\"%s\"", time);
	if (r == 0)
		r = put_entry(entry, put_json, out);
	return r == 0 ? text_buffer_append(out, "}\n", 2) : r;
}

static int put_journal(struct text_buffer *out, const char *name, const char *value, bool is_number)
{
	char upper[16];
	size_t i;

	(void)is_number;
	for (i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	upper[i] = '\0';
	return text_buffer_printf(out, "ZONEPUSH_%s=%s\n", upper, value);
}

int audit_line_journal(const struct audit_entry *entry, struct text_buffer *out)
{
	char message[AUDIT_MESSAGE_SIZE];
	int r;

	audit_line_message(entry, message);
	r = text_buffer_printf(out, "MESSAGE=audit: %s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n",
			       message, entry->is_refused ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
			       "zonepush-agent");
	return r == 0 ? put_entry(entry, put_journal, out) : r;
}

void audit_time_render(uint64_t ms, char ret_text[static AUDIT_TIME_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;
	size_t used;

	gmtime_r(&seconds, &utc);
	used = strftime(ret_text, AUDIT_TIME_SIZE, "%FT%T", &utc);
	snprintf(ret_text + used, AUDIT_TIME_SIZE - used, ".%03uZ", (unsigned int)(ms % 1000));
}

/* Who, as words. */
static void describe_caller(const struct audit_entry *entry, char text[static REASON_SIZE])
{
	const char *address = entry->address && *entry->address ? entry->address : "an address";

	if (entry->is_local)
		snprintf(text, REASON_SIZE, "user %u", (unsigned int)entry->user);
	else if (entry->master && *entry->master)
		snprintf(text, REASON_SIZE, "master '%s' at %s", entry->master, address);
	else
		snprintf(text, REASON_SIZE, "a stranger at %s", address);
}

/* What it was about: a zone, or else the resource. */
static void describe_subject(const struct audit_entry *entry, char text[static AUDIT_VALUE_SIZE])
{
	char escaped[AUDIT_VALUE_SIZE / 2];

	text_escape(entry->zone	    ? entry->zone
		    : entry->target ? entry->target
				    : "",
		    escaped, sizeof(escaped));
	if (entry->zone)
		snprintf(text, AUDIT_VALUE_SIZE, "zone '%s' %s, generation %" PRIu64, escaped,
			 entry->wanted ? entry->wanted : "", entry->generation);
	else if (entry->method)
		snprintf(text, AUDIT_VALUE_SIZE, "'%.16s %s'", entry->method, escaped);
	else
		snprintf(text, AUDIT_VALUE_SIZE, "%s", *escaped ? escaped : "requests");
}

void audit_line_message(const struct audit_entry *entry,
			char ret_message[static AUDIT_MESSAGE_SIZE])
{
	char caller[REASON_SIZE], subject[AUDIT_VALUE_SIZE], message[AUDIT_MESSAGE_SIZE];
	bool has_problem = entry->problem && *entry->problem;
	bool has_detail = entry->detail && *entry->detail;

	describe_caller(entry, caller);
	describe_subject(entry, subject);
	snprintf(message, sizeof(message), "%s: %s: %s%s%s%s%s%s", caller, subject,
		 entry->result ? entry->result : "", has_problem ? ", " : "",
		 has_problem ? entry->problem : "", has_detail ? " (" : "",
		 has_detail ? entry->detail : "", has_detail ? ")" : "");
	text_escape(message, ret_message, AUDIT_MESSAGE_SIZE);
}
