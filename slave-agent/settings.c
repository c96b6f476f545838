#include "slave-agent/settings.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define DNS_PORT 53

json_t *settings_primaries_to_json(const struct registry_master *master)
{
	json_t *primaries = json_array();
	char address[ADDRESS_SIZE];

	for (size_t i = 0; i < master->n_primaries; i++) {
		address_render(&master->primaries[i], address);
		json_array_append_new(primaries, json_string(address));
	}
	return primaries;
}

json_t *settings_tsig_to_json(const struct registry_master *master)
{
	return *master->tsig ? json_string(master->tsig) : json_null();
}

int settings_parse_primaries(const json_t *list, struct registry_master *master, struct reason *why)
{
	struct address *primary;
	const char *text;
	int r;

	if (json_array_size(list) < 1 || json_array_size(list) > REGISTRY_PRIMARIES_MAX)
		return reason_fail(why, ZP_ESYNTAX, "there must be 1 to %d primaries",
				   REGISTRY_PRIMARIES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		text = json_string_value(json_array_get(list, i));
		if (!text)
			return reason_fail(why, ZP_ESYNTAX, "a primary must be a string");
		primary = &master->primaries[i];
		r = address_parse(text, DNS_PORT, primary, why);
		if (r == 0)
			r = address_check_primary(primary, why);
		if (r < 0)
			return r;
	}
	master->n_primaries = json_array_size(list);
	return 0;
}

int settings_parse_tsig(const json_t *tsig, struct registry_master *master, struct reason *why)
{
	const char *name = json_string_value(tsig);

	master->tsig[0] = '\0';
	if (tsig && !json_is_null(tsig) && (!name || !registry_is_tsig_name(name)))
		return reason_fail(why, ZP_ESYNTAX,
				   "tsig must be the name of a TSIG key, of letters, digits, '.', "
				   "'_' and '-', or null");
	if (name)
		snprintf(master->tsig, sizeof(master->tsig), "%s", name);
	return 0;
}

void settings_check_tsig(const struct registry_master *master, const struct job_tools *tools,
			 struct job_verdict *verdict)
{
	if (!*master->tsig)
		return;
	if (!tools->facts)
		job_refuse(verdict, PROBLEM_NAMED_CONFIG_BROKEN,
			   "whether named knows the TSIG key '%s' can't be told: its configuration "
			   "is broken",
			   master->tsig);
	else if (!named_facts_has_key(tools->facts, master->tsig))
		job_refuse(verdict, PROBLEM_KEY_UNKNOWN,
			   "named's configuration on the slave has no TSIG key '%s'; add it there "
			   "(key \"%s\" { … };)",
			   master->tsig, master->tsig);
}

bool settings_are_equal(const struct registry_master *a, const struct registry_master *b)
{
	if (a->n_primaries != b->n_primaries || strcmp(a->tsig, b->tsig) != 0)
		return false;
	for (size_t i = 0; i < a->n_primaries; i++)
		if (a->primaries[i].port != b->primaries[i].port ||
		    strcmp(a->primaries[i].host, b->primaries[i].host) != 0)
			return false;
	return true;
}
