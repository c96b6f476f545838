/* A name that is taken is canonical, survives a path, and holds nothing that needs quoting. */
#include "proto/zone_name.h"
#include "tests/fuzz/fuzz.h"

static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-./";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), path[ZONE_NAME_PATH_SIZE];
	struct zone_name name, again;
	struct reason why;

	if (zone_name_parse(text, &name, &why) == 0) {
		zone_name_render_path(&name, path);
		if (strspn(name.text, allowed) != strlen(name.text) ||
		    zone_name_parse(name.text, &again, &why) < 0 ||
		    strcmp(name.text, again.text) != 0 ||
		    zone_name_parse_path(path, &again, &why) < 0 ||
		    strcmp(name.text, again.text) != 0)
			abort();
	}
	(void)!zone_name_parse_path(text, &name, &why);
	free(text);
	return 0;
}
