/* What is parsed renders, and what was rendered parses again. */
#include "proto/structured_field.h"
#include "proto/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct sf_dictionary first, second;
	struct text_buffer out = {0};

	if (structured_field_parse(text, &first) == 0) {
		for (size_t i = 0; i < first.count; i++) {
			text_buffer_done(&out);
			if (text_buffer_printf(&out, "%s=", first.members[i].key) < 0 ||
			    structured_field_render(&first.members[i], &out) < 0 ||
			    structured_field_parse(out.data, &second) < 0)
				abort();
			structured_field_done(&second);
		}
		structured_field_done(&first);
	}
	text_buffer_done(&out);
	free(text);
	return 0;
}
