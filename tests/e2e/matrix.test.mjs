// The matrix: every official client uses every feature of every server through the gateway. A cell passes, or is one of the
// losses that the protocol dictates (losses.mjs); an unexpected loss fails, and so does an unexpected pass.
// `tests/e2e/run --write` keeps what was found in docs/matrix.md.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fullClients } from './full_clients.mjs';
import { generous } from './heard.mjs';
import { Installation } from './installation.mjs';
import { lossOf } from './losses.mjs';
import { printMatrix, writeMatrix } from './matrix_table.mjs';
import { starters, startAll } from './matrix_servers.mjs';
import { dialects, features } from './probes.mjs';

// A loss shows by silence; what works is given more time than any loaded machine needs.
const silence = 2_000;

let servers;
let portolan;
let key;
before(async () => {
  [servers, portolan] = await Promise.all([startAll(), Installation.start()]);
  // Who calls without a key shares nothing between its connections, not even the session behind a switch and a subscription.
  key = await portolan.makeKey('matrix');
  for (const [name, { add }] of Object.entries(servers)) await portolan.add(name, ...add);
}, { timeout: 180_000 });
after(async () => {
  await portolan?.stop();
  for (const server of Object.values(servers ?? {})) await server.stop();
});

// The features of one server in turn, by one client; what failed, by feature.
async function probeAll(connect, { dialect, tap }, era, patienceFor) {
  const failures = {};
  const client = await connect();
  try {
    for (const feature of features) {
      try {
        await dialects[dialect][feature](client, { tap, era, patience: patienceFor(feature) });
      } catch (error) {
        failures[feature] = error;
      }
    }
  } finally {
    await client.close();
  }
  return failures;
}

const eraOf = (client) => (client.endsWith('2026-07-28') ? 'modern' : 'legacy');

// The probes themselves are right: all pass where client and server speak the same revision, with nothing in between.
describe('Without the gateway', { concurrency: true }, () => {
  for (const server of Object.keys(starters)) {
    test(`${server} gives its own clients everything`, async () => {
      for (const [client, connect] of Object.entries(servers[server].direct)) {
        assert.deepEqual(await probeAll(connect, servers[server], eraOf(client), () => generous), {}, client);
      }
    });
  }
});

// One lane for each server: its clients come one after the other, since some fixtures are switches.
describe('Through the gateway', { concurrency: true }, () => {
  const matrix = {};
  for (const server of Object.keys(starters)) {
    describe(server, { concurrency: false }, () => {
      for (const [client, connect] of Object.entries(fullClients)) {
        test(`gives ${client} everything but the documented losses`, async () => {
          const at = `${portolan.endpoints.gateway}/${server}`;
          const patienceFor = (feature) => (lossOf(client, server, feature) ? silence : generous);
          const failures = await probeAll(() => connect(at, { key }), servers[server], 'modern', patienceFor).catch((error) =>
            Object.fromEntries(features.map((feature) => [feature, error])));
          matrix[server] = { ...matrix[server], [client]: failures };
          const lost = Object.keys(failures).filter((feature) => !lossOf(client, server, feature));
          const found = features.filter((feature) => lossOf(client, server, feature) && !failures[feature]);
          assert.deepEqual(lost.map((feature) => `${feature}: ${failures[feature].message}`), [], 'lost');
          assert.deepEqual(found, [], 'documented as lost, and yet they work');
        });
      }
    });
  }
  after(() => {
    console.log(printMatrix(matrix));
    if (process.env.PORTOLAN_WRITE) writeMatrix(matrix);
  });
});
