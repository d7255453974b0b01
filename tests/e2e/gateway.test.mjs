// Every official client lists and calls tools through the gateway, whatever era the server behind it speaks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clients, withClient } from './clients.mjs';
import { Installation } from './installation.mjs';
import { everything, modern, startHttpServer } from './servers.mjs';

const text = (result) => result.content.map((part) => part.text).join('');
const sum = { tool: 'get-sum', answer: /sum of 2 and 3 is 5/ };
const product = { tool: 'multiply', answer: /^6$/ };
const servers = {
  'everything': sum,
  'everything-http': sum,
  'modern': product,
  'modern-http': product,
};

let portolan;
const started = [];

before(async () => {
  portolan = await Installation.start();
  await portolan.run('add', 'everything', '--', process.execPath, everything, 'stdio');
  await portolan.run('add', 'modern', '--', process.execPath, modern, 'stdio');
  for (const [name, file, words] of [['everything-http', everything, ['streamableHttp']], ['modern-http', modern, ['http']]]) {
    const server = await startHttpServer(file, words);
    started.push(server);
    await portolan.run('add', name, server.url);
  }
}, { timeout: 180_000 });

after(async () => {
  for (const server of started) server.stop();
  await portolan?.stop();
});

for (const [server, { tool, answer }] of Object.entries(servers)) {
  describe(`A server (${server})`, () => {
    for (const client of Object.keys(clients)) {
      test(`is listed and called by ${client}`, () =>
        withClient(client, `${portolan.endpoints.gateway}/${server}/mcp`, async (connected) => {
          const tools = await connected.list();
          assert.ok(tools.some(({ name }) => name === tool), `no ${tool} among ${tools.map(({ name }) => name)}`);
          assert.match(text(await connected.call(tool, { a: 2, b: 3 })), answer);
        }));
    }

    test('answers a second call of the same client', () =>
      withClient('SDK v1', `${portolan.endpoints.gateway}/${server}/mcp`, async (connected) => {
        for (const b of [1, 2, 3]) assert.ok(text(await connected.call(tool, { a: 2, b })));
      }));
  });
}

describe('The gateway', () => {
  test('shows a client of 2026-07-28 that revision in front of an older server', () =>
    withClient('SDK v2, pinned to 2026-07-28', `${portolan.endpoints.gateway}/everything/mcp`, async (connected) => {
      assert.equal(connected.revision, '2026-07-28');
    }));

  test('hands on what a tool says of its failure', async () => {
    for (const client of ['SDK v1', 'SDK v2, auto']) {
      await withClient(client, `${portolan.endpoints.gateway}/modern/mcp`, async (connected) => {
        const result = await connected.call('fail', {});
        assert.equal(result.isError, true);
        assert.match(text(result), /it failed, as it must/);
      });
    }
  });

  test('reports progress while the tool works', async () => {
    const { Client } = await import('@modelcontextprotocol/client');
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const client = new Client({ name: 'portolan-tests', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${portolan.endpoints.gateway}/everything/mcp`)));
    const heard = [];
    try {
      await client.callTool(
        { name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
        { onprogress: ({ progress }) => heard.push(progress) },
      );
    } finally {
      await client.close();
    }
    assert.deepEqual(heard, [1, 2, 3, 4]);
  });

  test('refuses a server that nobody added', async () => {
    await assert.rejects(withClient('SDK v1', `${portolan.endpoints.gateway}/nobody/mcp`, (connected) => connected.list()));
  });
});
