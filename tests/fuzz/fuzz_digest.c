/* Only the right digest of the empty content verifies. */
#include "proto/digest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	if (digest_verify(text, NULL, 0) == 0 &&
	    !strstr(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NM") &&
	    !strstr(text, "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc"))
		abort();
	free(text);
	return 0;
}
