// Discover: finding servers and tools.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostileTitle } from './catalog.mjs';
import { withPage, ready } from './fixture.mjs';

const search = (page) => page.getByRole('searchbox', { name: 'Search servers and tools' });
const cards = (page) => page.getByRole('list', { name: 'Servers' }).getByRole('listitem');
const tools = (page) => page.getByRole('list', { name: 'Tools, best match first' }).getByRole('listitem');

describe('Discover', () => {
  test('is where the portal begins, and shows every server with owner, health and tools', () =>
    withPage('/', {}, async (page) => {
      await page.waitForURL('**/discover');
      const demo = cards(page).filter({ hasText: 'local/demo' });
      await demo.getByText('Healthy').waitFor();
      await demo.getByText(/\d+ tools/).waitFor();
      await demo.getByText('Owner portolan').waitFor();
      assert.equal(await cards(page).count(), 5);
      await page.getByText('1 gateway in step').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
    }));

  test('says why a tool ranks, and keeps the words in the URL', () =>
    withPage('/discover', {}, async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('add two numbers');
      const first = tools(page).first();
      await first.getByText('add', { exact: true }).first().waitFor();
      await first.getByText('Why').waitFor();
      await first.getByText('score').waitFor();
      await page.waitForURL('**/discover?q=add+two+numbers');
      await page.reload();
      await ready(page);
      assert.equal(await search(page).inputValue(), 'add two numbers');
      await tools(page).first().waitFor();
    }));

  test('narrows by facets that are kept in the URL', () =>
    withPage('/discover', {}, async (page) => {
      await page.getByRole('group', { name: 'Tag' }).getByLabel('operations').check();
      await cards(page).filter({ hasText: 'local/demo' }).waitFor({ state: 'detached' });
      assert.equal(await cards(page).count(), 2);
      await page.getByRole('group', { name: 'Lifecycle' }).getByLabel('Preview').check();
      await cards(page).filter({ hasText: 'pager' }).waitFor({ state: 'detached' });
      assert.equal(await cards(page).count(), 1);
      await page.waitForURL('**/discover?tag=operations&lifecycle=Preview');
      await page.reload();
      await ready(page);
      assert.equal(await cards(page).count(), 1);
    }));

  test('says what would match without the filters', () =>
    withPage('/discover?q=add+two+numbers&owner=Nobody', {}, async (page) => {
      await page.getByText('Nothing passes these filters').waitFor();
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      await tools(page).first().waitFor();
    }));

  test('says so when nothing matches, and what to do', () =>
    withPage('/discover?q=zyzzyva', {}, async (page) => {
      await page.getByText('Nothing here does that yet').waitFor();
      await page.getByRole('main').getByRole('button', { name: 'Add server' }).click();
      await page.getByText('portolan add NAME https://HOST/mcp').waitFor();
    }));

  test('is used by keyboard alone: words, first hit, its page', () =>
    withPage('/discover', {}, async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('weather');
      await tools(page).first().waitFor();
      const first = tools(page).first().getByRole('link');
      for (let step = 0; step < 40 && !(await first.evaluate((link) => link === document.activeElement)); step += 1) {
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await page.waitForURL('**/servers/**tool=weather');
      await page.getByRole('heading', { name: 'weather' }).waitFor();
    }));

  test('copies the search as a command', () =>
    withPage("/discover?q=what's+new", {}, async (page) => {
      await page.getByRole('button', { name: 'Copy as command' }).click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "portolan search 'what'\\''s new' --explain");
    }));

  test('shows hostile names and descriptions as the text they are', () =>
    withPage('/discover?tag=hostile', {}, async (page) => {
      const card = cards(page).first();
      assert.equal(await card.getByRole('heading').innerText(), hostileTitle);
      const text = await card.innerText();
      assert.match(text, /<script>alert\(2\)<\/script>/);
      assert.doesNotMatch(text, /\u202E/);
      assert.equal(await card.locator('img, script').count(), 0);
      assert.equal(await page.locator('a[href^="javascript:"]').count(), 0);
    }));
});
