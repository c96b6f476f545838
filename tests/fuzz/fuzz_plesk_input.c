/* Whatever Plesk writes, what is taken from it is a list of good names, each once. */
#include "master-hook/plesk_input.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plesk_input input;
	struct zone_name name;
	struct reason why;

	if (plesk_input_parse((const char *)data, size, &input, &why) < 0)
		return 0;
	for (size_t i = 0; i < input.n_zones; i++) {
		if (zone_name_parse(input.zones[i].name.text, &name, &why) < 0)
			abort();
		for (size_t k = 0; k < i; k++)
			if (strcmp(input.zones[i].name.text, input.zones[k].name.text) == 0)
				abort();
	}
	plesk_input_done(&input);
	return 0;
}
