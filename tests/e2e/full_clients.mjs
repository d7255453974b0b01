// The official clients with everything that MCP has, behind the same words: what they hear is in `heard`, and they answer
// what a server asks of them.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import * as v1 from '@modelcontextprotocol/sdk/types.js';
import { generous, Heard } from './heard.mjs';

const me = { name: 'portolan-tests', version: '1.0.0' };
const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
export const answers = {
  elicitation: { action: 'accept', content: { name: 'Ada' } },
  sampling: { role: 'assistant', model: 'none', content: { type: 'text', text: 'a sampled sentence' } },
  roots: { roots: [{ uri: 'file:///somewhere', name: 'somewhere' }] },
};
const logLevel = 'io.modelcontextprotocol/logLevel';

const patience = { timeout: generous };
const fresh = { ...patience, cacheMode: 'refresh' };

class FullClient {
  heard = new Heard();

  constructor(client) {
    this.client = client;
  }
  // Everything that comes to the client goes into `heard` too, by whatever stream it came: the library sets `onmessage` as
  // often as it likes.
  listenTo(transport) {
    const { heard } = this;
    let deliver;
    Object.defineProperty(transport, 'onmessage', {
      get: () => deliver,
      set: (next) => {
        deliver = next && ((message, extra) => {
          if (heard.events.at(-1) !== message) heard.add(message);
          next(message, extra);
        });
      },
    });
    return transport;
  }
  tools = async () => (await this.client.listTools(undefined, fresh)).tools;
  resources = async () => (await this.client.listResources(undefined, fresh)).resources;
  read = (uri) => this.client.readResource({ uri }, patience);
  prompt = (name, args) => this.client.getPrompt({ name, arguments: args }, patience);
  complete = (prompt, name, value) =>
    this.client.complete({ ref: { type: 'ref/prompt', name: prompt }, argument: { name, value } }, patience);
  subscribe = (uri) => this.client.subscribeResource({ uri }, patience);
  // From now on the client hears of changed lists, and of all logs.
  hearChanges = async () => {};
  hearLogs = async () => void (await this.client.setLoggingLevel('debug', patience));
  call = (name, args = {}, options = {}) => this.client.callTool({ name, arguments: args }, undefined, { ...patience, ...options });
  close = () => this.client.close();
}

export class FullV1 extends FullClient {
  static async connect(transport) {
    const client = new ClientV1(me, { capabilities });
    client.setRequestHandler(v1.ElicitRequestSchema, () => answers.elicitation);
    client.setRequestHandler(v1.CreateMessageRequestSchema, () => answers.sampling);
    client.setRequestHandler(v1.ListRootsRequestSchema, () => answers.roots);
    const full = new FullV1(client);
    await client.connect(full.listenTo(transport), patience);
    return full;
  }
}

class FullV2 extends FullClient {
  call = (name, args = {}, options = {}) => this.client.callTool({ name, arguments: args }, { ...patience, ...options });

  static async connect(transport, mode) {
    const client = new ClientV2(me, { capabilities, versionNegotiation: { mode } });
    client.setRequestHandler('elicitation/create', () => answers.elicitation);
    client.setRequestHandler('sampling/createMessage', () => answers.sampling);
    client.setRequestHandler('roots/list', () => answers.roots);
    const full = mode === 'legacy' ? new FullV2(client) : new FullModern(client);
    await client.connect(full.listenTo(transport), patience);
    return full;
  }
}

// 2026-07-28 listens instead of subscribing, and asks for logs in each call.
class FullModern extends FullV2 {
  #meta = {};
  call = (name, args = {}, options = {}) =>
    this.client.callTool({ name, arguments: args, _meta: this.#meta }, { ...patience, ...options });
  subscribe = (uri) => this.client.listen({ resourceSubscriptions: [uri] }, patience);
  hearChanges = () => this.client.listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }, patience);
  hearLogs = async () => void (this.#meta = { [logLevel]: 'debug' });
}

// What a client of 2024-11-05 says of itself; the library would offer its newest revision over this transport too.
function sayOldest(transport) {
  const send = transport.send.bind(transport);
  transport.send = (message, ...more) => {
    if (message.method !== 'initialize') return send(message, ...more);
    return send({ ...message, params: { ...message.params, protocolVersion: '2024-11-05' } }, ...more);
  };
  return transport;
}

// `at` is a URL without its last part, `/sse` for the oldest, `/mcp` for all others; a key says who calls.
const target = (Transport, at, path, { key } = {}) =>
  new Transport(new URL(at + path), key && { requestInit: { headers: { authorization: `Bearer ${key}` } } });
export const fullClients = {
  'SDK v1': (at, { path = '/mcp', ...options } = {}) => FullV1.connect(target(TransportV1, at, path, options)),
  'SDK v2, legacy': (at, { path = '/mcp', ...options } = {}) => FullV2.connect(target(TransportV2, at, path, options), 'legacy'),
  'SDK v2, 2026-07-28': (at, { path = '/mcp', ...options } = {}) =>
    FullV2.connect(target(TransportV2, at, path, options), { pin: '2026-07-28' }),
  'SSE, 2024-11-05': (at, { path = '/sse', ...options } = {}) => FullV1.connect(sayOldest(target(SSEClientTransport, at, path, options))),
};

export const connectStdio = (command, args) => FullV1.connect(new StdioClientTransport({ command, args, stderr: 'ignore' }));
