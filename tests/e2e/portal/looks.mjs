// Each page in both colour schemes and three widths: it fits, axe finds nothing serious, and a picture is kept.
import { describe, test } from 'node:test';
import { assertAccessible, assertFits, screenshot, withPage } from './fixture.mjs';

const pages = {
  discover: '/discover',
  'discover-search': '/discover?q=weather',
  'discover-nothing': '/discover?q=zyzzyva',
  server: '/servers/local/demo',
  'server-tools': '/servers/local/demo?tab=tools&tool=weather',
  'server-json': '/servers/local/demo?tab=tools&tool=weather&view=json',
  'server-unreachable': '/servers/local/nobody',
  'server-hostile': '/servers/local/hostile',
  'no-such-page': '/no/such/page',
};

describe('Looks', () => {
  for (const [name, path] of Object.entries(pages)) {
    test(`${name} is accessible and fits`, () =>
      withPage(path, {}, async (page) => {
        await screenshot(page, name);
        await assertAccessible(page);
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
        await screenshot(page, `${name}-dark`);
        await assertAccessible(page);
        for (const width of [375, 2560]) {
          await page.setViewportSize({ width, height: 900 });
          await assertFits(page);
          await screenshot(page, `${name}-${width}`);
        }
        await page.setViewportSize({ width: 375, height: 900 });
        await assertAccessible(page);
      }));
  }
});
