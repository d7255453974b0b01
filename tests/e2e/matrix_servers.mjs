// The servers of the matrix: each with its tap, the ways to reach it directly, and the words that add it to a Portolan.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectStdio, fullClients } from './full_clients.mjs';
import { everything, modern, startHttpServer } from './servers.mjs';
import { tapFile, tapHttp } from './taps.mjs';

const ours = join(process.env.PORTOLAN_BIN, 'conformance_server');

// server-everything, started by whoever talks to it; what it is told is copied to a file.
async function everythingByStdio() {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-tap-'));
  const tap = await tapFile(join(folder, 'messages'));
  const command = ['bash', '-c', `exec '${process.execPath}' '${everything}' stdio < <(exec tee -a '${tap.path}')`];
  return {
    dialect: 'everything',
    tap,
    direct: { 'SDK v1, stdio': () => connectStdio(command[0], command.slice(1)) },
    add: ['--', ...command],
    async stop() {
      await tap.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// server-everything over HTTP, behind a tap.
async function everythingByHttp(transport, last, clients) {
  const server = await startHttpServer(everything, [transport]);
  const tap = await tapHttp(server.url);
  return {
    dialect: 'everything',
    tap,
    direct: Object.fromEntries(clients.map((client) => [client, () => fullClients[client](tap.origin)])),
    add: [`${tap.origin}/${last}`],
    stop() {
      tap.stop();
      server.stop();
    },
  };
}

async function modernByHttp() {
  const server = await startHttpServer(modern, ['http']);
  return {
    dialect: 'suite',
    direct: { 'SDK v2, 2026-07-28': () => fullClients['SDK v2, 2026-07-28'](new URL('.', server.url).href.slice(0, -1)) },
    add: [server.url],
    stop: server.stop,
  };
}

// Our own server, which prints its URL when it is ready.
async function oursByHttp() {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ours, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${ours} ended with ${code}`)));
  });
  const at = new URL('.', url).href.slice(0, -1);
  const clients = ['SDK v1', 'SDK v2, legacy', 'SDK v2, 2026-07-28'];
  return {
    dialect: 'suite',
    direct: Object.fromEntries(clients.map((client) => [client, () => fullClients[client](at)])),
    add: [url],
    stop: () => child.kill('SIGTERM'),
  };
}

// Name -> what starts it. Names are base paths on the gateway too.
export const starters = {
  'everything-stdio': everythingByStdio,
  'everything-sse': () => everythingByHttp('sse', 'sse', ['SSE, 2024-11-05']),
  'everything-http': () => everythingByHttp('streamableHttp', 'mcp', ['SDK v1', 'SDK v2, legacy']),
  'modern': modernByHttp,
  'portolan': oursByHttp,
};

export async function startAll() {
  const names = Object.keys(starters);
  const started = await Promise.all(names.map((name) => starters[name]()));
  return Object.fromEntries(names.map((name, i) => [name, started[i]]));
}
