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

let portolan;
const get = (path, options) => fetch(portolan.endpoints.http + path, options);
const json = async (path) => {
  const response = await get(path);
  assert.equal(response.status, 200, path);
  return response.json();
};

before(async () => {
  portolan = await Installation.start();
  const resources = new Map();
  for (const entry of entries) {
    resources.set(entry.name, {
      kind: 'Server', name: entry.name, spec: { title: entry.title ?? '', description: entry.description } });
    resources.set(`${entry.name}@${entry.version}`, {
      kind: 'ServerVersion', name: `${entry.name}@${entry.version}`, spec: { serverJson: JSON.stringify(entry) } });
  }
  await portolan.api('CatalogService/Apply', { resources: [...resources.values()] });
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
});
