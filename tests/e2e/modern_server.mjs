// A server of 2026-07-28 alone, by the official library: `modern_server.mjs stdio`, or `PORT=N modern_server.mjs http`.
// Its fixtures have the names that the official conformance suite gives them.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { acceptedContent, completable, createMcpHandler, inputRequired, inputResponse, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

const text = (words) => ({ content: [{ type: 'text', text: words }] });
const nothing = z.object({});

// Shared by all instances, which live for one request each over HTTP.
let changed = false;
let notify;
const cancelled = new Map();

// A promise for each key, and what keeps it.
function cancellation(key) {
  if (!cancelled.has(key)) cancelled.set(key, Promise.withResolvers());
  return cancelled.get(key);
}

function addTools(server) {
  server.registerTool(
    'multiply',
    { description: 'Returns the product of two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => text(String(a * b)),
  );
  server.registerTool('fail', { description: 'Fails always', inputSchema: nothing }, () => ({
    ...text('it failed, as it must'),
    isError: true,
  }));
  server.registerTool('test_simple_text', { inputSchema: nothing }, () => text('This is a simple text response for testing.'));
  server.registerTool('test_tool_with_progress', { inputSchema: nothing }, async (_, context) => {
    for (const progress of [0, 50, 100]) await tell(context, progress);
    return text('done');
  });
  server.registerTool('test_wait_for_cancel', { inputSchema: z.object({ key: z.string() }) }, async ({ key }, context) => {
    const { signal } = context.mcpReq;
    const { promise, resolve } = cancellation(key);
    if (signal.aborted) resolve();
    signal.addEventListener('abort', resolve);
    await tell(context, 0);
    await promise;
    return text('too late');
  });
  server.registerTool('test_was_cancelled', { inputSchema: z.object({ key: z.string() }) }, async ({ key }) => {
    await cancellation(key).promise;
    return text('cancelled');
  });
  server.registerTool('test_tool_with_logging', { inputSchema: nothing }, async (_, context) => {
    for (const step of ['started', 'working', 'ended']) await context.mcpReq.log('info', step);
    return text('logged');
  });
}

async function tell({ mcpReq }, progress) {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
}

function addQuestions(server) {
  server.registerTool('test_input_required_result_elicitation', { inputSchema: nothing }, (_, { mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'user_name');
    if (answer) return text(`Hello, ${answer.name}`);
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    return inputRequired({ inputRequests: { user_name: inputRequired.elicit({ message: 'What is your name?', requestedSchema }) } });
  });
  server.registerTool('test_input_required_result_sampling', { inputSchema: nothing }, (_, { mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'capital_question');
    if (answer.kind === 'sampling') return text(`The model said: ${[answer.result.content].flat()[0].text}`);
    const messages = [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }];
    return inputRequired({ inputRequests: { capital_question: inputRequired.createMessage({ messages, maxTokens: 100 }) } });
  });
}

function addChanges(server) {
  server.registerTool('test_trigger_tool_change', { inputSchema: nothing }, () => {
    changed = !changed;
    notify ? notify.toolsChanged() : server.sendToolListChanged();
    return text('changed');
  });
  if (changed) server.registerTool('test_changed', { inputSchema: nothing }, () => text('here for now'));
  server.registerTool('test_touch_resource', { inputSchema: z.object({ uri: z.string() }) }, async ({ uri }) => {
    notify ? notify.resourceUpdated(uri) : await server.server.sendResourceUpdated({ uri });
    return text('touched');
  });
}

function addResourcesAndPrompts(server) {
  for (const name of ['static-text', 'watched-resource']) {
    server.registerResource(name, `test://${name}`, { mimeType: 'text/plain' }, (uri) => ({
      contents: [{ uri: uri.href, mimeType: 'text/plain', text: `This is the content of ${name}.` }],
    }));
  }
  const from = (...words) => completable(z.string(), (value) => words.filter((word) => word.startsWith(value)));
  server.registerPrompt(
    'test_prompt_with_arguments',
    { argsSchema: z.object({ arg1: from('paris', 'park', 'party'), arg2: z.string() }) },
    ({ arg1, arg2 }) => ({
      messages: [{ role: 'user', content: { type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` } }],
    }),
  );
}

function make() {
  const capabilities = { logging: {}, tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } };
  const server = new McpServer({ name: 'modern', version: '1.0.0' }, { capabilities });
  for (const add of [addTools, addQuestions, addChanges, addResourcesAndPrompts]) add(server);
  return server;
}

if (process.argv[2] === 'stdio') {
  serveStdio(make, { legacy: 'reject' });
} else {
  const handler = createMcpHandler(make, { legacy: 'reject' });
  notify = handler.notify;
  createServer(toNodeHandler(handler)).listen(Number(process.env.PORT), '127.0.0.1');
}
