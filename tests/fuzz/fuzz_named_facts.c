/* What named-checkconf and named-nzd2nzf print: the readers end, inside the text. */
#include "slave-agent/named_facts_private.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct named_facts facts = {.allows_runtime = false};
	struct zone_name name;

	if (named_facts_parse(&facts, (const char *)data, size, "marker.invalid") < 0)
		facts.zones.count = 0;
	if (named_facts_parse_zones(&facts.runtime, (const char *)data, size) < 0)
		facts.runtime.count = 0;
	for (size_t i = 0; i < facts.zones.count; i++)
		if (zone_name_parse(facts.zones.text + facts.zones.starts[i], &name, NULL) < 0)
			abort();
	name_set_sort(&facts.keys);
	if (named_facts_has_key(&facts, "key.") != named_facts_has_key(&facts, "KEY"))
		abort();
	name_set_done(&facts.zones);
	name_set_done(&facts.keys);
	name_set_done(&facts.runtime);
	return 0;
}
