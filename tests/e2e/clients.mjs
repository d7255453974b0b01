// The official clients, each behind the same three words: list, call, close.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const execute = promisify(execFile);
const me = { name: 'portolan-tests', version: '1.0.0' };
const inspectorFolder = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json'));
const inspector = join(inspectorFolder, '../../.bin/mcp-inspector');

const library = (client, makeTransport) => async (url) => {
  await client.connect(makeTransport(new URL(url)));
  return {
    revision: client.getNegotiatedProtocolVersion?.(),
    list: async () => (await client.listTools()).tools,
    call: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
};

const v2 = (mode) => (url) =>
  library(new ClientV2(me, { versionNegotiation: { mode } }), (target) => new TransportV2(target))(url);

const inspect = (era) => async (url) => {
  const ask = async (...words) => {
    const args = ['--cli', '--server-url', url, '--transport', 'http', '--protocol-era', era, '--format', 'json', '-q', ...words];
    const { stdout } = await execute(inspector, args, { timeout: 120_000 });
    return JSON.parse(stdout);
  };
  return {
    list: async () => {
      const answer = await ask('--method', 'tools/list');
      return answer.tools ?? answer.result.tools;
    },
    call: async (name, args) => {
      const answer = await ask('--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args));
      return answer.content ? answer : answer.result;
    },
    close: async () => {},
  };
};

export const clients = {
  'SDK v1': (url) => library(new ClientV1(me), (target) => new TransportV1(target))(url),
  'SDK v2, legacy': v2('legacy'),
  'SDK v2, auto': v2('auto'),
  'SDK v2, pinned to 2026-07-28': v2({ pin: '2026-07-28' }),
  'inspector, legacy': inspect('legacy'),
  'inspector, auto': inspect('auto'),
};

export async function withClient(name, url, use) {
  const client = await clients[name](url);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
