#include "master-hook/sync_report.h"

#include <stdio.h>

#include "master-hook/retarget.h"
#include "proto/clock.h"

#define FATE_SIZE 160

static void print_sign(const char *sign, const struct name_set *zones)
{
	for (size_t i = 0; i < zones->count; i++)
		printf("%s %s\n", sign, name_set_get(zones, i));
}

/* What becomes of a zone that isn't on the list, and isn't deleted now. */
static void tell_fate(struct outbox *outbox, const char *zone,
		      const struct reconcile_options *options, char ret_fate[static FATE_SIZE])
{
	struct outbox_absence absence = {0};
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	*ret_fate = '\0';
	if (outbox_absent_find(outbox, zone, &absence) < 0 || absence.since == 0)
		return;
	clock_render(absence.since, since);
	clock_render(absence.since + (int64_t)options->absent_after, until);
	snprintf(ret_fate, FATE_SIZE, ", missing since %s%s%s", since,
		 options->absent_after > 0 ? ", to be deleted from " : "",
		 options->absent_after > 0 ? until : "");
}

static void print_absent(struct outbox *outbox, const struct reconcile_options *options,
			 const struct reconcile_plan *plan)
{
	char fate[FATE_SIZE];

	for (size_t i = 0; i < plan->absent.count; i++) {
		const char *zone = name_set_get(&plan->absent, i);

		if (name_set_has(&plan->deleted, zone)) {
			printf("- %s\n", zone);
			continue;
		}
		tell_fate(outbox, zone, options, fate);
		printf("- %s (kept%s)\n", zone, fate);
	}
}

void sync_report_list(struct outbox *outbox, const struct sync_list *list, const char *from,
		      const struct reconcile_options *options, const struct reconcile_plan *plan)
{
	printf("list from %s: %zu zones; wanted here: %zu\n", from, list->names.count,
	       plan->wanted.count);
	if (reconcile_is_doubtful(list, plan))
		printf("! the list can't be relied on (%s): nothing is deleted for it\n",
		       list->why_not.text);
	print_sign("+", &plan->added);
	print_absent(outbox, options, plan);
	if (plan->held_back > 0)
		printf("! %zu of %zu zones would be deleted, which is more than a tenth: none is; "
		       "--force if that is right\n",
		       plan->held_back, plan->wanted.count);
}

/* Those of a set that another one (NULL: none) doesn't have. */
static void print_other(const char *sign, const struct name_set *zones, const struct name_set *but,
			const char *remark)
{
	for (size_t i = 0; i < zones->count; i++) {
		const char *zone = name_set_get(zones, i);

		if (!but || !name_set_has(but, zone))
			printf("%s %s%s\n", sign, zone, remark);
	}
}

static void print_primaries(const struct hook_config *config, const struct compare_slave *slave)
{
	char wanted[PRIMARIES_TEXT_SIZE], there[PRIMARIES_TEXT_SIZE];

	if (!retarget_is_needed(config, slave))
		return;
	primaries_render(&config->primaries, wanted);
	primaries_render(&slave->primaries, there);
	printf("~ primaries %s instead of %s\n", wanted, there);
}

static void print_strays(const struct reconcile_surplus *surplus, const struct compare_slave *slave)
{
	size_t count = surplus->strays.count + surplus->disputed.count;
	bool stay = !surplus->deletes_strays;

	print_other("-", &surplus->strays, NULL, stay ? " (kept, never wanted here)" : "");
	print_other("-", &surplus->disputed, NULL,
		    stay ? " (kept, made there after it was deleted here)" : "");
	if (surplus->is_held_back)
		printf("! %zu of %llu zones would be deleted there, which is more than a tenth: "
		       "none is; --force if that is right\n",
		       count, (unsigned long long)slave->held);
	else if (count > 0 && stay)
		printf("! if no other server uses this one's key (a clone?), --prune deletes what "
		       "is kept\n");
}

void sync_report_slave(const struct hook_config *config, const struct compare_slave *slave,
		       const struct reconcile_surplus *surplus, const struct reconcile_plan *plan)
{
	const char *name = slave->slave->name;

	if (!slave->is_compared) {
		printf("%s: can't be compared (%s)\n", name, slave->why.text);
		return;
	}
	printf("%s: %llu zones%s\n", name, (unsigned long long)slave->held,
	       slave->missing.count + slave->surplus.count == 0 ? ", the ones wanted" : "");
	print_other("+", &slave->missing, &plan->added, "");
	print_other("-", &surplus->gone, &plan->deleted, "");
	print_strays(surplus, slave);
	print_primaries(config, slave);
}

static json_t *names_to_json(const struct name_set *names)
{
	json_t *json = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(json, json_string(name_set_get(names, i)));
	return json;
}

static json_t *list_to_json(const struct sync_list *list)
{
	if (!list)
		return json_null();
	return json_pack("{s:I, s:b, s:o}", "zones", (json_int_t)list->names.count, "good",
			 list->is_good, "why",
			 list->is_good ? json_null() : json_string(list->why_not.text));
}

static json_t *slave_to_json(const struct hook_config *config, const struct compare_slave *slave,
			     const struct reconcile_surplus *surplus)
{
	return json_pack("{s:s, s:b, s:o, s:I, s:o, s:o, s:o, s:o, s:b}", "slave",
			 slave->slave->name, "compared", slave->is_compared, "why",
			 slave->is_compared ? json_null() : json_string(slave->why.text), "zones",
			 (json_int_t)slave->held, "missing", names_to_json(&slave->missing), "gone",
			 names_to_json(&surplus->gone), "strays", names_to_json(&surplus->strays),
			 "disputed", names_to_json(&surplus->disputed), "retarget",
			 retarget_is_needed(config, slave));
}

json_t *sync_report_to_json(const struct hook_config *config, const struct sync_list *list,
			    const struct reconcile_plan *plan, const struct compare_slave *slaves,
			    const struct reconcile_surplus *surplus, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(json, slave_to_json(config, &slaves[i], &surplus[i]));
	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:I, s:o}", "list", list_to_json(list),
			 "wanted", (json_int_t)plan->wanted.count, "added",
			 names_to_json(&plan->added), "absent", names_to_json(&plan->absent),
			 "deleted", names_to_json(&plan->deleted), "held_back",
			 (json_int_t)plan->held_back, "slaves", json);
}
