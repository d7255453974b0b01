// Ten thousand events of one KiB: none is lost, merged or moved on the way, whoever reads, and nobody's memory grows when
// the reader is slow.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fullClients } from './full_clients.mjs';
import { HandmadeServer } from './handmade_server.mjs';
import { generous, within } from './heard.mjs';
import { Installation } from './installation.mjs';
import { openSession, openStream } from './raw_client.mjs';

const total = 10_000;
const padding = 'x'.repeat(1024);
const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

// What the server does in mid-flood is the test's business.
const course = { sent: 0, at: () => {} };
const tools = {
  flood: {
    async run(exchange) {
      const { progressToken } = exchange.message.params._meta;
      for (course.sent = 0; course.sent < exchange.arguments.count && !exchange.response.destroyed; course.sent += 1) {
        await course.at(course.sent);
        const params = { progressToken, progress: course.sent, message: padding };
        await exchange.send({ method: 'notifications/progress', params }, exchange.server.era === 'older' && `e-${course.sent}`);
      }
      await exchange.text('all sent');
    },
  },
};

let portolan;
const started = [];
before(async () => {
  portolan = await Installation.start();
  for (const era of ['older', 'modern']) {
    const server = await HandmadeServer.start(tools, { era });
    started.push(server);
    await portolan.add(era, server.url);
  }
}, { timeout: 180_000 });
after(async () => {
  await portolan?.stop();
  for (const server of started) server.stop();
});

const at = (server) => `${portolan.endpoints.gateway}/${server}`;
const callFlood = (count) => ({ id: 1, method: 'tools/call', params: { name: 'flood', arguments: { count }, _meta: { progressToken: 'p' } } });
const progressOf = (events) => events.filter(({ data }) => data?.method === 'notifications/progress').map(({ data }) => data.params.progress);

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'by hand', version: '1' },
};
function modernFlood(count) {
  const message = callFlood(count);
  Object.assign(message.params._meta, modernMeta);
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'flood' };
  return [message, headers];
}

describe('Ten thousand events', () => {
  for (const server of ['older', 'modern']) {
    for (const client of Object.keys(fullClients)) {
      test(`all come to ${client}, in order (${server} server)`, async () => {
        const connected = await fullClients[client](at(server));
        try {
          const result = await connected.call('flood', { count: total }, { onprogress() {} });
          assert.equal(result.content[0].text, 'all sent');
          const heard = connected.heard.events.filter(({ method }) => method === 'notifications/progress');
          assert.deepEqual(heard.map(({ params }) => params.progress), numbers(0, total));
          assert.ok(heard.every(({ params }) => params.message === padding));
        } finally {
          await connected.close();
        }
      });
    }
  }

  test('are as many events on the wire: none is merged with another (2026-07-28)', async () => {
    const stream = await openStream(`${at('modern')}/mcp`, ...modernFlood(total));
    const events = await stream.toEnd();
    assert.deepEqual(progressOf(events), numbers(0, total));
    assert.equal(events.at(-1).data.result.content[0].text, 'all sent');
  });

  test('have ids of their own toward an older client, and are resumed where it lost them', async () => {
    const session = await openSession(`${at('older')}/mcp`);
    // Before the call: buffers on the way hold more than half of the events.
    const halfWay = Promise.withResolvers();
    course.at = (n) => n === total / 2 && halfWay.promise;
    try {
      const stream = await openStream(`${at('older')}/mcp`, callFlood(total), session);
      const first = await stream.untilEvent(({ data }) => data?.params?.progress === total / 2 - 100);
      stream.breakOff();
      const lastId = first.at(-1).id;
      assert.ok(lastId, 'events have no ids');
      const rest = await openStream(`${at('older')}/mcp`, undefined, { ...session, 'last-event-id': lastId });
      assert.equal(rest.status, 200);
      halfWay.resolve();
      const events = [...first, ...(await rest.untilEvent(({ data }) => data?.result))];
      rest.breakOff();
      assert.deepEqual(progressOf(events), numbers(0, total));
      // The first event of a stream that goes on has the id of the last one before.
      const ids = events.filter(({ data }) => data).map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, 'ids are used twice');
    } finally {
      halfWay.resolve();
      course.at = () => {};
    }
  });
});

describe('A slow reader', () => {
  const many = 60_000;
  const residentMiB = async (pid) => Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]) / 256;

  // Resolves when nothing more goes out: the pipe is full.
  async function stuck() {
    for (let same = 0, before = -1; same < 10; before = course.sent) {
      same = course.sent === before ? same + 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  for (const server of ['older', 'modern']) {
    test(`holds the server back, and costs the gateway no memory (${server} server)`, async () => {
      const pid = await portolan.gatewayPid();
      const before = await residentMiB(pid);
      const request = server === 'modern' ? modernFlood(many) : [callFlood(many), await openSession(`${at(server)}/mcp`)];
      const stream = await openStream(`${at(server)}/mcp`, ...request);
      stream.pause();
      await within(generous, 'back-pressure', stuck());
      assert.ok(course.sent < many / 2, `${course.sent} KiB went into nowhere`);
      const grown = (await residentMiB(pid)) - before;
      assert.ok(grown < 24, `the gateway grew by ${grown} MiB`);
      stream.resume();
      assert.deepEqual(progressOf(await stream.toEnd()), numbers(0, many));
    });
  }
});
