// The MCP servers that the clients reach through the gateway: the official reference server (older revisions only), and
// one made with the official v2 server library that speaks 2026-07-28 and nothing else.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
export const everything = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')), 'dist/index.js');
export const modern = join(here, 'modern_server.mjs');

// server-everything takes a port, but none of "any free one": ask the system for one.
export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

// A server over HTTP that ends with us; `url` once it answers.
export async function startHttpServer(file, words) {
  const port = await freePort();
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, file, ...words], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let talk = '';
  child.stderr.on('data', (chunk) => (talk += chunk));
  const url = `http://127.0.0.1:${port}/mcp`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${file} ended: ${talk}`);
    const answered = await fetch(url, { method: 'OPTIONS' }).then(() => true, () => false);
    if (answered) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, stop: () => child.kill('SIGTERM') };
}
