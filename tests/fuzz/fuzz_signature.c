/* The input is a Signature-Input: whatever it covers, building the base ends. */
#include "proto/signature.h"
#include "tests/fuzz/fuzz.h"

static const struct signature_field fields[] = {{"a", "b"}, {"content-type", "x"}, {"A", "c"}};
static const struct signature_message request = {
	.method = "PUT", .path = "/", .fields = fields, .n_fields = 3};
static const struct signature_message reply = {
	.status = 200, .fields = fields, .n_fields = 3, .request = &request};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct sf_dictionary inputs;
	struct text_buffer base = {0};

	if (structured_field_parse(text, &inputs) == 0) {
		for (size_t i = 0; i < inputs.count; i++) {
			if (signature_base(&reply, &inputs.members[i], &base) == 0 && !base.data)
				abort();
			text_buffer_done(&base);
		}
		structured_field_done(&inputs);
	}
	free(text);
	return 0;
}
