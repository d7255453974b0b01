// The conformance suite's tools, prompts and resources on the official v2 library: what stands behind the gateway when the suite
// tests it. Questions are written once; the library puts them to callers of either era.
import {
  acceptedContent, completable, createRequestStateCodec, fromJsonSchema, inputRequired, McpServer, ResourceTemplate,
} from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==';

const text = (content) => ({ type: 'text', text: content });
const image = { type: 'image', data: png, mimeType: 'image/png' };
const audio = { type: 'audio', data: wav, mimeType: 'audio/wav' };
const embedded = (uri, mimeType, content) => ({ type: 'resource', resource: { uri, mimeType, text: content } });
const say = (...content) => ({ content: content.map((part) => (typeof part === 'string' ? text(part) : part)) });
const object = (properties = {}, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const string = (description) => (description ? { type: 'string', description } : { type: 'string' });

// Round-trips through callers, so it is signed.
const state = createRequestStateCodec({ key: randomBytes(32) });

// What a tool asks: a form for the user, the caller's model, its roots.
const form = (message, requestedSchema) => inputRequired.elicit({ message, requestedSchema });
const model = (prompt, maxTokens = 100) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens });
const name = object({ name: string() });
const ok = object({ ok: { type: 'boolean' } });

// Asks until every key is answered, then hands the answers on.
const asking = (questions, answer) => async (args, ctx) => {
  const inputRequests = typeof questions === 'function' ? questions(args, ctx) : questions;
  const responses = ctx.mcpReq.inputResponses ?? {};
  // No state but one that says so: a round of one question needs none.
  if (!Object.keys(inputRequests).every((key) => responses[key])) {
    return inputRequired({ inputRequests, requestState: await state.mint({ asked: Object.keys(inputRequests) }, ctx) });
  }
  return answer(responses, ctx);
};
const completed = ({ response }) => say(`Elicitation completed: action=${response.action}, content=${JSON.stringify(response.content ?? {})}`);

const options = ['option1', 'option2', 'option3'];
const titled = (first) => [1, 2, 3].map((n) => ({ const: `value${n}`, title: `${['First', 'Second', 'Third'][n - 1]} ${first}` }));
const enums = {
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled('Option') },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
};
const defaults = {
  name: { ...string('User name'), default: 'John Doe' },
  age: { type: 'integer', description: 'User age', default: 30 },
  score: { type: 'number', description: 'User score', default: 95.5 },
  status: { ...string('User status'), enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', description: 'Verification status', default: true },
};
const rich = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: string(), city: string() } } },
  properties: {
    name: string(),
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: string(),
    email: string(),
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

async function progress(args, ctx) {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  for (const done of [0, 50, 100]) {
    if (done > 0) await pause(50);
    if (progressToken === undefined) continue;
    await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: done, total: 100 } });
  }
  return say('All of it was told.');
}

async function logs(args, ctx) {
  for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await ctx.mcpReq.log('info', line);
    await pause(50);
  }
  return say('Three messages were logged.');
}

async function reconnect(args, ctx) {
  ctx.http?.closeSSE?.();
  await pause(100);
  return say('The stream was closed before this answer.');
}

const inputs = { user_name: form('What is your name?', name), greeting: model('Generate a greeting', 50), client_roots: inputRequired.listRoots() };
const capabilityOf = { user_name: 'elicitation', greeting: 'sampling', client_roots: 'roots' };
const declared = (ctx) => ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};

async function twoRounds(args, ctx) {
  const first = acceptedContent(ctx.mcpReq.inputResponses, 'step1')?.name ?? ctx.mcpReq.requestState()?.name;
  const second = acceptedContent(ctx.mcpReq.inputResponses, 'step2')?.color;
  if (!first) {
    return inputRequired({
      inputRequests: { step1: form('Step 1: What is your name?', name) }, requestState: await state.mint({ round: 1 }, ctx) });
  }
  if (!second) {
    return inputRequired({
      inputRequests: { step2: form('Step 2: What is your favorite color?', object({ color: string() })) },
      requestState: await state.mint({ round: 2, name: first }, ctx) });
  }
  return say(`${first} likes ${second}.`);
}

// name: [description, schema, handler]
const tools = (world) => ({
  test_simple_text: ['Answers with one text.', object(), () => say('This is a simple text response for testing.')],
  test_image_content: ['Answers with an image.', object(), () => say(image)],
  test_audio_content: ['Answers with a sound.', object(), () => say(audio)],
  test_embedded_resource: ['Answers with a resource.', object(), () =>
    say(embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'))],
  test_multiple_content_types: ['Answers with three kinds of content.', object(), () =>
    say('Multiple content types test:', image, embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'))],
  test_error_handling: ['Always fails.', object(), () => {
    throw new Error('This tool intentionally returns an error for testing');
  }],
  test_tool_with_progress: ['Reports progress.', object(), progress],
  test_tool_with_logging: ['Logs three messages.', object(), logs],
  test_logging_tool: ['Logs three messages, to who wants them.', object(), logs],
  test_reconnection: ['Closes its stream before it answers.', object(), reconnect],
  json_schema_2020_12_tool: ['Tool with JSON Schema 2020-12 features.', rich, (args) => say(JSON.stringify(args))],
  test_x_mcp_header: ['Takes an argument that is repeated in a header.', object({ region: { ...string(), 'x-mcp-header': 'Region' } }),
    ({ region }) => say(`region: ${region}`)],
  test_trigger_tool_change: ['Adds a tool, or removes it again.', object(), () => (world.toggle('tools'), say('done'))],
  test_trigger_prompt_change: ['Adds a prompt, or removes it again.', object(), () => (world.toggle('prompts'), say('done'))],
  test_touch_resource: ['Says that a resource changed.', object({ uri: string() }), ({ uri }) => (world.touched(uri), say(`touched ${uri}`))],

  test_sampling: ["Asks the caller's model.", object({ prompt: string() }),
    asking(({ prompt }) => ({ response: model(prompt) }), ({ response }) => say(`LLM response: ${response.content.text}`))],
  test_elicitation: ["Asks the caller's user.", object({ message: string() }),
    asking(({ message }) => ({ response: form(message, object({ username: string("User's response"), email: string("User's email address") })) }),
      ({ response }) => say(`User response: action=${response.action}, content=${JSON.stringify(response.content ?? {})}`))],
  test_elicitation_sep1034_defaults: ['Asks with defaults.', object(),
    asking({ response: form('Please review and update the form fields with defaults', object(defaults, [])) }, completed)],
  test_elicitation_sep1330_enums: ['Asks with choices.', object(),
    asking({ response: form('Please select options from the lists', object(enums, [])) }, completed)],
  test_streaming_elicitation: ['Asks to confirm.', object(), asking({ confirm: form('Please confirm', ok) }, () => say('confirmed'))],
  test_missing_capability: ['Needs sampling.', object(), asking({ answer: model('Say hello') }, ({ answer }) => say(answer.content.text))],
  test_input_required_result_elicitation: ['Asks for a name.', object(),
    asking({ user_name: inputs.user_name }, (answers) => say(`Hello, ${acceptedContent(answers, 'user_name')?.name}!`))],
  test_input_required_result_sampling: ['Asks the model for a capital.', object(),
    asking({ capital_question: model('What is the capital of France?') }, (answers) => say(answers.capital_question.content.text))],
  test_input_required_result_list_roots: ['Asks for the roots.', object(),
    asking({ client_roots: inputs.client_roots }, (answers) => say(JSON.stringify(answers.client_roots.roots)))],
  test_input_required_result_request_state: ['Asks to confirm, with a state.', object(),
    asking({ confirm: form('Please confirm', ok) }, (answers, ctx) => say(ctx.mcpReq.requestState() ? 'state-ok' : 'no state'))],
  test_input_required_result_tampered_state: ['Asks to confirm, and guards its state.', object(),
    asking({ confirm: form('Please confirm', ok) }, () => say('confirmed'))],
  test_input_required_result_multiple_inputs: ['Asks three things at once.', object(), asking(inputs, (answers) =>
    say(`${answers.greeting.content.text} ${acceptedContent(answers, 'user_name')?.name}`))],
  test_input_required_result_multi_round: ['Asks one thing after the other.', object(), twoRounds],
  test_input_required_result_capabilities: ['Asks what the caller can be asked.', object(), asking(
    (args, ctx) => Object.fromEntries(Object.entries(inputs).filter(([key]) => declared(ctx)[capabilityOf[key]])),
    (answers) => say(`${Object.keys(answers).length} questions were answered.`))],
});

const cities = (typed) => ['paris', 'park', 'party', 'porto'].filter((city) => city.startsWith(typed));
const messages = (...content) => ({ messages: content.map((part) => ({ role: 'user', content: part })) });

// What comes and goes.
export const dynamic = {
  tools: (server) => server.registerTool('test_dynamic_tool', { description: 'Is there, or is not.', inputSchema: fromJsonSchema(object()) }, () => say('here')),
  prompts: (server) => server.registerPrompt('test_dynamic_prompt', { description: 'Is there, or is not.' }, async () => messages(text('here'))),
};

// A server for one caller; `world` knows what is there, and tells everybody of changes.
export function makeServer(world) {
  const server = new McpServer({ name: 'sdk-fixtures', version: '1.0.0' }, {
    capabilities: {
      tools: { listChanged: true }, prompts: { listChanged: true }, resources: { listChanged: true, subscribe: true },
      completions: {}, logging: {},
    },
    requestState: { verify: state.verify },
  });
  for (const [tool, [description, schema, handler]] of Object.entries(tools(world))) {
    server.registerTool(tool, { description, inputSchema: fromJsonSchema(schema) }, handler);
  }
  const read = (uri, mimeType, body) => async () => ({ contents: [{ uri, mimeType, ...body }] });
  server.registerResource('static-text', 'test://static-text', { description: 'A text.', mimeType: 'text/plain' },
    read('test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' }));
  server.registerResource('static-binary', 'test://static-binary', { description: 'A picture.', mimeType: 'image/png' },
    read('test://static-binary', 'image/png', { blob: png }));
  server.registerResource('watched-resource', 'test://watched-resource', { description: 'A text to subscribe to.', mimeType: 'text/plain' },
    read('test://watched-resource', 'text/plain', { text: 'Touch me with test_touch_resource.' }));
  server.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'Data by its id.', mimeType: 'application/json' }, async (uri, { id }) => ({
      contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
    }));
  server.server.setRequestHandler('resources/subscribe', async () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', async () => ({}));

  server.registerPrompt('test_simple_prompt', { description: 'Without arguments.' }, async () =>
    messages(text('This is a simple prompt for testing.')));
  server.registerPrompt('test_prompt_with_arguments', {
    description: 'With two arguments.',
    argsSchema: z.object({ arg1: completable(z.string().describe('First test argument'), cities), arg2: z.string().describe('Second test argument') }),
  }, async ({ arg1, arg2 }) => messages(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)));
  server.registerPrompt('test_prompt_with_embedded_resource', {
    description: 'With a resource in it.', argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
  }, async ({ resourceUri }) => messages(
    embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'), text('Please process the embedded resource above.')));
  server.registerPrompt('test_prompt_with_image', { description: 'With an image in it.' }, async () =>
    messages(image, text('Please analyze the image above.')));
  const askForContext = asking({ user_context: form('What context should the prompt use?', object({ context: string() })) },
    (answers) => messages(text(`Use this context: ${acceptedContent(answers, 'user_context')?.context}`)));
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks first.' }, (ctx) => askForContext({}, ctx));
  return server;
}
