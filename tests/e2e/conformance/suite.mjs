// Runs the official conformance suite and reads its summary.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const program = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js');

// What it printed under SUMMARY, each scenario's counts, and the sums.
export async function runSuite(leg, words, env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-conformance-'));
  try {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, program, leg, ...words, '-o', folder], {
      env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, output, ...read(output) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function read(output) {
  const summary = output.slice(output.lastIndexOf('SUMMARY ===') + 'SUMMARY ==='.length).trim();
  const scenarios = {};
  let passed = 0;
  let failed = 0;
  for (const [, name, good, bad] of summary.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed/gm)) {
    scenarios[name] = `${good}/${Number(good) + Number(bad)}`;
    passed += Number(good);
    failed += Number(bad);
  }
  const failing = Object.keys(scenarios).filter((name) => scenarios[name].split('/')[0] !== scenarios[name].split('/')[1]);
  return { summary, scenarios, passed, failed, failing };
}

export const runServer = (url, revision) => runSuite('server', ['--url', url, '--requirements', revision]);

// A program that prints its URL on its first line; it ends with us.
export async function startServer(command, ...words) {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', command, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}`)));
  });
  return { url, stop: () => child.kill('SIGTERM') };
}
