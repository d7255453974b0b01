// What the tests share: one installation, one browser, and pages that remember every complaint.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { manifests } from './catalog.mjs';
import { Installation } from '../installation.mjs';

let installation;
let browser;

export async function setUp() {
  installation = await Installation.start('--demo');
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  const demo = JSON.parse(await installation.run('show', 'demo', '-o', 'json'));
  await apply(manifests(endpointOf(demo)));
  return installation;
}

export async function tearDown() {
  await browser?.close();
  await installation?.stop();
}

// `show` prints the resource; where its server runs, all the others of the tests run too.
function endpointOf(shown) {
  const url = /"url":\s*"(http:[^"]+)"/.exec(JSON.stringify(shown))?.[1];
  assert.ok(url, 'the demo server has a URL');
  return url;
}

export async function apply(text) {
  const file = join(installation.data, 'test.yaml');
  await writeFile(file, text);
  await installation.run('apply', '-f', file);
}

export const address = (path) => installation.endpoints.http + path;
export const run = (...words) => installation.run(...words);
export const endpoints = () => installation.endpoints;

// A browser window of its own (cookies, storage), with one tab open at `path`. `close` fails when anything complained.
export async function open(path, { width = 1280, height = 800, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, permissions: ['clipboard-read', 'clipboard-write'] });
  const complaints = [];
  context.on('page', (page) => {
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
    page.on('dialog', (dialog) => (complaints.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  });
  const page = await context.newPage();
  await go(page, path);
  return {
    context,
    page,
    close: async () => {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

export async function go(page, path) {
  await page.goto(address(path));
  await ready(page);
}

export const ready = (page) => page.locator('main[data-ready]').waitFor({ timeout: 20_000 });

export async function withPage(path, options, check) {
  const opened = await open(path, options);
  try {
    await check(opened.page, opened.context);
  } catch (error) {
    await opened.page.screenshot({ path: join(process.env.SCREENSHOTS, 'failure.png') }).catch(() => {});
    throw error;
  }
  await opened.close();
}

export const screenshot = (page, name) => page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });

// What axe calls serious or critical.
export async function assertAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
    [],
  );
}

export async function assertFits(page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `the page is ${wider} px wider than the window`);
}
