// The registry API as its consumers read it: by the official OpenAPI document and schema, and the way VS Code asks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { Installation } from './installation.mjs';

const data = (file) => readFileSync(new URL(`../data/registry/${file}`, import.meta.url), 'utf8');
const entries = JSON.parse(data('servers-valid-2025-12-11.json'));

const isServerJson = addFormats(new Ajv({ strict: false })).compile(JSON.parse(data('server.schema.json')));
// The document's own $id keeps strict validators from loading it.
const { $id, ...openapi } = parse(data('registry-openapi.yaml'));
const validators = addFormats(new Ajv2020({ strict: false, validateFormats: true })).addSchema(openapi, 'api');
const is = (name) => validators.getSchema(`api#/components/schemas/${name}`);

function assertValid(validate, value) {
  assert.ok(validate(value), `${JSON.stringify(validate.errors?.slice(0, 3))} in ${JSON.stringify(value).slice(0, 400)}`);
}

// The operation that a path of ours is, as the document spells it; undefined for paths that the document lacks.
const operations = Object.keys(openapi.paths).map((path) =>
  [path, new RegExp(`^(?:/workspaces/default)?${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`)]);
const operationOf = (path) => operations.find(([, form]) => form.test(path.replace(/^\/+/, '/').split('?')[0]))?.[0];
let validated = 0;
// Every answer of this file comes through here: what the document says of it holds.
async function fits(response, path, method) {
  const operation = openapi.paths[operationOf(path)]?.[method.toLowerCase()];
  const documented = operation?.responses[response.status]?.content?.['application/json'];
  if (!documented) {
    assert.ok(!operation || response.status >= 400, `${method} ${path}: ${response.status} is not in the document`);
    return;
  }
  const pointer = [operationOf(path), method.toLowerCase(), 'responses', response.status, 'content', 'application/json', 'schema']
    .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')));
  assertValid(validators.getSchema(`api#/paths/${pointer.join('/')}`), await response.clone().json());
  validated += 1;
}

let portolan;
const get = async (path, options) => {
  const response = await fetch(portolan.endpoints.http + path, options);
  await fits(response, path, options?.method ?? 'GET');
  return response;
};
const json = async (path) => {
  const response = await get(path);
  assert.equal(response.status, 200, path);
  return response.json();
};
const send = (method, path, body, token = portolan.token) =>
  get(path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
// What the OpenAPI document says an operation may answer; `path` as it stands there.
const answers = (path, method, status) => openapi.paths[path][method].responses[status];
async function refused(response, status, path, method) {
  assert.equal(response.status, status);
  assert.ok(answers(path, method, status), `${method} ${path} has no ${status}`);
  const body = await response.json();
  assert.equal(typeof body.error, 'string');
  return body.error;
}

before(async () => {
  portolan = await Installation.start();
  for (const entry of entries) {
    const response = await send('POST', '/v0.1/publish', entry);
    const body = await response.json();
    assert.equal(response.status, 200, JSON.stringify(body));
    assert.deepEqual(body.server, entry);
    assertValid(is('ServerResponse'), body);
  }
  await portolan.run('add', 'ctx', 'http://127.0.0.1:9/mcp', '--draft');
  await portolan.api('CatalogService/Apply', {
    resources: [{ kind: 'Server', name: 'local/routed', spec: { approval: 'APPROVED', endpoint: { streamableHttp: { url: 'http://127.0.0.1:9/mcp' } } } }],
  });
}, { timeout: 180_000 });
after(() => portolan?.stop());

describe('The registry API', () => {
  test('gives every published entry back as it was, valid by both official schemas', async () => {
    for (const entry of entries) {
      const response = await json(`/v0.1/servers/${encodeURIComponent(entry.name)}/versions/${encodeURIComponent(entry.version)}`);
      assert.deepEqual(response.server, entry);
      assertValid(isServerJson, response.server);
      assertValid(is('ServerResponse'), response);
    }
  });

  test('is paged through the way VS Code does it', async () => {
    assertValid(is('ServerList'), await json('/v0.1/servers?limit=1'));
    const names = new Set();
    let page = await json('/v0.1/servers?limit=50&version=latest');
    for (;;) {
      assertValid(is('ServerList'), page);
      for (const { server, _meta } of page.servers) {
        assert.equal(typeof _meta, 'object');
        assert.ok(server.name && server.description && server.version);
        names.add(server.name);
      }
      if (!page.metadata.nextCursor) break;
      assert.match(page.metadata.nextCursor, /^[\w-]+$/);
      page = await json(`/v0.1/servers?limit=50&version=latest&cursor=${page.metadata.nextCursor}`);
    }
    assert.equal(names.size, new Set(entries.map(({ name }) => name)).size + 1);
  });

  test('keeps the search over pages on which clients drop it', async () => {
    let page = await json('/v0.1/servers?limit=5&version=latest&search=GITHUB');
    let found = 0;
    for (;;) {
      for (const { server } of page.servers) {
        assert.match(`${server.name} ${server.title} ${server.description}`, /github/i);
        found += 1;
      }
      if (!page.metadata.nextCursor) break;
      page = await json(`/v0.1/servers?limit=5&version=latest&cursor=${page.metadata.nextCursor}`);
    }
    assert.ok(found > 5, `${found} found`);
  });

  test('makes a valid server.json for a server added by its URL, led through the gateway', async () => {
    const { server, _meta } = await json('/v0.1/servers/local%2Frouted/versions/latest');
    assertValid(isServerJson, server);
    assert.deepEqual(server.remotes, [{ type: 'streamable-http', url: `${portolan.endpoints.gateway}/routed/mcp` }]);
    assert.equal(_meta['io.modelcontextprotocol.registry/official'].isLatest, true);
  });

  test('hides a draft', async () => {
    assert.equal((await get('/v0.1/servers/local%2Fctx/versions/latest')).status, 404);
  });

  test('is open to scripts of any origin, and has a HEAD wherever a GET', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const response = await get('/v0.1/servers?limit=1', { method, headers: { origin: 'https://elsewhere.example' } });
      assert.equal(response.headers.get('access-control-allow-origin'), '*', method);
      assert.match(response.headers.get('access-control-allow-methods'), /GET.*OPTIONS/);
      assert.equal(response.ok, true);
    }
    assert.equal((await get('/v0.1/servers/local%2Frouted/versions', { method: 'HEAD' })).status, 200);
    assert.equal((await get('/v0.1/servers/nobody%2Fhere/versions', { method: 'HEAD' })).status, 404);
  });

  test('answers a bad request in both tongues', async () => {
    for (const [path, status] of [
      ['/v0.1/servers?limit=0', 422], ['/v0.1/servers?limit=101', 422], ['/v0.1/servers?updated_since=monday', 400],
      ['/v0.1/servers?cursor=%21', 400], ['/v0.1/servers/a%00b/versions', 400], ['/v0.1/servers/no%2Fbody/versions', 404],
      ['/v0/nothing', 404],
    ]) {
      const response = await get(path);
      assert.equal(response.status, status, path);
      assert.match(response.headers.get('content-type'), /problem\+json/);
      const body = await response.json();
      assert.equal(body.status, status);
      assert.equal(typeof body.error, 'string');
      assert.equal(body.detail, body.error);
    }
  });

  test('is the same under /v0, and minds no slash at the end', async () => {
    assert.deepEqual(await json('/v0/servers/?limit=3'), await json('/v0.1/servers?limit=3'));
    assert.equal((await json('/v0/health')).status, 'ok');
    assert.equal((await json('/v0.1/ping')).pong, true);
    assert.equal(typeof (await json('/v0.1/version')).git_commit, 'string');
  });

  test('is asked the way VS Code asks, from the probe to a server by name', async () => {
    // mcpGalleryManifestService: a probe; then mcpGalleryService: pages, and each configured server by its name.
    for (const base of ['', '/', '/workspaces/default']) {
      assert.equal((await get(`${base}/v0.1/servers?limit=1`)).status, 200, base);
      const first = await json(`${base}/v0.1/servers?limit=50&version=latest&search=github`);
      const { server } = first.servers[0];
      const named = await json(`${base}/v0.1/servers/${encodeURIComponent(server.name)}/versions/latest`);
      assert.equal(named.server.name, server.name);
      assertValid(is('ServerResponse'), named);
    }
    assert.equal((await get('/v0.1/servers/no.such%2Fserver/versions/latest')).status, 404);
  });

  test('publishes, edits, deprecates and deletes the way mcp-publisher does it', async () => {
    const token = JSON.parse(await portolan.run('token', 'create', 'ci', '--role', 'admin', '-o', 'json')).token;
    const login = await send('POST', '/v0/auth/github-at', { github_token: token }, '');
    assert.equal(login.status, 200);
    const { registry_token, expires_at } = await login.json();
    assert.ok(expires_at * 1000 > Date.now());
    const mine = (method, path, body) => send(method, path, body, registry_token);

    const name = 'com.example/made';
    const document = { $schema: entries[0].$schema, name, description: 'Made for this test', version: '1.0.0' };
    for (const version of ['1.0.0', '1.1.0']) {
      const published = await mine('POST', '/v0/publish', { ...document, version });
      assert.equal(published.status, 200);
      assertValid(is('ServerResponse'), await published.json());
    }
    const one = '/v0.1/servers/com.example%2Fmade/versions/1.0.0';
    const path = '/v0.1/servers/{serverName}/versions/{version}';
    const edited = await mine('PUT', one, { ...document, description: 'Better said' });
    assertValid(is('ServerResponse'), await edited.json());

    // mcp-publisher status: asks for the present one first.
    const now = await get(`${one}?include_deleted=true`, { headers: { authorization: `Bearer ${registry_token}` } });
    assert.equal((await now.json())._meta['io.modelcontextprotocol.registry/official'].status, 'active');
    const deprecated = await mine('PATCH', `${one}/status`, { status: 'deprecated', statusMessage: 'use 1.1.0' });
    const shown = await deprecated.json();
    assertValid(is('ServerResponse'), shown);
    assert.equal(shown._meta['io.modelcontextprotocol.registry/official'].statusMessage, 'use 1.1.0');
    assert.match(await refused(await mine('PATCH', `${one}/status`, { status: 'deprecated', statusMessage: 'use 1.1.0' }), 400, `${path}/status`, 'patch'),
      /No changes to apply/);
    const all = await mine('PATCH', '/v0.1/servers/com.example%2Fmade/status', { status: 'deleted' });
    const bulk = await all.json();
    assertValid(is('AllVersionsStatusResponse'), bulk);
    assert.equal(bulk.updatedCount, 2);
    assert.equal((await get(one)).status, 404);
    const tombstones = await json('/v0.1/servers?updated_since=2026-01-01T00:00:00Z&search=com.example/made');
    assertValid(is('ServerList'), tombstones);
    assert.deepEqual(tombstones.servers.map(({ _meta }) => _meta['io.modelcontextprotocol.registry/official'].status), ['deleted', 'deleted']);
    await refused(await mine('PUT', one, document), 404, path, 'put');
    await refused(await mine('DELETE', one), 404, path, 'delete');
  });

  test('refuses writes as the document says: 401 to strangers, 403 without the role', async () => {
    const viewer = JSON.parse(await portolan.run('token', 'create', 'see', '--role', 'viewer', '-o', 'json')).token;
    const entry = { ...entries[0], version: '99.0.0' };
    const one = `/v0.1/servers/${encodeURIComponent(entry.name)}/versions/${entries[0].version}`;
    const version = '/v0.1/servers/{serverName}/versions/{version}';
    const writes = [
      ['POST', '/v0.1/publish', entry, '/v0.1/publish'], ['PUT', one, entries[0], version], ['DELETE', one, undefined, version],
      ['PATCH', `${one}/status`, { status: 'deleted' }, `${version}/status`],
      ['PATCH', `/v0.1/servers/${encodeURIComponent(entry.name)}/status`, { status: 'deleted' }, '/v0.1/servers/{serverName}/status'],
    ];
    for (const [method, path, body, documented] of writes) {
      await refused(await send(method, path, body, ''), 401, documented, method.toLowerCase());
      await refused(await send(method, path, body, 'ptt_nobody_x'), 401, documented, method.toLowerCase());
      await refused(await send(method, path, body, viewer), 403, documented, method.toLowerCase());
    }
    assert.equal((await send('POST', '/v0.1/publish', { name: 'x' })).status, 422);
    assert.equal((await send('POST', '/v0.1/servers', {})).status, 405);
    const validated = await (await send('POST', '/v0.1/validate', { name: 'x' })).json();
    assert.equal(validated.valid, false);
    assert.ok(validated.issues.length >= 3);
  });

  test('reads at an address of its own for clients without a header, and only reads', async () => {
    await portolan.api('CatalogService/Apply', {
      resources: [{ kind: 'Server', name: 'team/hidden', spec: { description: 'For Alice', visibility: { audiences: ['consumer:alice'] } } }],
    });
    const { key, registry_url } = JSON.parse(await portolan.run('key', 'create', 'alice', '-o', 'json'));
    assert.equal((await portolan.run('token', 'url', '--key', key)).trim(), registry_url);
    assert.ok(!registry_url.includes(key.split('_')[2]));
    for (const base of ['', '/', '/workspaces/default']) {
      const list = await (await fetch(`${registry_url}${base}/v0.1/servers?search=team/hidden`)).json();
      assertValid(is('ServerList'), list);
      assert.deepEqual(list.servers.map(({ server }) => server.name), ['team/hidden']);
    }
    assert.equal((await json('/v0.1/servers?search=team/hidden')).servers.length, 0);
    const wrong = await fetch(`${registry_url.slice(0, -1)}${registry_url.endsWith('A') ? 'B' : 'A'}/v0.1/servers`);
    assert.equal(wrong.status, 404);
    assert.ok(!(await wrong.text()).includes('key_'));
    const writing = await fetch(`${registry_url}/v0.1/publish`, {
      method: 'POST', body: JSON.stringify(entries[0]), headers: { authorization: `Bearer ${portolan.token}` } });
    assert.equal(writing.status, 405);
    // Its key ends, and it ends with it.
    await portolan.run('key', 'revoke', key.split('_')[1]);
    assert.equal((await fetch(`${registry_url}/v0.1/servers`)).status, 404);
    assert.ok(!portolan.talk().includes(registry_url.split('/r/')[1]));
  });

  test('has been held against the document with every answer', () => {
    assert.ok(validated > 2 * entries.length, `${validated} answers`);
  });
});
