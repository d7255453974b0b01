// The one-time link of `portolan up` and `portolan portal`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoints, run, withPage } from './fixture.mjs';

test('the link signs in once, and leaves no token in the address', async () => {
  const link = endpoints().portal;
  await withPage('/discover', {}, async (page, context) => {
    await page.getByText('Not signed in').waitFor();
    await page.goto(link);
    await page.waitForURL('**/discover');
    await page.getByRole('navigation').getByText('admin').first().waitFor();
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'portolan_session');
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Strict');
  });
});

test('a link that was used says so, and how to get another', async () => {
  const link = (await run('portal')).split('\n')[0].trim();
  await withPage('/discover', {}, async (page) => {
    await page.goto(link);
    await page.waitForURL('**/discover');
  });
  const { hash } = new URL(link);
  const response = await fetch(new URL('/api/session', link), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: hash.slice(1) }),
  });
  assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`);
});

test('a link without a token shows the command that makes one', () =>
  withPage('/login', {}, async (page) => {
    await page.getByRole('heading', { name: 'This link no longer signs you in' }).waitFor();
    await page.getByText('portolan portal').waitFor();
  }));
