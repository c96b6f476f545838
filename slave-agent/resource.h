#ifndef ZP_RESOURCE_H
#define ZP_RESOURCE_H

/*
 * The handlers of route.c's table, named after their resource. PROTOCOL.md §8 says what each
 * takes and gives.
 */

#include "slave-agent/agent.h"
#include "slave-agent/request.h"

void resource_zones_list(struct agent *agent, struct request *request);
void resource_zone_get(struct agent *agent, struct request *request);
void resource_zone_masters_get(struct agent *agent, struct request *request);
void resource_zone_put(struct agent *agent, struct request *request);
void resource_zone_delete(struct agent *agent, struct request *request);
void resource_zone_finish(struct agent *agent, struct request *request);

void resource_changes_post(struct agent *agent, struct request *request);
void resource_changes_finish(struct agent *agent, struct request *request);

void resource_status_get(struct agent *agent, struct request *request);

void resource_identity_get(struct agent *agent, struct request *request);
void resource_digests_get(struct agent *agent, struct request *request);

void resource_master_get(struct agent *agent, struct request *request);
void resource_master_put(struct agent *agent, struct request *request);
void resource_master_finish(struct agent *agent, struct request *request);

void resource_owner_put(struct agent *agent, struct request *request);
void resource_owner_finish(struct agent *agent, struct request *request);

void resource_maintenance_put(struct agent *agent, struct request *request);
void resource_maintenance_finish(struct agent *agent, struct request *request);

void resource_masters_list(struct agent *agent, struct request *request);
void resource_masters_post(struct agent *agent, struct request *request);
void resource_masters_finish(struct agent *agent, struct request *request);

void resource_shrink_post(struct agent *agent, struct request *request);
void resource_shrink_finish(struct agent *agent, struct request *request);

void resource_known_master_get(struct agent *agent, struct request *request);
void resource_policy_put(struct agent *agent, struct request *request);
void resource_policy_finish(struct agent *agent, struct request *request);
void resource_revoke_post(struct agent *agent, struct request *request);
void resource_revoke_finish(struct agent *agent, struct request *request);

void resource_purge_post(struct agent *agent, struct request *request);
void resource_give_post(struct agent *agent, struct request *request);
void resource_estate_finish(struct agent *agent, struct request *request);

void resource_invitations_list(struct agent *agent, struct request *request);
void resource_invitations_post(struct agent *agent, struct request *request);
void resource_invitations_finish(struct agent *agent, struct request *request);
void resource_invitation_delete(struct agent *agent, struct request *request);
void resource_invitation_finish(struct agent *agent, struct request *request);

void resource_enrol_post(struct agent *agent, struct request *request);
void resource_enrol_finish(struct agent *agent, struct request *request);

void resource_keys_put(struct agent *agent, struct request *request);
void resource_keys_finish(struct agent *agent, struct request *request);

void resource_agent_key_get(struct agent *agent, struct request *request);
void resource_agent_key_reload(struct agent *agent, struct request *request);

/*
 * For which master the request is made: the caller, or on the local socket the one in `?master=`.
 * Returns true with its id, 0 meaning all of them (only where `may_be_all`); or false with the
 * reply set.
 */
bool resource_find_master(struct agent *agent, struct request *request, bool may_be_all,
			  int64_t *ret_master);

/* The zone in the path; or false with the reply set. */
bool resource_parse_zone(struct request *request, struct zone_name *ret_name);

/* Whether only these parameters stand in the query; or false with the reply set. */
bool resource_check_query(struct request *request, const char *const allowed[]);

/* `master` is a parameter of the local socket only: a master is who signed. It stands first. */
const char *const *resource_only_locally(const struct request *request, const char *const names[]);

/*
 * The generation in the query; the local socket may leave it out, and *ret_generation stays as it
 * is. Or false with the reply set.
 */
bool resource_parse_generation(struct request *request, uint64_t *ret_generation);

/* The master named in the path; or false with the reply set. */
bool resource_find_named_master(struct agent *agent, struct request *request,
				struct registry_master *ret_master);

/* The body as JSON, to be released by json_decref(); or NULL with the reply set. */
struct json_t *resource_load_json(struct request *request);

/* A job with the request's deadline, in request->job; or false with the reply set. */
bool resource_new_job(struct request *request);

/* A job with an act, whose subject is a copy of this one, ended by free(); or the reply is set. */
void resource_new_act(struct request *request, const struct job_act *act, const void *subject,
		      size_t size);

/* Sets the reply for a registry that failed. */
void resource_fail_registry(struct request *request, int error);

#endif
