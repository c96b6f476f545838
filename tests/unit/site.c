#include "tests/unit/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "slave-agent/include.h"

void site_write_named_conf(struct site *site, const char *more)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "options { directory \"%s\"; recursion no; };\ninclude \"%s\";\n%s",
		 site->directory, site->include, more);
	scratch_write(site->directory, "named.conf", text, site->named_conf);
}

int64_t site_add_master(struct site *site, const char *name, const char *primary)
{
	struct registry_master master = {.has_key = true, .n_primaries = 1};
	struct key *key;

	snprintf(master.name, sizeof(master.name), "%s", name);
	assert_int_equal(key_generate(&key), 0);
	master.key = *key_get_public(key);
	key_free(key);
	assert_int_equal(address_parse(primary, 53, &master.primaries[0], NULL), 0);
	assert_int_equal(registry_master_add(site->registry, &master), 0);
	assert_int_equal(registry_master_find_name(site->registry, name, &master), 0);
	return master.id;
}

static void set_paths(struct site *site)
{
	snprintf(site->include, sizeof(site->include), "%s/include/zones.conf", site->directory);
	snprintf(site->data, sizeof(site->data), "%s/data", site->directory);
	snprintf(site->rndc_key, sizeof(site->rndc_key), "%s/rndc.key", site->directory);
}

int site_setup(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	bool is_there;
	struct reason why;

	assert_non_null(site);
	assert_int_equal(key_library_init(), 0);
	scratch_make(site->directory);
	set_paths(site);
	site_write_named_conf(site, "");
	site->config = (struct agent_config){
		.state = site->directory,
		.include = site->include,
		.data = site->data,
		.named_conf = site->named_conf,
		.named_checkconf = (char *)"/usr/bin/named-checkconf",
		.nzd2nzf = (char *)"/usr/bin/named-nzd2nzf",
		.rndc = (char *)"/usr/sbin/rndc",
		.rndc_key = site->rndc_key,
		.rndc_address = (char *)"127.0.0.1",
		.rndc_port = 1, /* nobody listens there */
		.rndc_timeout = 10000,
		.view = (char *)"",
		.group = (gid_t)-1,
	};
	if (registry_open(site->directory, &site->registry, &why) < 0 ||
	    include_prepare(&site->config, &is_there, &why) < 0)
		fail_msg("%s", why.text);
	site->a = site_add_master(site, "a", "192.0.2.1");
	site->b = site_add_master(site, "b", "[2001:db8::1]:5300");
	*state = site;
	return 0;
}

int site_teardown(void **state)
{
	struct site *site = *state;

	registry_free(site->registry);
	scratch_remove(site->directory);
	free(site);
	return 0;
}

struct zone_name site_name(const char *text)
{
	struct zone_name name;

	assert_int_equal(zone_name_parse(text, &name, NULL), 0);
	return name;
}

void site_put(struct site *site, int64_t master, const char *name, uint64_t made,
	      enum registry_state state)
{
	struct registry_zone zone = {
		.name = site_name(name),
		.master = master,
		.present = true,
		.generation = made,
		.made = made,
		.begun = made,
		.state = state,
		.since = state == REGISTRY_CLAIM ? made : 0,
	};

	assert_int_equal(registry_zone_put(site->registry, &zone), 0);
}

int site_take(struct site *site, int64_t master, const struct change *change,
	      struct intent *ret_intent)
{
	struct registry_master row;

	assert_int_equal(registry_master_find(site->registry, master, &row), 0);
	return intent_take(&site->config, site->registry, &row, change, ret_intent);
}

struct registry_zone site_get_owned(struct site *site, const char *name)
{
	struct zone_name parsed = site_name(name);
	struct registry_zone zone;

	assert_int_equal(registry_zone_get_owned(site->registry, &parsed, &zone), 0);
	return zone;
}
