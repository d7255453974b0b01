// A whole Portolan of its own for the tests: both daemons on free ports, in a temporary folder; with `--demo` the demo servers.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const portolan = join(process.env.PORTOLAN_BIN, 'portolan');

export class Installation {
  static async start(...flags) {
    const data = await mkdtemp(join(tmpdir(), 'portolan-e2e-'));
    const anyPort = ['--gateway-listen', '--http-listen', '--grpc-listen', '--admin-listen'].flatMap((flag) => [flag, '127.0.0.1:0']);
    // The kernel ends it with us, whatever becomes of us.
    const up = spawn('setpriv', ['--pdeathsig', 'TERM', portolan, 'up', '--print-endpoints', '--data', data, ...anyPort, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let talk = '';
    up.stderr.on('data', (chunk) => (talk = (talk + chunk).slice(-20_000)));
    const endpoints = {};
    const ready = (async () => {
      for await (const line of createInterface({ input: up.stdout })) {
        const [key, ...value] = line.split('=');
        endpoints[key] = value.join('=');
        if (key === 'portal') return;
      }
      throw new Error(`portolan up ended before it was ready:\n${talk}`);
    })();
    await ready;
    up.stdout.resume();
    const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim();
    return new Installation(up, data, endpoints, token, () => talk);
  }

  constructor(up, data, endpoints, token, talk) {
    Object.assign(this, { up, data, endpoints, token, talk });
  }

  // Runs the command line as admin; returns what it prints.
  async run(...words) {
    const env = { ...process.env, PORTOLAN_REGISTRY: this.endpoints.grpc, PORTOLAN_TOKEN: this.token, NO_COLOR: '1' };
    const { stdout } = await execute(portolan, words, { env, timeout: 90_000 });
    return stdout;
  }

  // Adds a server, and waits until all workers of the gateway serve it: the command returns when the gateway has tried the
  // server, which may be some milliseconds before its new routes are in force.
  async add(name, ...words) {
    await this.run('add', name, ...words);
    const url = `${this.endpoints.gateway}/${name}/mcp`;
    for (let found = 0; found < 8; ) {
      const { status } = await fetch(url, { method: 'PUT', headers: { connection: 'close' } });
      found = status === 404 ? 0 : found + 1;
    }
  }

  // A key of a consumer. Gateways know it soon, and before any server that is added after it.
  async makeKey(consumer) {
    return JSON.parse(await this.run('key', 'create', consumer, '-o', 'json')).key;
  }

  // A method of the JSON API, as admin; returns the answer's JSON.
  async api(method, request) {
    const response = await fetch(`${this.endpoints.http}/api/portolan.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  // undefined while there is none.
  async gatewayPid() {
    const children = (await readFile(`/proc/${this.up.pid}/task/${this.up.pid}/children`, 'utf8')).trim().split(' ');
    for (const child of children) {
      const words = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      if (words.includes('portolan-gateway')) return Number(child);
    }
  }

  // kill -9 of the gateway; returns when the next one, on the same port, serves.
  async killGateway() {
    const old = await this.gatewayPid();
    process.kill(old, 'SIGKILL');
    for (;;) {
      const ready = await fetch(`${this.endpoints.admin}/readyz`).then(({ ok }) => ok, () => false);
      if (ready && (await this.gatewayPid()) !== old) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop() {
    if (process.env.PORTOLAN_TALK) console.log(this.talk());  // for who looks for what went wrong
    const ended = new Promise((resolve) => this.up.once('exit', resolve));
    if (this.up.exitCode === null && this.up.kill('SIGTERM')) await ended;
    await rm(this.data, { recursive: true, force: true });
  }
}
