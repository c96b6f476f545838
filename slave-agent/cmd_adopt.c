#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "proto/clock.h"
#include "proto/file.h"
#include "proto/log.h"
#include "proto/zone_name.h"
#include "slave-agent/clause.h"
#include "slave-agent/cmd.h"
#include "slave-agent/hand_zones.h"
#include "slave-agent/local_client.h"
#include "slave-agent/named_facts.h"
#include "slave-agent/settings.h"

#define CHANGES_AT_ONCE 5000
#define DATA_MODE	0660 /* named writes it */

/* What is adopted, by whom, and what came of it. */
struct adoption {
	struct agent_config config;
	const char *path; /* of the file */
	struct registry_master master;
	struct hand_zones zones;
	char directory[PATH_MAX]; /* that named works in */
	uint64_t generation;	  /* of all of them, which names their data */
	size_t adopted, waiting, left, refused;
};

static int load_master(struct adoption *adoption, const char *name, struct reason *why)
{
	json_t *json = NULL;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "/v1/master?master=%.64s", name);
	r = local_client_call(&adoption->config, "GET", path, NULL, &json, why);
	if (r == 0)
		r = settings_parse_primaries(json_object_get(json, "primaries"), &adoption->master,
					     why);
	if (r == 0)
		r = settings_parse_tsig(json_object_get(json, "tsig"), &adoption->master, why);
	snprintf(adoption->master.name, sizeof(adoption->master.name), "%s", name);
	json_decref(json);
	return r;
}

/* Whether the master's zones come from there; the order doesn't count. */
static bool has_primary(const struct registry_master *master, const struct address *address)
{
	for (size_t i = 0; i < master->n_primaries; i++)
		if (master->primaries[i].port == address->port &&
		    strcmp(master->primaries[i].host, address->host) == 0)
			return true;
	return false;
}

static void compare_primaries(const struct registry_master *master, struct hand_zone *zone)
{
	bool equal = zone->n_primaries == master->n_primaries &&
		     strcasecmp(zone->tsig, master->tsig) == 0;

	for (size_t i = 0; equal && i < zone->n_primaries; i++)
		equal = has_primary(master, &zone->primaries[i]);
	if (!equal && !*zone->reason)
		snprintf(zone->reason, sizeof(zone->reason),
			 "its primaries, or their key, aren't those of master '%s'", master->name);
}

static int load(struct adoption *adoption, const char *name, struct reason *why)
{
	int r;

	r = load_master(adoption, name, why);
	if (r == 0)
		r = hand_zones_load(adoption->path, adoption->config.view, &adoption->zones, why);
	if (r < 0)
		return r;
	for (size_t i = 0; i < adoption->zones.count; i++)
		compare_primaries(&adoption->master, &adoption->zones.items[i]);
	return 0;
}

/* Where the files of zones are, whose names aren't whole. */
static int find_directory(struct adoption *adoption, struct reason *why)
{
	struct named_facts *facts = NULL;
	int r;

	r = named_facts_load(&adoption->config, &facts, why);
	if (r < 0)
		return r;
	snprintf(adoption->directory, sizeof(adoption->directory), "%s",
		 named_facts_get_directory(facts));
	named_facts_free(facts);
	return 0;
}

/* So that named serves it at once; without, it is transferred when it is taken over. */
static void copy_data(const struct adoption *adoption, const struct hand_zone *zone)
{
	char from[2 * PATH_MAX], to[PATH_MAX];
	int r;

	if (!zone->file)
		return;
	snprintf(from, sizeof(from), "%s%s%s", *zone->file == '/' ? "" : adoption->directory,
		 *zone->file == '/' ? "" : "/", zone->file);
	clause_data_path(&adoption->config, &zone->name, adoption->generation, to);
	r = file_copy(from, to, DATA_MODE, adoption->config.group);
	if (r < 0)
		log_warning("adopt: can't copy '%s' to '%s' (%s): '%s' will be transferred anew",
			    from, to, error_text(r), zone->name.text);
}

static void remove_copy(const struct adoption *adoption, const struct hand_zone *zone)
{
	char path[PATH_MAX];

	clause_data_path(&adoption->config, &zone->name, adoption->generation, path);
	if (file_remove(path) < 0)
		log_warning("adopt: can't remove '%s'", path);
}

static void print_lines(const struct adoption *adoption, const struct hand_zone *zone,
			const char *what, const char *why)
{
	printf("%-8s %s  %s:%u-%u%s%s\n", what, zone->written, adoption->path, zone->first_line,
	       zone->last_line, *why ? "  " : "", why);
}

/* Zones that stand by hand still are refused for that, and had when the lines are gone. */
static void settle(struct adoption *adoption, const struct hand_zone *zone, const json_t *result)
{
	const char *problem = json_string_value(json_object_get(result, "problem"));
	const char *detail = json_string_value(json_object_get(result, "detail"));

	if (!problem) {
		adoption->adopted++;
		print_lines(adoption, zone, "adopted", "");
	} else if (strcmp(problem, "by-hand") == 0) {
		adoption->waiting++;
		print_lines(adoption, zone, "waits", "until these lines are gone");
	} else {
		adoption->refused++;
		print_lines(adoption, zone, "refused", detail ? detail : problem);
		remove_copy(adoption, zone);
	}
}

/* Adds the zone's change to those of this request, and its place to `places`. */
static void add_change(struct adoption *adoption, size_t place, json_t *changes, size_t places[])
{
	const struct hand_zone *zone = &adoption->zones.items[place];

	copy_data(adoption, zone);
	places[json_array_size(changes)] = place;
	json_array_append_new(changes,
			      json_pack("{s:s, s:b, s:I}", "zone", zone->name.text, "present", 1,
					"generation", (json_int_t)adoption->generation));
}

static int send_changes(struct adoption *adoption, json_t *changes, const size_t places[],
			struct reason *why)
{
	json_t *body = json_pack("{s:O}", "changes", changes), *reply = NULL, *results;
	char path[128], *text;
	int r;

	snprintf(path, sizeof(path), "/v1/changes?master=%s", adoption->master.name);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!text)
		return reason_fail(why, -ENOMEM, "out of memory");
	r = local_client_call(&adoption->config, "POST", path, text, &reply, why);
	free(text);
	results = json_object_get(reply, "results");
	for (size_t i = 0; r == 0 && i < json_array_size(results); i++)
		settle(adoption, &adoption->zones.items[places[i]], json_array_get(results, i));
	json_decref(reply);
	json_array_clear(changes);
	return r;
}

static int adopt(struct adoption *adoption, struct reason *why)
{
	json_t *changes = json_array();
	size_t *places = calloc(CHANGES_AT_ONCE, sizeof(*places));
	int r = places ? 0 : reason_fail(why, -ENOMEM, "out of memory");

	if (r == 0)
		r = find_directory(adoption, why);
	adoption->generation = clock_microseconds();
	for (size_t i = 0; r == 0 && i < adoption->zones.count; i++) {
		if (!*adoption->zones.items[i].reason)
			add_change(adoption, i, changes, places);
		if (json_array_size(changes) == CHANGES_AT_ONCE)
			r = send_changes(adoption, changes, places, why);
	}
	if (r == 0 && json_array_size(changes) > 0)
		r = send_changes(adoption, changes, places, why);
	json_decref(changes);
	free(places);
	return r;
}

/* What isn't taken over; in a dry run also what would be. */
static void print_plan(struct adoption *adoption, bool dry_run)
{
	for (size_t i = 0; i < adoption->zones.count; i++) {
		const struct hand_zone *zone = &adoption->zones.items[i];

		if (*zone->reason) {
			adoption->left++;
			print_lines(adoption, zone, "left", zone->reason);
		} else if (dry_run) {
			print_lines(adoption, zone, "adopt", "");
		}
	}
}

static void print_summary(const struct adoption *adoption)
{
	printf("\n%zu adopted, %zu waiting, %zu refused, %zu left\n", adoption->adopted,
	       adoption->waiting, adoption->refused, adoption->left);
	if (adoption->waiting > 0)
		printf("Remove the lines of those that wait from '%s', all in one go. The agent "
		       "notices it by itself and takes these zones over in one reconfig; don't "
		       "reload named before.\n",
		       adoption->path);
}

static int run(struct verb_call *call, struct adoption *adoption, const char *master, bool dry_run)
{
	struct reason why;
	int r;

	if (!cmd_load_config(call, &adoption->config))
		return VERB_FAILED;
	r = load(adoption, master, &why);
	if (r == 0)
		print_plan(adoption, dry_run);
	if (r == 0 && !dry_run) {
		r = adopt(adoption, &why);
		print_summary(adoption);
	}
	if (r < 0)
		log_error("adopt: %s", why.text);
	hand_zones_done(&adoption->zones);
	agent_config_done(&adoption->config);
	return r == 0 && adoption->refused == 0 ? VERB_OK : VERB_FAILED;
}

int cmd_adopt(struct verb_call *call)
{
	struct adoption adoption = {.path = NULL};
	const char *master = NULL;
	bool dry_run = false;
	const struct verb_option options[] = {
		{"--master", NULL, &master},
		{"--from-file", NULL, &adoption.path},
		{"--dry-run", &dry_run, NULL},
		{NULL, NULL, NULL},
	};

	if (!verb_parse(call, options, 0, 0))
		return VERB_USAGE;
	if (!master || !adoption.path || !registry_is_master_name(master)) {
		log_error("adopt: --master and --from-file are needed: whose zones they are to be, "
			  "and the file of named's configuration that has them");
		return VERB_USAGE;
	}
	return run(call, &adoption, master, dry_run);
}
