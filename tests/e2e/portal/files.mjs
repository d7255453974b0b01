// How the registry serves the portal's files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address } from './fixture.mjs';

const scriptOf = async () => /src="(\/assets\/[^"]+\.js)"/.exec(await (await fetch(address('/'))).text())[1];

test('the page comes with a policy that allows no inline script, and no frame', async () => {
  const response = await fetch(address('/'));
  const policy = response.headers.get('content-security-policy');
  assert.match(policy, /script-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe-inline/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.doesNotMatch(await response.text(), /<script>|<style|style=|onload=/);
});

test('a route of the client is the page, an unknown asset is not found', async () => {
  const page = await fetch(address('/servers/io.github.acme/pager'));
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /text\/html/);
  assert.equal((await fetch(address('/assets/gone.js'))).status, 404);
});

test('a script is compressed, kept for ever, and not sent again', async () => {
  const script = await scriptOf();
  const first = await fetch(address(script), { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(first.headers.get('content-encoding'), 'gzip');
  assert.match(first.headers.get('cache-control'), /immutable/);
  await first.arrayBuffer();
  const again = await fetch(address(script), { headers: { 'accept-encoding': 'gzip', 'if-none-match': first.headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('HEAD says what GET would, without a body', async () => {
  const response = await fetch(address('/'), { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.ok(Number(response.headers.get('content-length')) > 0);
  assert.equal(await response.text(), '');
});
