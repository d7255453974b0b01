// `portolan stdio`, started by the official clients as they start every server that is a program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioClientTransport2 } from '@modelcontextprotocol/client/stdio';
import { Installation } from './installation.mjs';
import { everything, modern } from './servers.mjs';

const text = (result) => result.content.map((part) => part.text ?? '').join('');

let portolan;

before(async () => {
  portolan = await Installation.start();
  await portolan.run('add', 'everything', '--', process.execPath, everything, 'stdio');
  await portolan.run('add', 'modern', '--', process.execPath, modern, 'stdio');
}, { timeout: 180_000 });

after(() => portolan?.stop());

function parameters(server) {
  return {
    command: join(process.env.PORTOLAN_BIN, 'portolan'),
    args: ['stdio', server],
    env: { ...process.env, PORTOLAN_REGISTRY: portolan.endpoints.grpc, PORTOLAN_TOKEN: portolan.token },
    stderr: 'inherit',
  };
}

async function withClient(server, use) {
  const client = new Client({ name: 'e2e', version: '1' }, { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'a sampled sentence' } }));
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///somewhere', name: 'somewhere' }] }));
  await client.connect(new StdioClientTransport(parameters(server)));
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

for (const [server, name, args, answer] of [
  ['everything', 'get-sum', { a: 2, b: 3 }, /sum of 2 and 3 is 5/],
  ['modern', 'multiply', { a: 2, b: 3 }, /^6$/],
]) {
  test(`SDK v1 lists and calls the tools of ${server}`, () =>
    withClient(server, async (client) => {
      const { tools } = await client.listTools();
      assert.ok(tools.some((tool) => tool.name === name));
      assert.match(text(await client.callTool({ name, arguments: args })), answer);
    }));

  for (const mode of ['legacy', { pin: '2026-07-28' }]) {
    test(`SDK v2 (${JSON.stringify(mode)}) lists and calls the tools of ${server}`, async () => {
      const client = new Client2({ name: 'e2e', version: '1' }, { versionNegotiation: { mode } });
      await client.connect(new StdioClientTransport2(parameters(server)));
      try {
        const { tools } = await client.listTools();
        assert.ok(tools.some((tool) => tool.name === name));
        assert.match(text(await client.callTool({ name, arguments: args })), answer);
      } finally {
        await client.close();
      }
    });
  }
}

test('progress comes as it happens', () =>
  withClient('everything', async (client) => {
    const heard = [];
    await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 3 } }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    });
    assert.ok(heard.length >= 2, `heard ${heard}`);
  }));

test('the server asks the client', () =>
  withClient('everything', async (client) => {
    const elicited = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    assert.match(text(elicited), /Ada/);
    const sampled = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 9 } });
    assert.match(text(sampled), /a sampled sentence/);
  }));

test('a resource that is subscribed to is heard of', () =>
  withClient('everything', async (client) => {
    const { resources } = await client.listResources();
    const { uri } = resources[0];
    const updated = new Promise((resolve) => client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri)));
    await client.subscribeResource({ uri });
    await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    assert.equal(await updated, uri);
  }));

test('a call that is cancelled ends at once', () =>
  withClient('everything', async (client) => {
    const controller = new AbortController();
    const call = client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 20, steps: 20 } }, undefined, {
      signal: controller.signal,
      onprogress: () => controller.abort('enough'),
    });
    await assert.rejects(call);
    assert.match(text(await client.callTool({ name: 'echo', arguments: { message: 'still here' } })), /still here/);
  }));

test('the session lives on when the gateway is restarted', () =>
  withClient('everything', async (client) => {
    await client.callTool({ name: 'echo', arguments: { message: 'before' } });
    const pid = await gatewayPid();
    process.kill(pid, 'SIGKILL');
    assert.match(text(await client.callTool({ name: 'echo', arguments: { message: 'after' } })), /after/);
  }));

// The daemon with our data directory on its command line.
async function gatewayPid() {
  const { readdir, readFile } = await import('node:fs/promises');
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const [program] = line.split('\0');
    if (program.endsWith('portolan-gateway') && line.includes(portolan.data)) return Number(pid);
  }
  throw new Error('no gateway runs');
}
