// One probe for each feature of MCP: a client uses the feature, and what came of it is checked. A probe knows the fixtures of
// the server it is pointed at: the reference server's, or the conformance suite's (`dialects`).
import assert from 'node:assert/strict';
import { within } from './heard.mjs';

const textOf = ({ content }) => content.map((part) => part.text).join('');
let counter = 0;
const fresh = () => `${process.pid}-${(counter += 1)}`;
const isNotification = (method) => (message) => message.method === `notifications/${method}`;
const isUpdateOf = (uri) => ({ method, params }) => method === 'notifications/resources/updated' && params.uri === uri;

const everything = {
  async 'list and call'(client) {
    const names = (await client.tools()).map(({ name }) => name);
    assert.ok(names.includes('get-sum'), `no get-sum among ${names}`);
    assert.match(textOf(await client.call('get-sum', { a: 2, b: 3 })), /sum of 2 and 3 is 5/);
  },
  async progress(client, {tap}) {
    globalThis.theTap = tap;
    await hearProgress(client, 'trigger-long-running-operation', { duration: 0.2, steps: 4 }, [1, 2, 3, 4]);
  },
  // The server works on without a word, but it is told: its tap hears so.
  async cancel(client, { tap, patience }) {
    const duration = 60 + (counter += 1) / 1000;
    const abort = new AbortController();
    const call = client.call('trigger-long-running-operation', { duration, steps: 1 }, { signal: abort.signal });
    const arrived = tap.heard.until('the call', ({ params }) => params?.arguments?.duration === duration, patience);
    await Promise.race([arrived, call]);
    abort.abort();
    await assert.rejects(call);
    const { id } = await arrived;
    const cancelled = ({ method, params }) => method === 'notifications/cancelled' && params.requestId === id;
    await tap.heard.until(`the end of call ${id}`, cancelled, patience);
  },
  async elicitation(client) {
    assert.match(textOf(await client.call('trigger-elicitation-request')), /Name: Ada/);
  },
  async sampling(client) {
    assert.match(textOf(await client.call('trigger-sampling-request', { prompt: 'hello', maxTokens: 9 })), /a sampled sentence/);
  },
  async 'resource read'(client) {
    const { contents } = await client.read('demo://resource/dynamic/text/7');
    assert.match(contents[0].text, /^Resource 7:/);
  },
  // Updates are on for as long as a session wants them.
  async 'subscribe, updated'(client, { patience }) {
    const uri = `demo://resource/dynamic/text/${(counter += 1)}`;
    await client.subscribe(uri);
    await switching(client, 'toggle-subscriber-updates', () => client.heard.until('the update', isUpdateOf(uri), patience));
  },
  async prompt(client) {
    const { messages } = await client.prompt('args-prompt', { city: 'Lisbon' });
    assert.equal(messages[0].content.text, "What's weather in Lisbon?");
  },
  async completion(client) {
    const { completion } = await client.complete('completable-prompt', 'department', 'S');
    assert.deepEqual(completion.values, ['Sales', 'Support']);
  },
  async list_changed(client, { patience }) {
    await client.hearChanges();
    const name = fresh();
    const changed = client.heard.until('the change', isNotification('resources/list_changed'), patience);
    const args = { name, data: 'data:text/plain,packed', outputType: 'resourceLink' };
    await Promise.all([client.call('gzip-file-as-resource', args), changed]);
    const uris = (await client.resources()).map(({ uri }) => uri);
    assert.ok(uris.includes(`demo://resource/session/${name}`), `not among ${uris}`);
  },
  async logging(client, { patience }) {
    await client.hearLogs();
    await switching(client, 'toggle-simulated-logging', () => client.heard.until('a log', isNotification('message'), patience));
  },
};

// Runs `use` while what the tool switches is on; one session of the server may serve several clients in turn.
async function switching(client, tool, use) {
  const on = async () => /Started/.test(textOf(await client.call(tool)));
  if (!(await on())) assert.ok(await on());
  try {
    await use();
  } finally {
    await client.call(tool);
  }
}

// All that was expected arrives, in order. (What the library makes of it is not asked: it forgets a call's callback when the
// answer comes in the same read, and calls it with the number of a round when input is required, as of a server that asks for
// roots while the call runs.)
async function hearProgress(client, tool, args, expected) {
  const before = client.heard.events.length;
  await client.call(tool, args, { onprogress() {} });
  const arrived = client.heard.events.slice(before).filter(isNotification('progress'));
  assert.deepEqual(arrived.map(({ params }) => params.progress), expected, JSON.stringify(arrived));
}

const suite = {
  async 'list and call'(client) {
    const names = (await client.tools()).map(({ name }) => name);
    assert.ok(names.includes('test_simple_text'), `no test_simple_text among ${names}`);
    assert.equal(textOf(await client.call('test_simple_text')), 'This is a simple text response for testing.');
  },
  async progress(client) {
    await hearProgress(client, 'test_tool_with_progress', {}, [0, 50, 100]);
  },
  async cancel(client, { patience }) {
    const key = fresh();
    const abort = new AbortController();
    const waits = Promise.withResolvers();
    const call = client.call('test_wait_for_cancel', { key }, { signal: abort.signal, onprogress: waits.resolve });
    await Promise.race([within(patience, 'the call', waits.promise), call]);
    abort.abort();
    await assert.rejects(call);
    const end = client.call('test_was_cancelled', { key });
    assert.equal(textOf(await within(patience, 'the end of the call', end)), 'cancelled');
  },
  async elicitation(client, { era }) {
    const [tool, args] = era === 'modern' ? ['test_input_required_result_elicitation', {}] : ['test_elicitation', { message: 'Who?' }];
    assert.match(textOf(await client.call(tool, args)), /Ada/);
  },
  async sampling(client, { era }) {
    const [tool, args] = era === 'modern' ? ['test_input_required_result_sampling', {}] : ['test_sampling', { prompt: 'hello' }];
    assert.match(textOf(await client.call(tool, args)), /a sampled sentence/);
  },
  async 'resource read'(client) {
    const { contents } = await client.read('test://static-text');
    assert.match(contents[0].text, /content of/);
  },
  async 'subscribe, updated'(client, { patience }) {
    const uri = 'test://watched-resource';
    await client.subscribe(uri);
    await client.call('test_touch_resource', { uri });
    await client.heard.until('the update', isUpdateOf(uri), patience);
  },
  async prompt(client) {
    const { messages } = await client.prompt('test_prompt_with_arguments', { arg1: 'paris', arg2: 'x' });
    assert.match(messages[0].content.text, /arg1='paris', arg2='x'/);
  },
  async completion(client) {
    const { completion } = await client.complete('test_prompt_with_arguments', 'arg1', 'par');
    assert.ok(completion.values.includes('paris'), `${completion.values}`);
  },
  async list_changed(client, { patience }) {
    await client.hearChanges();
    const names = async () => (await client.tools()).map(({ name }) => name).sort();
    const before = await names();
    const changed = client.heard.until('the change', isNotification('tools/list_changed'), patience);
    await Promise.all([client.call('test_trigger_tool_change'), changed]);
    assert.notDeepEqual(await names(), before);
  },
  async logging(client, { patience }) {
    await client.hearLogs();
    const logged = client.heard.until('a log', isNotification('message'), patience);
    await Promise.all([client.call('test_tool_with_logging'), logged]);
  },
};

export const dialects = { everything, suite };
export const features = Object.keys(suite);
