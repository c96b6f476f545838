#ifndef ZP_STRUCTURED_FIELD_H
#define ZP_STRUCTURED_FIELD_H

/*
 * Structured Field Values for HTTP, RFC 9651: as much as signatures, digests and Zonepush-State
 * need, which is Dictionaries of Items and Inner Lists with Parameters. Items are Integers,
 * Strings, Tokens, Byte Sequences and Booleans; Decimals, Dates and Display Strings are a syntax
 * error. The parser is strict as RFC 9651 §4.2 wants it, with two differences: a key that stands
 * twice in one Dictionary or in one set of Parameters is an error, and so is a Byte Sequence whose
 * base64 isn't canonical (RFC 4648 §3.5) or lacks its padding.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SF_MEMBERS_MAX		16			 /* in one Dictionary */
#define SF_ITEMS_MAX		24			 /* in one Inner List */
#define SF_ITEMS_TOTAL_MAX	64			 /* in one Dictionary */
#define SF_PARAMETERS_MAX	12			 /* of one Item or Inner List */
#define SF_PARAMETERS_TOTAL_MAX 96			 /* in one Dictionary */
#define SF_FIELD_MAX		(16 * 1024)		 /* bytes in a field value */
#define SF_INTEGER_MAX		INT64_C(999999999999999) /* RFC 9651 §3.3.1 */

enum sf_type {
	SF_INTEGER,
	SF_STRING,
	SF_TOKEN,
	SF_BYTES,
	SF_BOOLEAN,
};

/* A Bare Item. data is owned by the Dictionary and has a NUL behind its length bytes. */
struct sf_value {
	enum sf_type type;
	int64_t integer;  /* SF_INTEGER; SF_BOOLEAN: 0 or 1 */
	const char *data; /* SF_STRING (unescaped), SF_TOKEN, SF_BYTES (decoded) */
	size_t length;
};

struct sf_parameter {
	const char *key;
	struct sf_value value;
};

struct sf_parameters {
	struct sf_parameter *list;
	size_t count;
};

struct sf_item {
	struct sf_value value;
	struct sf_parameters parameters;
};

/*

 * A member's value: an Item (then items has one, and its parameters are there), or an Inner List.

 */
struct sf_member {
	const char *key;
	bool is_inner_list;
	struct sf_item *items;
	size_t count;
	struct sf_parameters parameters; /* of the Inner List */
};

struct sf_dictionary {
	struct sf_member *members;
	size_t count;
	void *memory;
};

/*
 * Parses a Dictionary out of a field value (several field lines joined by ", "). Returns 0 with a
 * Dictionary to be ended by structured_field_done(), ZP_ESYNTAX, ZP_ETOOBIG or -ENOMEM.
 */
int structured_field_parse(const char *text, struct sf_dictionary *ret_dictionary)
	__attribute__((warn_unused_result));
void structured_field_done(struct sf_dictionary *dictionary);

/* The member or parameter with this key, or NULL. */
const struct sf_member *structured_field_find(const struct sf_dictionary *dictionary,
					      const char *key);
const struct sf_value *structured_field_parameter(const struct sf_parameters *parameters,
						  const char *key);

/*
 * The canonical text (RFC 9651 §4.1) of one member's value, appended to out: what stands behind
 * `label=` in Signature-Input and behind `"@signature-params": ` in a signature base. Returns 0,
 * -ENOMEM, or ZP_ESYNTAX for a value that has no such text (a String with a byte outside 0x20-0x7E,
 * an Integer out of range).
 */
struct text_buffer;
int structured_field_render(const struct sf_member *member, struct text_buffer *out)
	__attribute__((warn_unused_result));

#endif
