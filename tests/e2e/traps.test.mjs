// What makes real clients hang, loop or lose a message, each with that client through the gateway.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { connectStdio, fullClients, FullV1 } from './full_clients.mjs';
import { HandmadeServer } from './handmade_server.mjs';
import { generous, within } from './heard.mjs';
import { Installation } from './installation.mjs';
import { openSession, post } from './raw_client.mjs';
import { tapHttp } from './taps.mjs';

const textOf = ({ content }) => content.map((part) => part.text).join('');
const mcpRemote = join(dirname(createRequire(import.meta.url).resolve('mcp-remote/package.json')), 'dist/proxy.js');
const eras = ['older', 'modern'];
const httpClients = Object.keys(fullClients).filter((name) => name !== 'SSE, 2024-11-05');

const tools = {
  hello: { run: (exchange) => exchange.text('hello') },
  // Says that it began, and then is gone, before or after its stream began.
  collapse: {
    async run(exchange) {
      if (exchange.arguments.after) await exchange.progress(1);
      exchange.breakOff();
    },
  },
  fail: {
    outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
    run: (exchange) => exchange.result({ isError: true, content: [{ type: 'text', text: 'it failed, as it must' }] }),
  },
  // Works as long as it is told, and says so in between.
  plod: {
    async run(exchange) {
      for (let step = 1; step <= exchange.arguments.steps; step += 1) {
        await new Promise((resolve) => setTimeout(resolve, exchange.arguments.pause));
        await exchange.progress(step);
      }
      await exchange.text('arrived');
    },
  },
  // Ends with an error, on a stream.
  stumble: {
    async run(exchange) {
      await exchange.progress(1);
      await exchange.send({ id: exchange.message.id, error: { code: -32050, message: 'it stumbled' } }, 'an-id');
      exchange.response.end();
    },
  },
};

let portolan;
let tap;
const started = {};
const at = (server) => `${portolan.endpoints.gateway}/${server}`;
const tapped = (server) => `${tap.origin}/${server}`;

async function add(name, server) {
  started[name] = server;
  await portolan.add(name, server.url);
}

before(async () => {
  portolan = await Installation.start();
  tap = await tapHttp(portolan.endpoints.gateway);
  for (const era of eras) await add(era, await HandmadeServer.start(tools, { era }));
  await portolan.add('program', '--', process.execPath, fileURLToPath(new URL('collapsing_program.mjs', import.meta.url)));
}, { timeout: 180_000 });
after(async () => {
  tap?.stop();
  await portolan?.stop();
  for (const server of Object.values(started)) server.stop();
});

async function using(connecting, use) {
  const client = await connecting;
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

describe('The stream of an older client', () => {
  // A GET that is answered and closes at once is opened again for ever.
  test('is opened once, however often the client calls', async () => {
    const transport = new TransportV1(new URL(`${tapped('older')}/mcp`), {
      reconnectionOptions: { initialReconnectionDelay: 1, maxReconnectionDelay: 1, reconnectionDelayGrowFactor: 1, maxRetries: 1000 },
    });
    tap.exchanges.length = 0;
    await using(FullV1.connect(transport), async (client) => {
      for (let i = 0; i < 50; i += 1) assert.equal(textOf(await client.call('hello')), 'hello');
    });
    assert.equal(tap.exchanges.filter(({ verb }) => verb === 'GET').length, 1);
  });

  // SDK v1 takes an error that bears an event id for a broken stream, and resumes it for ever.
  test('is not resumed after an error', async () => {
    const transport = new TransportV1(new URL(`${tapped('older')}/mcp`), {
      reconnectionOptions: { initialReconnectionDelay: 1, maxReconnectionDelay: 1, reconnectionDelayGrowFactor: 1, maxRetries: 1000 },
    });
    tap.exchanges.length = 0;
    await using(FullV1.connect(transport), async (client) => {
      await assert.rejects(client.call('stumble', {}, { onprogress() {} }), /it stumbled/);
      for (let i = 0; i < 50; i += 1) await client.call('hello');
    });
    assert.ok(tap.exchanges.filter(({ verb }) => verb === 'GET').length <= 1);
  });
});

describe('A server that collapses in mid-call', () => {
  for (const server of [...eras, 'program']) {
    for (const client of Object.keys(fullClients)) {
      for (const after of [false, true]) {
        test(`is an error at once for ${client} (${server}, ${after ? 'after' : 'before'} its first event)`, () =>
          using(fullClients[client](at(server)), async (connected) => {
            const call = connected.call('collapse', { after }, { onprogress() {} });
            const outcome = within(generous / 2, 'the error', call).then(
              (result) => (result.isError ? textOf(result) : 'no error'), (error) => error.message);
            assert.doesNotMatch(await outcome, /^no error|nothing within|timed out/i);
            assert.equal(textOf(await connected.call('hello')), 'hello');
          }));
      }
    }
  }
});

describe('A slash at the end of the path', () => {
  for (const client of httpClients) {
    test(`costs ${client} no redirection`, async () => {
      tap.exchanges.length = 0;
      await using(fullClients[client](tapped('older'), { path: '/mcp/' }), async (connected) => {
        assert.equal(textOf(await connected.call('hello')), 'hello');
      });
      assert.deepEqual(tap.exchanges.filter(({ status }) => status >= 300 && status !== 405), []);
    });
  }
});

describe('Every client', { concurrency: true }, () => {
  for (const client of Object.keys(fullClients)) {
    for (const era of eras) {
      test(`hears why a tool with an output schema failed (${client}, ${era} server)`, () =>
        using(fullClients[client](at(era)), async (connected) => {
          await connected.tools();
          const result = await connected.call('fail');
          assert.equal(result.isError, true);
          assert.equal(textOf(result), 'it failed, as it must');
        }));

      test(`waits on while progress comes (${client}, ${era} server)`, () =>
        using(fullClients[client](at(era)), async (connected) => {
          const heard = [];
          const options = { timeout: 3_000, resetTimeoutOnProgress: true, onprogress: ({ progress }) => heard.push(progress) };
          assert.equal(textOf(await connected.call('plod', { steps: 20, pause: 200 }, options)), 'arrived');
          assert.deepEqual(heard.slice(0, 19), Array.from({ length: 19 }, (_, i) => i + 1));
        }));
    }
  }
});

describe('By hand', () => {
  test('ids come back as they were sent', async () => {
    const session = await openSession(`${at('older')}/mcp`);
    for (const id of [0, 'a "b" \u00e9', '', -7, 9007199254740991]) {
      const { status, body } = await post(`${at('older')}/mcp`, { id, method: 'tools/call', params: { name: 'hello' } }, session);
      assert.equal(status, 200);
      assert.equal(body.id, id);
      assert.deepEqual(Object.keys(body).sort(), ['id', 'jsonrpc', 'result']);
    }
  });

  test('an error in a 200 has the request\u2019s id and nothing beside it', async () => {
    const session = await openSession(`${at('older')}/mcp`);
    for (const method of ['tools/call', 'no/such/method', 'prompts/get']) {
      const { status, body } = await post(`${at('older')}/mcp`, { id: 'x', method, params: {} }, session);
      assert.equal(status, 200);
      assert.equal(body.id, 'x');
      assert.deepEqual(Object.keys(body).sort(), ['error', 'id', 'jsonrpc']);
    }
  });

  test('notifications are accepted, also those that nobody knows', async () => {
    for (const era of eras) {
      const session = await openSession(`${at(era)}/mcp`);
      for (const method of ['initialized', 'roots/list_changed', 'cancelled', 'nobody/knows']) {
        const answer = await post(`${at(era)}/mcp`, { method: `notifications/${method}`, params: { requestId: 5 } }, session);
        assert.equal(answer.status, 202, `${era} ${method}: ${answer.text}`);
        assert.equal(answer.text, '');
      }
    }
  });

  test('an older call is not held to Mcp-Method and Mcp-Name, which mcp-remote sends', async () => {
    const session = await openSession(`${at('older')}/mcp`);
    const headers = { ...session, 'mcp-method': 'tools/list', 'mcp-name': 'other' };
    const { status } = await post(`${at('older')}/mcp`, { id: 1, method: 'tools/call', params: { name: 'hello' } }, headers);
    assert.equal(status, 200);
  });

  test('a session is nobody else\u2019s, and ends with DELETE', async () => {
    const url = `${at('older')}/mcp`;
    const list = { id: 1, method: 'tools/list' };
    const session = await openSession(url);
    const status = async (headers) => (await post(url, list, headers)).status;
    assert.equal(await status(session), 200);

    const id = session['mcp-session-id'];
    for (const position of [0, Math.floor(id.length / 2), id.length - 2]) {
      const flipped = id.slice(0, position) + (id[position] === 'A' ? 'B' : 'A') + id.slice(position + 1);
      assert.equal(await status({ ...session, 'mcp-session-id': flipped }), 404, `character ${position}`);
    }
    const stranger = { ...session, authorization: `Bearer ${await portolan.makeKey('somebody')}` };
    let seen = 401;  // until the gateway knows the key
    while (seen === 401) seen = await status(stranger);
    assert.equal(seen, 404);

    const ended = await fetch(url, { method: 'DELETE', headers: session });
    assert.ok(ended.ok, `DELETE: ${ended.status}`);
    assert.equal(await status(session), 404);
  });

  test('what clients look for before they sign in is answered, and never by a server', async () => {
    const wellKnown = ['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'];
    const paths = wellKnown.flatMap((name) => [`/.well-known/${name}`, `/.well-known/${name}/older/mcp`, `/older/mcp/.well-known/${name}`]);
    const before = started.older.served.length;
    for (const path of paths) {
      const response = await fetch(portolan.endpoints.gateway + path);
      const body = await response.text();
      assert.ok(response.status === 200 || response.status === 404, `${path}: ${response.status} ${body}`);
      if (response.status === 200) JSON.parse(body);
    }
    const register = await fetch(`${portolan.endpoints.gateway}/register`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    assert.ok(register.status >= 400 && register.status < 500, `${register.status}`);
    assert.equal(started.older.served.length, before);
  });
});

// A client whose notifications/initialized is refused gives up: limits let it pass, and refuse calls with a sentence.
describe('A caller over its limit', () => {
  before(async () => {
    const rules = [{ id: 'one-an-hour', rateLimit: { calls: 1, perS: 3600, key: "'all'" } }];
    const spec = { attach: { server: 'local/limited' }, rules };
    await add('limited', await HandmadeServer.start(tools));
    await portolan.api('CatalogService/Apply', { resources: [{ kind: 'PolicySet', name: 'limited', spec }] });
  });
  for (const client of httpClients) {
    test(`connects, and hears why its call is refused (${client})`, () =>
      using(fullClients[client](at('limited')), async (connected) => {
        // The policy is in force soon, not at once.
        const refusal = (async () => {
          for (;;) await connected.call('hello');
        })();
        await assert.rejects(within(generous, 'a refusal', refusal), { code: -31429 });
      }));
  }
});

describe('A server that forgets its sessions', () => {
  const forgotten = {
    'says 404': [404, -32001, 'Session not found'],
    'says 400, no valid session': [400, -32000, 'Bad Request: No valid session ID provided'],
    'says 400, not initialized': [400, -32000, 'Bad Request: Server not initialized'],
  };
  for (const [how, answer] of Object.entries(forgotten)) {
    for (const client of Object.keys(fullClients)) {
      test(`and ${how} is begun with anew, unnoticed by ${client}`, async () => {
        const name = `forgets-${answer[0]}-${answer[2].length}`;
        if (!started[name]) {
          const refuse = ({ method }, request, server) => {
            const session = request.headers['mcp-session-id'];
            return method !== 'initialize' && session && !server.sessions.has(session) ? answer : undefined;
          };
          await add(name, await HandmadeServer.start(tools, { refuse }));
        }
        const server = started[name];
        await using(fullClients[client](at(name)), async (connected) => {
          await connected.call('hello');
          const [begun, called] = [server.count('initialize'), server.count('tools/call')];
          server.sessions.clear();
          assert.equal(textOf(await connected.call('hello')), 'hello');
          assert.equal(server.count('tools/call'), called + 1);
          assert.ok(server.count('initialize') > begun);
        });
      });
    }
  }
});

describe('A tool that is new at an older server', () => {
  for (const client of Object.keys(fullClients)) {
    test(`is made known to ${client}`, async () => {
      if (!started.growing) await add('growing', await HandmadeServer.start({ ...tools }));
      const server = started.growing;
      await using(fullClients[client](at('growing')), async (connected) => {
        await connected.hearChanges();
        await connected.call('hello');
        const name = `new-${server.served.length}`;
        const told = connected.heard.each('the change', ({ method }) => method === 'notifications/tools/list_changed');
        server.tools[name] = tools.hello;
        server.tell('notifications/tools/list_changed');
        // The first may still be of what the client before us has changed.
        for await (const _ of told) {
          if ((await connected.tools()).some((tool) => tool.name === name)) break;
        }
        assert.equal(textOf(await connected.call(name)), 'hello');
      });
    });
  }
});

describe('mcp-remote', () => {
  for (const era of eras) {
    test(`connects a client that only starts programs (${era} server)`, async () => {
      const words = [mcpRemote, `${at(era)}/mcp`, '--allow-http', '--transport', 'http-only'];
      await using(connectStdio(process.execPath, words), async (client) => {
        assert.ok((await client.tools()).some(({ name }) => name === 'hello'));
        assert.equal(textOf(await client.call('hello')), 'hello');
        assert.equal(textOf(await client.call('fail')), 'it failed, as it must');
      });
    });
  }
});

// Last, since it takes the gateway away from all others.
describe('A gateway that is killed and comes back', () => {
  for (const client of httpClients) {
    test(`goes on with the session of ${client}`, async () => {
      await using(fullClients[client](at('older')), async (connected) => {
        assert.equal(textOf(await connected.call('hello')), 'hello');
        await portolan.killGateway();
        assert.equal(textOf(await connected.call('hello')), 'hello');
      });
    });
  }
});
