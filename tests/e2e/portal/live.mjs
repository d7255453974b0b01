// What changes in the catalog is on the page without asking.
import { describe, test } from 'node:test';
import { apply, go, run, withPage } from './fixture.mjs';

const card = (page, name) => page.getByRole('list', { name: 'Servers' }).getByText(name);
// Approved, since a page that nobody signed in to sees no drafts; and nobody waits for a probe of it.
const add = (name) => apply(`{kind: Server, name: local/${name}, spec: {endpoint: {streamable_http: {url: 'http://127.0.0.1:9/mcp'}}}}\n`);

describe('A page that is open', () => {
  test('shows a server as it is added, and no more when it is removed', () =>
    withPage('/discover', {}, async (page) => {
      await page.getByText('Live', { exact: true }).waitFor();
      await add('newcomer');
      await card(page, 'local/newcomer').waitFor({ timeout: 3_000 });
      await run('rm', 'newcomer');
      await card(page, 'local/newcomer').waitFor({ state: 'detached', timeout: 3_000 });
    }));

  test('hears of it from another tab, and by itself once that tab is closed', () =>
    withPage('/discover', {}, async (first, context) => {
      await first.getByText('Live', { exact: true }).waitFor();
      const second = await context.newPage();
      await go(second, '/discover');
      await second.getByText('Live', { exact: true }).waitFor();
      await add('told');
      await card(second, 'local/told').waitFor({ timeout: 3_000 });
      await first.close();
      await add('heard');
      await card(second, 'local/heard').waitFor({ timeout: 5_000 });
      await run('rm', 'told');
      await run('rm', 'heard');
    }));
});
