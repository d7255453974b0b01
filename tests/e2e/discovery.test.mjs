// An agent finds tools at the registry's /mcp, with every official client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clients, withClient } from './clients.mjs';
import { Installation } from './installation.mjs';
import { everything } from './servers.mjs';

let portolan;
before(async () => {
  portolan = await Installation.start();
  await portolan.run('add', 'everything', '--', process.execPath, everything, 'stdio');
}, { timeout: 180_000 });
after(() => portolan?.stop());

describe('The discovery tools', () => {
  for (const client of Object.keys(clients)) {
    test(`are used by ${client}`, () =>
      withClient(client, `${portolan.endpoints.http}/mcp`, async (connected) => {
        const tools = await connected.list();
        assert.deepEqual(tools.map(({ name }) => name), ['find_tools', 'find_servers', 'describe_tool', 'describe_server', 'request_access']);

        const found = await connected.call('find_tools', { queries: ['add two numbers', 'echo a message'] });
        const [first, second] = found.structuredContent.results;
        assert.equal(first.tools[0].id, 'everything.get-sum');
        assert.deepEqual(first.tools[0].required, ['a', 'b']);
        assert.equal(second.tools[0].id, 'everything.echo');
        assert.deepEqual(JSON.parse(found.content[0].text), found.structuredContent);

        const whole = await connected.call('describe_tool', { id: 'everything.get-sum' });
        assert.equal(whole.structuredContent.schema.properties.a.type, 'number');

        const servers = await connected.call('find_servers', { query: 'numbers' });
        assert.equal(servers.structuredContent.servers[0].name, 'local/everything');
      }));
  }

  test('say what was meant when a name is misspelt', () =>
    withClient('SDK v2, auto', `${portolan.endpoints.http}/mcp`, async (connected) => {
      const result = await connected.call('describe_tool', { id: 'everything.get_summ' });
      assert.equal(result.isError, true);
      assert.match(result.content[0].text, /did you mean 'everything.get-sum'/);
    }));
});

describe('The command line', () => {
  test('finds the same tool first', async () => {
    const hits = (await portolan.run('search', 'add two numbers', '-o', 'name')).trim().split('\n');
    assert.equal(hits[0], 'everything.get-sum');
  });

  test('calls it', async () => {
    assert.match(await portolan.run('call', 'everything.get-sum', 'a=2', 'b=3'), /5/);
  });
});
