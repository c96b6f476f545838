/* A policy that is taken comes back as it is when it is rendered and parsed again. */
#include <jansson.h>

#include "slave-agent/policy.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy = {.max_zones = 0}, again = {.max_zones = 0};
	json_t *json, *rendered;
	struct reason why;

	json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	if (json && policy_parse(json, &policy, &why) == 0) {
		rendered = policy_to_json(&policy);
		if (!rendered || policy_parse(rendered, &again, &why) < 0 ||
		    strcmp(policy.suffixes, again.suffixes) != 0 ||
		    strcmp(policy.primaries, again.primaries) != 0 ||
		    policy.max_zones != again.max_zones)
			abort();
		json_decref(rendered);
	}
	json_decref(json);
	return 0;
}
