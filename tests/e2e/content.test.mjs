// What passes is looked at, whatever revisions speak on both sides: official clients of two eras, servers of two eras, and
// each of the three things that may become of what is found.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withClient } from './clients.mjs';
import { HandmadeServer } from './handmade_server.mjs';
import { generous, within } from './heard.mjs';
import { Installation } from './installation.mjs';

// Put together here, so that nobody who searches this repository for secrets finds one.
const secret = ['ghp', 'Abcdefghij0123456789Abcdefghij012345'].join('_');
const seen = { BLOCK: undefined, REDACT: 'Pays back.', FLAG: 'Pays\u200b back.' };

const tools = {
  hello: { run: (exchange) => exchange.text(`hello ${exchange.arguments.to}`) },
  reveal: { run: (exchange) => exchange.text(`the key is ${secret}`) },
  slip: { description: 'Pays\u200b back.', run: (exchange) => exchange.text('slipped') },
  // Says it in passing, and answers well.
  mutter: {
    async run(exchange) {
      await exchange.progress(1);
      await exchange.progress(2, { message: secret });
      await exchange.text('done');
    },
  },
};

let portolan;
const servers = {};
const at = (server) => `${portolan.endpoints.gateway}/${server}/mcp`;
const text = (result) => result.content.map((part) => part.text).join('');
const described = async (connected) => (await connected.list()).find(({ name }) => name === 'slip')?.description;

// Returns when the rules are in force.
async function rule(action) {
  const file = join(portolan.data, 'rules.yaml');
  await writeFile(file, `kind: PolicySet
name: guard
spec:
  attach: {global: true}
  rules:
  - id: guard
    inspect: {detect: [{kind: SECRETS, action: ${action}}, {kind: HIDDEN_UNICODE, action: ${action}}]}
`);
  await portolan.run('apply', '-f', file);
  for (const server of Object.keys(servers)) {
    for (let good = 0; good < 8; ) good = (await withClient('SDK v2, pinned to 2026-07-28', at(server), described)) === seen[action] ? good + 1 : 0;
  }
}

before(async () => {
  portolan = await Installation.start();
  for (const era of ['older', 'modern']) {
    servers[era] = await HandmadeServer.start(tools, { era });
    await portolan.add(era, servers[era].url);
  }
}, { timeout: 180_000 });

after(async () => {
  for (const server of Object.values(servers)) server.stop();
  await portolan?.stop();
});

for (const action of Object.keys(seen)) {
  describe(action, () => {
    before(() => rule(action), { timeout: 60_000 });

    for (const server of ['older', 'modern']) {
      for (const client of ['SDK v1', 'SDK v2, pinned to 2026-07-28']) {
        test(`between ${client} and a server (${server})`, () =>
          withClient(client, at(server), async (connected) => {
            // The text of the answer, or the code of the error.
            const ask = (tool, args = {}) =>
              within(generous / 2, tool, connected.call(tool, args).then(text, (error) => error.code));
            assert.equal(await described(connected), seen[action]);
            const blocked = action === 'BLOCK';
            const shown = action === 'REDACT' ? '[redacted]' : secret;
            assert.equal(await ask('hello', { to: secret }), blocked ? -31451 : `hello ${shown}`);
            assert.equal(await ask('reveal'), blocked ? -31451 : `the key is ${shown}`);
            assert.equal(await ask('slip'), blocked ? -31451 : 'slipped');
            assert.equal(await ask('mutter'), blocked ? -31451 : 'done');
            assert.equal(await ask('hello', { to: 'you' }), 'hello you');
          }));
      }
    }
  });
}
