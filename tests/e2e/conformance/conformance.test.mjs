// The official conformance suite against our own server, against the gateway with a server of the official library behind it,
// against the registry's own server, and as a server to the gateway. Counts are exact: one check lost, or one gained and not written down here, fails.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Installation } from '../installation.mjs';
import { runServer, runSuite, startServer } from './suite.mjs';

const revisions = ['2025-11-25', '2026-07-28'];
const tell = (what, revision, { summary }) => console.log(`\n--- ${what}, ${revision}\n${summary}\n`);

describe('Our own server, on the mcp library', () => {
  let server;
  before(async () => (server = await startServer(join(process.env.PORTOLAN_BIN, 'conformance_server'))));
  after(() => server?.stop());

  // Of 2026-07-28 also the tasks-* scenarios, which nobody scores.
  const expected = { '2025-11-25': 84, '2026-07-28': 196 };
  for (const revision of revisions) {
    test(`conforms to ${revision}`, async () => {
      const result = await runServer(server.url, revision);
      tell('our own server', revision, result);
      assert.equal(result.code, 0);
      assert.deepEqual([result.passed, result.failed], [expected[revision], 0], `failing: ${result.failing}`);
    });
  }
});

describe('A server of the official library', () => {
  let server;
  let portolan;
  before(async () => {
    server = await startServer(process.execPath, fileURLToPath(new URL('sdk_server.mjs', import.meta.url)));
    portolan = await Installation.start();
    await portolan.run('add', 'fixtures', server.url);
  }, { timeout: 180_000 });
  after(async () => {
    server?.stop();
    await portolan?.stop();
  });

  const expected = { '2025-11-25': [84, 0], '2026-07-28': [164, 30] };
  for (const revision of revisions) {
    test(`keeps every check of ${revision} behind the gateway`, async () => {
      const direct = await runServer(server.url, revision);
      tell('the SDK server, directly', revision, direct);
      assert.deepEqual([direct.passed, direct.failed], expected[revision]);
      const through = await runServer(`${portolan.endpoints.gateway}/fixtures/mcp`, revision);
      tell('the SDK server, behind the gateway', revision, through);
      // The gateway calls this server in its newest revision, which breaks no stream off: the answer comes on the first one, and
      // what a resumption would add is information, not a check.
      const expectedThrough = { ...direct.scenarios };
      if (revision === '2025-11-25') expectedThrough['server-sse-polling'] = '2/2';
      assert.deepEqual(through.scenarios, expectedThrough);
      assert.equal(through.code, 0);
    });
  }
});

describe("The registry's own server", () => {
  let portolan;
  before(async () => (portolan = await Installation.start()), { timeout: 180_000 });
  after(() => portolan?.stop());

  // What asks for no tool, prompt or resource of an agreed name.
  const fixtureless = {
    '2025-11-25': ['server-initialize', 'server-session-lifecycle', 'ping', 'tools-list', 'server-sse-multiple-streams', 'dns-rebinding-protection'],
    '2026-07-28': ['tools-list', 'server-sse-multiple-streams', 'sep-2164-resource-not-found', 'dns-rebinding-protection', 'http-header-validation'],
  };
  for (const revision of revisions) {
    test(`conforms to ${revision} wherever no fixture is asked for`, async () => {
      const result = await runServer(`${portolan.endpoints.http}/mcp`, revision);
      tell("the registry's own server", revision, result);
      for (const scenario of fixtureless[revision]) assert.ok(!result.failing.includes(scenario) && result.scenarios[scenario], scenario);
    });
  }
});

describe('The gateway as a client', () => {
  let portolan;
  before(async () => (portolan = await Installation.start()), { timeout: 180_000 });
  after(() => portolan?.stop());

  const command = `${process.execPath} ${fileURLToPath(new URL('gateway_client.mjs', import.meta.url))}`;
  const scenarios = {
    '2025-11-25': ['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry', 'json-schema-2020-12-preservation'],
    '2026-07-28': [
      'tools_call', 'request-metadata', 'sep-2322-client-request-state', 'http-standard-headers', 'http-custom-headers',
      'http-invalid-tool-headers', 'json-schema-ref-no-deref', 'json-schema-2020-12-preservation'],
  };
  for (const revision of revisions) {
    for (const scenario of scenarios[revision]) {
      test(`does ${scenario} of ${revision}`, async () => {
        const env = { GATEWAY_URL: portolan.endpoints.gateway, PORTOLAN_REGISTRY: portolan.endpoints.grpc, PORTOLAN_TOKEN: portolan.token };
        const words = ['--command', command, '--scenario', scenario, '--spec-version', revision];
        const { code, output } = await runSuite('client', words, env);
        console.log(`${scenario}, ${revision}: ${output.match(/^Passed: .*$/m)?.[0]}`);
        assert.equal(code, 0, output);
      });
    }
  }
});
