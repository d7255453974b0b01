// The official clients sign in by themselves: the gateway's challenge leads them to the authorization server, whose token it
// believes (RFC 9728, RFC 8707).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { agree, AuthorizationServer } from './authorization_server.mjs';
import { HandmadeServer } from './handmade_server.mjs';
import { Installation } from './installation.mjs';

const mcpRemote = join(dirname(createRequire(import.meta.url).resolve('mcp-remote/package.json')), 'dist/proxy.js');
const me = { name: 'portolan-tests', version: '1.0.0' };
const tools = { hello: { run: (exchange) => exchange.text('hello') } };

let portolan, identity, server;
before(async () => {
  [portolan, identity, server] = await Promise.all([Installation.start(), AuthorizationServer.start(), HandmadeServer.start(tools, { era: 'modern' })]);
  await put('IdentityProvider', 'corp', { issuer: identity.issuer, audiences: ['nobody'] });
  await portolan.add('pay', server.url);
  await demand(['mcp:call']);
}, { timeout: 180_000 });
after(async () => {
  await portolan?.stop();
  identity?.stop();
  server?.stop();
});

async function put(kind, name, spec) {
  const known = await portolan.api('CatalogService/Get', { kind, name }).catch(() => undefined);
  await portolan.api('CatalogService/Put', { resource: { kind, name, revision: known?.resource.revision ?? 0, spec } });
}

// A token with these scopes is demanded; returns when every worker does.
async function demand(scopes) {
  await put('PolicySet', 'pay', { attach: { server: 'local/pay' }, rules: [{ id: 'who', authenticate: { any_of: [{ jwt: { provider: 'corp', audiences: ['self'], scopes } }] } }] });
  for (let found = 0; found < 8; ) {
    const answer = await fetch(`${portolan.endpoints.gateway}/pay/mcp`, { method: 'POST', headers: { connection: 'close' } });
    found = answer.headers.get('www-authenticate')?.includes(`scope="${scopes.join(' ')}"`) ? found + 1 : 0;
  }
}

// What a client keeps of its login (OAuthClientProvider of both libraries); the person's browser is `agree`.
class Login {
  redirectUrl = 'http://127.0.0.1:1/callback';
  clientMetadata = {
    client_name: 'portolan-tests',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.kept;
  saveTokens = (tokens) => void (this.kept = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (state) => void (this.discovered = state);
  redirectToAuthorization = (url) => void (this.at = url);

  async finish(transport) {
    assert.ok(this.at, 'the client was not sent to the authorization server');
    const back = await agree(this.at);
    this.at = undefined;
    await transport.finishAuth(back.searchParams.get('code'), back.searchParams.get('iss'));
  }
}

const patience = { timeout: 60_000 };
const v2 = (mode) => ({ path: '/mcp', Transport: TransportV2, client: () => new ClientV2(me, { versionNegotiation: { mode } }) });
const libraries = {
  'SDK v1': { path: '/mcp', Transport: TransportV1, client: () => new ClientV1(me) },
  'SDK v1 over SSE': { path: '/sse', Transport: SSEClientTransport, client: () => new ClientV1(me) },
  'SDK v2, legacy': v2('legacy'),
  'SDK v2, auto': v2('auto'),
  'SDK v2, pinned to 2026-07-28': v2({ pin: '2026-07-28' }),
};

const textOf = (result) => result.content.map(({ text }) => text).join('');

// Connects, signing in when it must.
async function connect({ path, Transport, client: make }, login) {
  const open = () => new Transport(new URL(`${portolan.endpoints.gateway}/pay${path}`), { authProvider: login });
  const first = open();
  try {
    const client = make();
    await client.connect(first, patience);
    return { client, transport: first };
  } catch (error) {
    if (!login.at) throw error;
  }
  await login.finish(first);
  const client = make();
  const transport = open();
  await client.connect(transport, patience);
  return { client, transport };
}

describe('A client that was never here', () => {
  for (const [name, library] of Object.entries(libraries)) {
    test(`signs in and calls (${name})`, async () => {
      const login = new Login();
      const { client } = await connect(library, login);
      try {
        assert.equal(textOf(await client.callTool({ name: 'hello', arguments: {} })), 'hello');
        const resource = `${portolan.endpoints.gateway}/pay${library.path}`;
        const { parameters } = identity.asked.findLast(({ path }) => path === '/authorize');
        assert.equal(parameters.resource, resource);
        assert.equal(parameters.scope, 'mcp:call');
        const claims = JSON.parse(Buffer.from(login.kept.access_token.split('.')[1], 'base64url'));
        assert.equal(claims.aud, resource);
      } finally {
        await client.close();
      }
    });
  }

  test('signs in and calls (mcp-remote)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcp-remote-'));
    // No browser: we read where the person is to go.
    const env = { ...process.env, MCP_REMOTE_CONFIG_DIR: folder, HOME: folder, BROWSER: '/bin/true', DISPLAY: '' };
    const words = [mcpRemote, `${portolan.endpoints.gateway}/pay/mcp`, '--allow-http', '--transport', 'http-only'];
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, ...words], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    try {
      const said = [];
      const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const person = (async () => {
        let asked = false;
        for await (const line of createInterface({ input: child.stderr })) {
          said.push(line);
          asked ||= line.includes('Please authorize this client by visiting');
          const [url] = asked ? (line.match(/http:\S+\/authorize\S+/) ?? []) : [];
          if (!url) continue;
          asked = false;
          await fetch(url);  // through to mcp-remote's own page
        }
      })();
      const ask = async (message) => {
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
        if (message.id === undefined) return;
        for (;;) {
          const { value, done } = await answers.next();
          assert.ok(!done, `mcp-remote ended:\n${said.join('\n')}`);
          const answer = JSON.parse(value);
          if (answer.id === message.id) return answer;
        }
      };
      await ask({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: me } });
      await ask({ method: 'notifications/initialized' });
      const { result } = await ask({ id: 2, method: 'tools/call', params: { name: 'hello', arguments: {} } });
      assert.equal(textOf(result), 'hello');
      child.kill('SIGTERM');
      await person;
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('A client that has signed in', () => {
  test('needs no second login', async () => {
    const login = new Login();
    await (await connect(libraries['SDK v1'], login)).client.close();
    const logins = identity.asked.filter(({ path }) => path === '/authorize').length;
    await (await connect(libraries['SDK v2, auto'], login)).client.close();
    assert.equal(identity.asked.filter(({ path }) => path === '/authorize').length, logins);
  });

  // SDK v1 refreshes its token instead, which brings the same scopes.
  test('asks for more when it is told that its scopes are not enough (SDK v2)', async () => {
    const login = new Login();
    const { client, transport } = await connect(libraries['SDK v2, auto'], login);
    try {
      await demand(['mcp:call', 'mcp:pay']);
      await assert.rejects(client.callTool({ name: 'hello', arguments: {} }));
      assert.deepEqual(new Set(login.at.searchParams.get('scope').split(' ')), new Set(['mcp:call', 'mcp:pay']));
      await login.finish(transport);
      assert.equal(textOf(await client.callTool({ name: 'hello', arguments: {} })), 'hello');
    } finally {
      await client.close();
      await demand(['mcp:call']);
    }
  });
});

describe('The whole gateway', () => {
  const post = (token) => fetch(`${portolan.endpoints.gateway}/pay/mcp`, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: me } }),
  });

  test('knows whoever shows a token, and nobody by a token for others', async () => {
    const good = { aud: `${portolan.endpoints.gateway}/pay/mcp`, scope: 'mcp:call' };
    assert.equal((await post(identity.token(good))).status, 200);
    const refused = await post(identity.token({ ...good, aud: `${portolan.endpoints.gateway}/other/mcp` }));
    assert.equal(refused.status, 401);
    assert.equal((await refused.json()).error.data.reason, 'TokenAudienceNotAllowed');
  });

  test('shows a server to the group that it is for', async () => {
    const server = await HandmadeServer.start(tools, { era: 'modern' });
    try {
      await portolan.add('team', server.url);
      await put('IdentityProvider', 'corp', { issuer: identity.issuer, audiences: ['portolan'] });
      const { resource } = await portolan.api('CatalogService/Get', { kind: 'Server', name: 'local/team' });
      resource.server.visibility = { audiences: ['group:corp/web'] };
      await portolan.api('CatalogService/Put', { resource });
      const status = async (groups) => {
        const token = identity.token({ aud: 'portolan', groups });
        const answer = await fetch(`${portolan.endpoints.gateway}/team/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
        return answer.status;
      };
      while ((await status(['ops'])) !== 404);
      assert.notEqual(await status(['web']), 404);
      assert.notEqual(await status(['web']), 401);
    } finally {
      server.stop();
    }
  });

  test('knows people again after it was killed', async () => {
    await portolan.killGateway();
    const good = { aud: `${portolan.endpoints.gateway}/pay/mcp`, scope: 'mcp:call' };
    const status = async () => (await post(identity.token(good))).status;
    // What a killed gateway has kept may be a second old, and with it the rule of a test before.
    while ((await status()) === 403);
    assert.equal(await status(), 200);
  });
});
