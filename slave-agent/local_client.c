#include "slave-agent/local_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <curl/curl.h>
#include <jansson.h>

#include "proto/change.h"
#include "proto/problem.h"
#include "proto/text.h"

#define LIMIT_MS (90 * 1000L)

static size_t take(char *data, size_t size, size_t count, void *closure)
{
	struct text_buffer *reply = closure;

	if (size * count > CHANGE_REPLY_MAX - reply->length)
		return 0;
	return text_buffer_append(reply, data, size * count) == 0 ? size * count : 0;
}

static int explain_failure(const struct agent_config *config, CURLcode code, struct reason *why)
{
	if (code == CURLE_COULDNT_CONNECT)
		return reason_fail(why, -ECONNREFUSED,
				   "no agent listens on '%s'; is zonepush-agent running, and are "
				   "you root or its user?",
				   config->socket);
	return reason_fail(why, ZP_ELIBRARY, "can't talk to the agent on '%s' (%s)", config->socket,
			   curl_easy_strerror(code));
}

static int judge(long status, const struct text_buffer *reply, struct json_t **ret_json,
		 struct reason *why)
{
	struct problem problem;
	json_t *json;

	if (status >= 300) {
		if (problem_parse(reply->data, reply->length, &problem) == 0)
			return reason_fail(why, ZP_EUNKNOWN, "%s", problem.detail);
		return reason_fail(why, ZP_ESYNTAX, "the agent answered with HTTP status %ld",
				   status);
	}
	json = json_loadb(reply->data, reply->length, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		return reason_fail(why, ZP_ESYNTAX, "the agent's answer isn't JSON");
	*ret_json = json;
	return 0;
}

static CURLcode perform(const struct agent_config *config, const char *method, const char *path,
			const char *body, struct text_buffer *reply, long *ret_status)
{
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	char url[2048];
	CURLcode code;

	if (!curl)
		return CURLE_OUT_OF_MEMORY;
	snprintf(url, sizeof(url), "http://agent%s", path);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, config->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, LIMIT_MS);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return code;
}

int local_client_call(const struct agent_config *config, const char *method, const char *path,
		      const char *body, struct json_t **ret_json, struct reason *why)
{
	struct text_buffer reply = {0};
	long status = 0;
	CURLcode code;
	int r;

	code = perform(config, method, path, body, &reply, &status);
	if (code != CURLE_OK)
		r = explain_failure(config, code, why);
	else
		r = judge(status, &reply, ret_json, why);
	text_buffer_done(&reply);
	return r;
}
