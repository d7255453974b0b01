// What a caller sees when it is told no: the table of errors, byte for byte on the wire, and each seen by the official client
// (SDK v2) as an error with its code, never as a hang.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clients } from './clients.mjs';
import { HandmadeServer } from './handmade_server.mjs';
import { generous, within } from './heard.mjs';
import { Installation } from './installation.mjs';

// Put together here, so that nobody who searches this repository for secrets finds one.
const secret = ['ghp', 'Abcdefghij0123456789Abcdefghij012345'].join('_');

const tools = {
  hello: { run: (exchange) => exchange.text('hello') },
  checked: {
    inputSchema: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
    run: (exchange) => exchange.text('paid'),
  },
  reveal: { run: (exchange) => exchange.text(`the key is ${secret}`) },
  long: { run: (exchange) => exchange.text('x'.repeat(3000)) },
  slip: { description: 'Pays\u200b back.', run: (exchange) => exchange.text('slipped') },
  mutter: {
    async run(exchange) {
      await exchange.progress(1);
      await exchange.progress(2, { message: secret });
      await exchange.text('done');
    },
  },
  collapse: {
    async run(exchange) {
      await exchange.progress(1);
      exchange.breakOff();
    },
  },
  gone: { run: (exchange) => exchange.breakOff() },
  own: { run: (exchange) => exchange.send({ id: exchange.message.id, error: { code: -32050, message: 'its own' } }).then(() => exchange.response.end()) },
};

// A server for each rule, so that every row stands alone.
const rules = {
  plain: [],
  deny: ["authorize: {deny_if: 'has(args.amount)', message: 'Not today.'}\n    select: {tools: [hello]}"],
  hide: ["authorize: {deny_if: 'true'}\n    select: {tools: [hello]}"],
  check: ['validate: {arguments: PREVENT}'],
  few: ['rate_limit: {calls: 1, per_s: 3600}\n    select: {methods: [tools/call]}'],
  quota: ['quota: {calls: 1, period: LIFETIME}\n    select: {methods: [tools/call]}'],
  sent: ['inspect: {detect: [{kind: SECRETS, on: [ARGUMENTS], action: BLOCK}]}'],
  told: ['inspect: {detect: [{kind: SECRETS, on: [RESULT], action: BLOCK}]}'],
  said: ['inspect: {detect: [{kind: HIDDEN_UNICODE, on: [DESCRIPTION], action: BLOCK}]}'],
  short: ['validate: {max_result_bytes: 1000}'],
  keys: ['authenticate: {any_of: [{api_key: {}}]}'],
  from: ["ip: {deny: ['127.0.0.0/8', '::1']}"],
};

const envelope = (name, args) => ({
  jsonrpc: '2.0',
  id: 41,
  method: 'tools/call',
  params: {
    name,
    arguments: args,
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
  },
});

let portolan;
let server;
const at = (name) => `${portolan.endpoints.gateway}/${name}/mcp`;

async function raw(name, tool, args = {}, headers = {}) {
  const response = await fetch(at(name), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': tool,
      ...headers,
    },
    body: JSON.stringify(envelope(tool, args)),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text: text.replace(/"request_id":"[^"]*"/, '"request_id":"ID"') };
}
const refusal = (code, message, data) =>
  `{"jsonrpc":"2.0","id":41,"error":{"code":${code},"message":${JSON.stringify(message)},"data":${JSON.stringify({ ...data, request_id: 'ID' })}}}`;

// The official client calls; what it throws, within ten seconds.
async function thrown(name, tool, args = {}) {
  const client = await clients['SDK v2, pinned to 2026-07-28'](at(name));
  try {
    return await within(generous / 2, 'an answer', client.call(tool, args).then((result) => assert.fail(`no error: ${JSON.stringify(result)}`), (error) => error));
  } finally {
    await client.close();
  }
}

before(async () => {
  server = await HandmadeServer.start(tools, { era: 'modern' });
  portolan = await Installation.start();
  const manifests = Object.entries(rules).filter(([, each]) => each.length > 0).map(([name, each]) =>
    `kind: PolicySet\nname: ${name}\nspec:\n  attach: {server: local/${name}}\n  rules:\n${each.map((rule, i) => `  - id: r${i}\n    ${rule}\n`).join('')}`);
  const file = join(portolan.data, 'rules.yaml');
  for (const name of Object.keys(rules)) await portolan.add(name, server.url);
  await writeFile(file, manifests.join('---\n'));
  await portolan.run('apply', '-f', file);
  // One transaction: when one rule is in force, all are.
  while (!(await raw('deny', 'hello', { amount: 900 })).text.includes('-31403'));
}, { timeout: 180_000 });

after(async () => {
  server?.stop();
  await portolan?.stop();
});

describe('A caller is told', () => {
  const rows = {
    'what a policy denies (-31403)': ['deny', 'hello', { amount: 900 }, -31403,
      () => refusal(-31403, 'Not today.', { reason: 'PolicyDenied' })],
    'of a hidden item what it is told of one that is not there (-32602)': ['hide', 'hello', {}, -32602,
      () => refusal(-32602, "Unknown tool: 'hello'.", { reason: 'UnknownItem' })],
    'that what it sends is blocked (-31451)': ['sent', 'hello', { token: secret }, -31451,
      () => refusal(-31451, "The call was not passed on: what it sends holds what detector 'secrets' looks for.",
        { reason: 'ContentBlocked', detector: 'secrets', part: 'arguments' })],
    'that the answer is withheld (-31451)': ['told', 'reveal', {}, -31451,
      () => refusal(-31451, "The answer was withheld: it holds what detector 'secrets' looks for.",
        { reason: 'ContentBlocked', detector: 'secrets', part: 'result' })],
    'that a tool is quarantined (-31451)': ['said', 'slip', {}, -31451,
      () => refusal(-31451, "Calls of tool 'slip' are blocked: what its server says of it holds what detector 'hidden-unicode' looks for.",
        { reason: 'ContentBlocked', detector: 'hidden-unicode', part: 'description' })],
    'that an answer is too long (-31413)': ['short', 'long', {}, -31413,
      () => refusal(-31413, 'The answer is longer than the 1000 bytes that a policy of this endpoint lets pass. Ask for less.',
        { reason: 'ResultTooLarge', limit: 1000 })],
    'that a server broke off (-31502)': ['plain', 'gone', {}, -31502,
      () => refusal(-31502, "Server 'local/plain' could not be reached or gave no usable answer. Try again later.", { reason: 'UpstreamFailed' })],
  };
  for (const [what, [name, tool, args, code, text]] of Object.entries(rows)) {
    test(what, async () => {
      const answer = await raw(name, tool, args);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, text());
      assert.equal((await thrown(name, tool, args)).code, code);
    });
  }

  test('that arguments do not fit, in a result that a model can mend', async () => {
    assert.match((await raw('check', 'checked', {})).text, /"isError":true.*"pointer":"\/amount"/);
    const client = await clients['SDK v2, pinned to 2026-07-28'](at('check'));
    try {
      assert.equal((await within(generous / 2, 'an answer', client.call('checked', {}))).isError, true);
    } finally {
      await client.close();
    }
  });

  for (const [name, kind] of [['few', 'rate'], ['quota', 'quota']]) {
    test(`of a limit that is reached (-31429, ${kind}) and when to come again`, async () => {
      await raw(name, 'hello');
      const answer = await raw(name, 'hello');
      assert.equal(answer.status, 200);
      const error = JSON.parse(answer.text).error;
      assert.equal(error.code, -31429);
      assert.equal(error.data.kind, kind);
      if (kind === 'rate') {
        assert.ok(Number(answer.headers.get('retry-after')) >= 1);
        assert.match(answer.headers.get('ratelimit-policy'), /q=1;w=3600/);
      }
      assert.equal((await thrown(name, 'hello')).code, -31429);
    });
  }

  test('of a broken stream and of a blocked event by the last event of the stream', async () => {
    for (const [name, tool, code] of [['plain', 'collapse', -31502], ['told', 'mutter', -31451]]) {
      const answer = await raw(name, tool);
      const events = answer.text.trim().split('\n\n');
      assert.match(events.at(-1), new RegExp(`"code":${code}`));
      assert.doesNotMatch(events.at(-1), /^id:/m);
      assert.doesNotMatch(answer.text, new RegExp(secret));
      assert.equal((await thrown(name, tool)).code, code);
    }
  });

  test("a server's own error as it is", async () => {
    assert.match((await raw('plain', 'own')).text, /"error":\{"code":-32050,"message":"its own"\}/);
    assert.equal((await thrown('plain', 'own')).code, -32050);
  });

  test('that it has to show a key (401), and that its address is denied (403)', async () => {
    const nobody = await raw('keys', 'hello');
    assert.equal(nobody.status, 401);
    assert.match(nobody.text, /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-31401,.*"reason":"KeyMissing"/);
    const denied = await raw('from', 'hello');
    assert.equal(denied.status, 403);
    assert.match(denied.text, /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-31403,/);
    assert.equal(denied.headers.get('www-authenticate'), null);
    await assert.rejects(within(generous / 2, 'an answer', clients['SDK v2, pinned to 2026-07-28'](at('from'))));
  });

  test('of an unknown path (404) and of what is no call (400)', async () => {
    const unknown = await raw('nobody', 'hello');
    assert.equal(unknown.status, 404);
    assert.match(unknown.text, /"code":-31404/);
    const broken = await fetch(at('plain'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: '{"jsonrpc":',
    });
    assert.equal(broken.status, 400);
    assert.match(await broken.text(), /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-32700,/);
    const differs = await raw('plain', 'hello', {}, { 'mcp-name': 'other' });
    assert.equal(differs.status, 400);
    assert.match(differs.text, /"id":41,"error":\{"code":-32020/);
  });
});
