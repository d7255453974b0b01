// What of the suite is not asked of whom, by name and with the reason. Everything else is a gate.

const fixture = (what) => `asks for ${what}`;

// The registry's own server has no fixtures. Without `checks` the whole scenario is left out.
export const needFixtures = {
  '2025-11-25': {
    'completion-complete': fixture('the prompt test_prompt_with_arguments'),
    'tools-call-simple-text': fixture('the tool test_simple_text'),
    'tools-call-image': fixture('the tool test_image_content'),
    'tools-call-audio': fixture('the tool test_audio_content'),
    'tools-call-embedded-resource': fixture('the tool test_embedded_resource'),
    'tools-call-mixed-content': fixture('the tool test_multiple_content_types'),
    'tools-call-with-logging': fixture('the tool test_tool_with_logging'),
    'tools-call-error': fixture('the tool test_error_handling'),
    'tools-call-with-progress': fixture('the tool test_tool_with_progress'),
    'tools-call-sampling': fixture('the tool test_sampling'),
    'tools-call-elicitation': fixture('the tool test_elicitation'),
    'elicitation-sep1034-defaults': fixture('the tool test_elicitation_sep1034_defaults'),
    'elicitation-sep1330-enums': fixture('the tool test_elicitation_sep1330_enums'),
    'resources-read-text': fixture('the resource test://static-text'),
    'resources-read-binary': fixture('the resource test://static-binary'),
    'resources-templates-read': fixture('the resource test://template/123/data'),
    'resources-subscribe': fixture('the resource test://watched-resource'),
    'resources-unsubscribe': fixture('the resource test://watched-resource'),
    'prompts-get-simple': fixture('the prompt test_simple_prompt'),
    'prompts-get-with-args': fixture('the prompt test_prompt_with_arguments'),
    'prompts-get-embedded-resource': fixture('the prompt test_prompt_with_embedded_resource'),
    'prompts-get-with-image': fixture('the prompt test_prompt_with_image'),
    'json-schema-2020-12': fixture('the tool json_schema_2020_12_tool'),
  },
  '2026-07-28': {
    'server-stateless': {
      reason: fixture('the tools test_missing_capability, test_streaming_elicitation and test_logging_tool'),
      checks: [
        'sep-2575-server-rejects-undeclared-capability', 'sep-2575-missing-capability-http-400',
        'sep-2575-http-server-no-independent-requests-on-stream', 'sep-2575-server-no-log-without-loglevel'],
    },
    'input-required-result-basic-elicitation': fixture('the tool test_input_required_result_elicitation'),
    'input-required-result-basic-sampling': fixture('the tool test_input_required_result_sampling'),
    'input-required-result-basic-list-roots': fixture('the tool test_input_required_result_list_roots'),
    'input-required-result-request-state': fixture('the tool test_input_required_result_request_state'),
    'input-required-result-multiple-input-requests': fixture('the tool test_input_required_result_multiple_inputs'),
    'input-required-result-multi-round': fixture('the tool test_input_required_result_multi_round'),
    'input-required-result-non-tool-request': fixture('the prompt test_input_required_result_prompt'),
    'input-required-result-result-type': fixture('the tool test_input_required_result_elicitation'),
    'input-required-result-tampered-state': fixture('the tool test_input_required_result_tampered_state'),
    'input-required-result-capability-check': fixture('the tool test_input_required_result_capabilities'),
    'http-custom-header-server-validation': fixture('a tool with x-mcp-header'),
    'tasks-lifecycle': fixture('a tool that runs as a task'),
    'tasks-capability-negotiation': fixture('a tool that runs as a task'),
    'tasks-wire-fields': fixture('a tool that runs as a task'),
    'tasks-request-state-removal': fixture('a tool that runs as a task'),
    'tasks-mrtr-input': fixture('a tool that runs as a task'),
    'tasks-request-headers': fixture('a tool that runs as a task'),
    'tasks-dispatch-and-envelope': fixture('a tool that runs as a task'),
    'tasks-required-task-error': fixture('a tool that runs as a task'),
    'tasks-mrtr-composition': fixture('a tool that runs as a task'),
  },
};
// The same fixtures in both revisions, where the newer one still has the scenario.
for (const scenario of [
  'completion-complete', 'tools-call-simple-text', 'tools-call-image', 'tools-call-audio', 'tools-call-embedded-resource',
  'tools-call-mixed-content', 'tools-call-error', 'tools-call-with-progress', 'resources-read-text', 'resources-read-binary',
  'resources-templates-read', 'prompts-get-simple', 'prompts-get-with-args', 'prompts-get-embedded-resource',
  'prompts-get-with-image', 'json-schema-2020-12']) {
  needFixtures['2026-07-28'][scenario] = needFixtures['2025-11-25'][scenario];
}

export const reasonOf = (entry) => entry.reason ?? entry;

// Behind the gateway one scenario that nobody scores has a check less. The gateway calls this server in its newest revision, which
// breaks no stream off: the answer comes on the first stream, and what a resumption would add is information, not a check.
export const behindTheGateway = { '2025-11-25': { 'server-sse-polling': '2/2' }, '2026-07-28': {} };

// Of the client scenarios, what does not fit a gateway.
export const notForAGateway = [
  [/^auth\//, 'plays an authorization server to a client with a person before it; the gateway asks its servers with the credentials it was given, and no token of a caller\'s passes it'],
];
