// Runs the official conformance suite and reads its summary.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const program = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js');

// What it printed under SUMMARY, each scenario's counts and the sums; and by scenario the ids of the checks that failed and passed.
export async function runSuite(leg, words, env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'portolan-conformance-'));
  try {
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, program, leg, ...words, '-o', folder], {
      env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, output, ...read(output), ...(await checksIn(folder)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// The suite keeps each scenario's checks in `server-SCENARIO-TIME/checks.json`, or without `server-`. A check may be made, and counted,
// once for each message.
async function checksIn(folder) {
  const failures = {};
  const successes = {};
  for (const name of await readdir(folder)) {
    const scenario = name.match(/^(?:server-)?(.*)-\d{4}-\d\d-\d\dT/)?.[1];
    if (!scenario) continue;
    const checks = JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8'));
    const ids = (wanted) => [...new Set(checks.filter(({ status }) => status === wanted).map(({ id }) => id))];
    if (ids('FAILURE').length > 0) failures[scenario] = ids('FAILURE');
    successes[scenario] = ids('SUCCESS');
  }
  return { failures, successes };
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
  const unscored = [...summary.matchAll(/^ +[✓✗] (\S+) \(/gm)].map(([, name]) => name);
  const scored = Object.keys(scenarios).filter((name) => !unscored.includes(name));
  const failingOf = (names) => names.filter((name) => failing.includes(name)).length;
  return {
    summary, scenarios, passed, failed, failing,
    scored: scored.length, scoredFailing: failingOf(scored), unscored: unscored.length, unscoredFailing: failingOf(unscored),
  };
}

export const runServer = (url, revision) => runSuite('server', ['--url', url, '--requirements', revision]);

// The names of the client scenarios that a revision requires, and of those that nobody scores.
export async function clientScenarios(revision) {
  const child = spawn(process.execPath, [program, 'list', '--requirements', revision], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const section = output.slice(output.indexOf('Client scenarios'), output.indexOf('Run and reported'));
  const required = [...section.matchAll(/^ +- (\S+)$/gm)].map(([, name]) => name);
  const unscored = [...output.matchAll(/^ +- (\S+) \[client\]$/gm)].map(([, name]) => name);
  return [...required, ...unscored];
}

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
