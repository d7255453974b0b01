// A server's page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endpoints, withPage } from './fixture.mjs';

describe('A server', () => {
  test('has its endpoint to copy and a way in for each editor', () =>
    withPage('/servers/local/demo', {}, async (page) => {
      const url = `${endpoints().gateway}/demo/mcp`;
      await page.getByText(url, { exact: true }).first().waitFor();
      await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);

      const cursor = new URL(await page.getByRole('link', { name: 'Add to Cursor' }).getAttribute('href'));
      assert.equal(cursor.protocol, 'cursor:');
      assert.deepEqual(JSON.parse(atob(cursor.searchParams.get('config'))), { url });

      await page.getByText('VS Code', { exact: true }).click();
      await page.waitForURL('**editor=vscode');
      const code = await page.getByRole('link', { name: 'Add to VS Code' }).getAttribute('href');
      assert.deepEqual(JSON.parse(decodeURIComponent(code.replace('vscode:mcp/install?', ''))), { name: 'demo', type: 'http', url });

      await page.getByText('Claude Code', { exact: true }).click();
      await page.getByText(`claude mcp add --transport http demo ${url}`).waitFor();
    }));

  test('says who answers for it, how it was checked, and what it offers', () =>
    withPage('/servers/local/demo', {}, async (page) => {
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('Healthy').first().waitFor();
      const stages = page.getByRole('region', { name: 'Stages of the last check' });
      await stages.getByRole('row', { name: /handshake/ }).getByText('Passed').waitFor();
      await page.getByRole('region', { name: 'About' }).getByText('portolan').waitFor();
      await page.getByRole('link', { name: /^All \d/ }).click();
      await page.waitForURL('**tab=tools');
    }));

  test('shows a tool’s arguments as a table, and the JSON one click away', () =>
    withPage('/servers/local/demo?tab=tools&tool=add', {}, async (page) => {
      const table = page.getByRole('region', { name: 'Arguments, as a table' });
      await table.getByRole('row', { name: /^a number Required/ }).waitFor();
      await page.getByRole('radiogroup', { name: 'Arguments shown as' }).getByText('JSON schema').click();
      await page.getByLabel('Arguments as JSON schema').getByText('"properties"').waitFor();
      await page.waitForURL('**view=json');
    }));

  test('that does not answer says at which stage, and what to do', () =>
    withPage('/servers/local/nobody', {}, async (page) => {
      const trouble = page.getByRole('alert');
      await trouble.getByText(/stage tcp/).waitFor();
      await page.getByText('Deprecated').first().waitFor();
      await page.getByText('portolan doctor nobody').waitFor();
    }));

  test('that is unknown is said to be so', () =>
    withPage('/servers/local/none', {}, async (page) => {
      await page.getByRole('heading', { name: 'local/none is not in the catalog' }).waitFor();
    }));

  test('is pinned to the rail and found there again', () =>
    withPage('/servers/local/demo', {}, async (page) => {
      await page.getByRole('button', { name: 'Pin', exact: true }).click();
      const rail = page.getByRole('navigation');
      await rail.getByText('Pinned servers').waitFor();
      await page.reload();
      assert.equal(await rail.getByRole('link', { name: 'demo' }).getAttribute('aria-current'), 'page');
    }));
});
