/* Good changes come back as they are when they are rendered and parsed again. */
#include "proto/change.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct change_list list, again;
	struct text_buffer out = {0};
	struct reason why;

	if (change_list_parse((const char *)data, size, &list, &why) < 0)
		return 0;
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].error < 0)
			continue;
		text_buffer_done(&out);
		if (change_list_render(&list.items[i].change, 1, &out) < 0 ||
		    change_list_parse(out.data, out.length, &again, &why) < 0 ||
		    again.items[0].error < 0 ||
		    strcmp(again.items[0].change.zone.text, list.items[i].change.zone.text) != 0)
			abort();
		change_list_done(&again);
	}
	text_buffer_done(&out);
	change_list_done(&list);
	return 0;
}
