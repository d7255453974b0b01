// The official conformance suite against our own server, against the gateway with a server of the official library behind it,
// against the registry's own server, and as a server to the gateway. Counts are exact: one check lost, or one gained and not
// written down here, fails. What is left out is in left_out.mjs, with its reason.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Installation } from '../installation.mjs';
import { behindTheGateway, needFixtures, notForAGateway } from './left_out.mjs';
import { keepPage, makePage } from './page.mjs';
import { clientScenarios, runServer, runSuite, startServer } from './suite.mjs';

const revisions = ['2025-11-25', '2026-07-28'];
const installing = { timeout: 180_000 };

const legs = [];
const clients = [];
let own;
let official;
let portolan;

async function leg(server, revision, url) {
  const result = await runServer(url, revision);
  console.log(`\n--- ${server}, ${revision}\n${result.summary}\n`);
  legs.push({ server, revision, ...result });
  return result;
}

before(async () => {
  own = await startServer(join(process.env.PORTOLAN_BIN, 'conformance_server'));
  official = await startServer(process.execPath, fileURLToPath(new URL('sdk_server.mjs', import.meta.url)));
  portolan = await Installation.start();
  await portolan.run('add', 'fixtures', official.url);
}, installing);

after(async () => {
  own?.stop();
  official?.stop();
  await portolan?.stop();
}, installing);

describe('Our own server, on the mcp library', () => {
  // Of 2026-07-28 also the tasks-* scenarios, which nobody scores.
  const expected = { '2025-11-25': 84, '2026-07-28': 196 };
  for (const revision of revisions) {
    test(`conforms to ${revision}`, async () => {
      const result = await leg('our own server', revision, own.url);
      assert.equal(result.code, 0);
      assert.deepEqual([result.passed, result.failed], [expected[revision], 0], `failing: ${result.failing}`);
    });
  }
});

describe('A server of the official library', () => {
  const expected = { '2025-11-25': [84, 0], '2026-07-28': [164, 30] };
  for (const revision of revisions) {
    test(`keeps every check of ${revision} behind the gateway`, async () => {
      const direct = await leg('SDK server', revision, official.url);
      assert.deepEqual([direct.passed, direct.failed], expected[revision]);
      const through = await leg('SDK server behind the gateway', revision, `${portolan.endpoints.gateway}/fixtures/mcp`);
      assert.deepEqual(through.scenarios, { ...direct.scenarios, ...behindTheGateway[revision] });
      assert.equal(through.code, 0);
    });
  }
});

describe("The registry's own server", () => {
  for (const revision of revisions) {
    test(`conforms to ${revision} wherever no fixture is asked for`, async () => {
      const { failures, scenarios } = await leg('registry `/mcp`', revision, `${portolan.endpoints.http}/mcp`);
      const expected = needFixtures[revision];
      assert.deepEqual(Object.keys(failures).sort(), Object.keys(expected).sort());
      for (const [scenario, { checks }] of Object.entries(expected)) {
        if (checks) assert.deepEqual(failures[scenario].sort(), [...checks].sort());
        assert.ok(scenarios[scenario], `${scenario} is no scenario of ${revision}`);
      }
    });
  }
});

describe('The gateway as a client', { concurrency: 3 }, () => {
  const command = `${process.execPath} ${fileURLToPath(new URL('gateway_client.mjs', import.meta.url))}`;
  // The kinds of checks of each: how often one is made depends on how many messages there are.
  const expected = {
    '2025-11-25': {
      initialize: 1, tools_call: 2, 'elicitation-sep1034-client-defaults': 5, 'sse-retry': 3, 'json-schema-2020-12-preservation': 9,
    },
    '2026-07-28': {
      tools_call: 2, 'request-metadata': 5, 'sep-2322-client-request-state': 5, 'http-standard-headers': 1, 'http-custom-headers': 5,
      'http-invalid-tool-headers': 5, 'json-schema-ref-no-deref': 1, 'json-schema-2020-12-preservation': 9,
    },
  };
  for (const revision of revisions) {
    test(`is asked every scenario of ${revision} that fits it`, async () => {
      const fitting = (await clientScenarios(revision)).filter((name) => !notForAGateway.some(([left]) => left.test(name)));
      assert.deepEqual(fitting.sort(), Object.keys(expected[revision]).sort());
    });
    for (const [scenario, checks] of Object.entries(expected[revision])) {
      const place = clients.push({ scenario, revision }) - 1;
      test(`does ${scenario} of ${revision}`, async () => {
        const env = { GATEWAY_URL: portolan.endpoints.gateway, PORTOLAN_REGISTRY: portolan.endpoints.grpc, PORTOLAN_TOKEN: portolan.token };
        const words = ['--command', command, '--scenario', scenario, '--spec-version', revision, '--timeout', '120000'];
        const { code, output, successes } = await runSuite('client', words, env);
        console.log(`${scenario}, ${revision}: ${output.match(/^Passed: .*$/m)?.[0]}`);
        assert.equal(code, 0, output);
        assert.match(output, /^Passed: .*, 0 failed, 0 warnings$/m);
        clients[place].checks = successes[scenario].length;
        assert.equal(clients[place].checks, checks, `${successes[scenario]}`);
      });
    }
  }
});

test('docs/conformance.md says what was found', () => {
  const all = legs.length === 4 * revisions.length && clients.every(({ checks }) => checks);
  if (all) assert.equal(keepPage(makePage(legs, clients)), undefined);
});
