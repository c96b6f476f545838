#include <stdlib.h>

#include <jansson.h>

#include "proto/digest.h"
#include "slave-agent/resource.h"

/* The names of one bucket, each with a LF. The reader is shared: it is held for a bucket at a time.
 */
static int read_bucket(struct agent *agent, int64_t master, unsigned int bucket,
		       struct text_buffer *names, size_t *ret_zones)
{
	const struct registry_filter filter = {.master = master,
					       .bucket = &bucket,
					       .all_states = true};
	struct registry_walk *walk = NULL;
	struct registry_zone zone;
	size_t zones = 0;
	int r;

	pthread_mutex_lock(&agent->reader_lock);
	r = registry_walk_start(agent->reader, &filter, &walk);
	while (r == 0 && (r = registry_walk_next(walk, &zone)) == 1) {
		r = text_buffer_printf(names, "%s\n", zone.name.text);
		zones++;
	}
	registry_walk_done(walk);
	pthread_mutex_unlock(&agent->reader_lock);
	if (r < 0)
		return r;
	*ret_zones = zones;
	return 0;
}

static int add_bucket(struct agent *agent, int64_t master, unsigned int bucket, json_t *buckets)
{
	struct text_buffer names = {0};
	char hex[DIGEST_HEX_SIZE];
	size_t zones = 0;
	int r;

	r = read_bucket(agent, master, bucket, &names, &zones);
	if (r == 0) {
		digest_hex(names.data ? names.data : "", names.length, hex);
		json_array_append_new(buckets, json_pack("{s:I, s:s}", "zones", (json_int_t)zones,
							 "digest", hex));
	}
	text_buffer_done(&names);
	return r;
}

void resource_digests_get(struct agent *agent, struct request *request)
{
	static const char *const parameters[] = {"master", NULL};
	json_t *buckets;
	int64_t master;
	int r = 0;

	if (!resource_check_query(request, resource_only_locally(request, parameters)) ||
	    !resource_find_master(agent, request, false, &master))
		return;
	buckets = json_array();
	for (unsigned int i = 0; r == 0 && i < ZONE_NAME_BUCKETS; i++)
		r = add_bucket(agent, master, i, buckets);
	if (r == 0) {
		request_reply_json(request, 200,
				   json_pack("{s:s, s:o}", "algorithm", "sha-256", "buckets",
					     buckets));
		return;
	}
	json_decref(buckets);
	resource_fail_registry(request, r);
}
