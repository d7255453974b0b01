// The fixtures over Streamable HTTP, both eras at one URL: modern requests each on their own, older revisions with sessions whose
// streams can be resumed. Listens on a free port of loopback, refuses other Hosts and Origins, and prints its URL.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { localhostHostValidation, localhostOriginValidation, NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { dynamic, makeServer } from './sdk_fixtures.mjs';

// Events of the streams of older revisions, in memory.
class Events {
  #all = [];
  async storeEvent(stream, message) {
    this.#all.push({ stream, message });
    return String(this.#all.length);
  }
  async getStreamIdForEventId(id) {
    return this.#all[Number(id) - 1]?.stream;
  }
  async replayEventsAfter(id, { send }) {
    const stream = this.#all[Number(id) - 1]?.stream;
    for (let next = Number(id); next < this.#all.length; next += 1) {
      const { stream: other, message } = this.#all[next];
      // A priming event has nothing to say.
      if (other === stream && message?.jsonrpc && (message.method || message.result || message.error)) await send(String(next + 1), message);
    }
    return stream;
  }
}

const sessions = new Map();
const present = { tools: false, prompts: false };
const world = {
  toggle(kind) {
    present[kind] = !present[kind];
    modern.notify[`${kind}Changed`]();
    for (const session of sessions.values()) show(session, kind);
  },
  touched(uri) {
    modern.notify.resourceUpdated(uri);
    for (const { server } of sessions.values()) server.server.sendResourceUpdated({ uri });
  },
};
// Makes a session's server show what is there; the library tells its client.
function show(session, kind) {
  if (present[kind]) session[kind] ??= dynamic[kind](session.server);
  else session[kind] = session[kind]?.remove();
}
function makeFresh() {
  const session = { server: makeServer(world) };
  for (const kind of Object.keys(present)) show(session, kind);
  return session;
}
const modern = createMcpHandler(() => makeFresh().server, { legacy: 'reject' });
const serveModern = toNodeHandler(modern);

async function read(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return JSON.parse(body);
}

const isModern = (request, body) =>
  request.headers['mcp-protocol-version'] >= '2026' || body?.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;

async function openSession() {
  const session = makeFresh();
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, session),
    onsessionclosed: (id) => sessions.delete(id),
    eventStore: new Events(),
    retryInterval: 100,
  });
  session.transport = transport;
  await session.server.connect(transport);
  return transport;
}

function refuse(response, status, code, message) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }));
}

async function serve(request, response) {
  let body;
  if (request.method === 'POST') {
    try {
      body = await read(request);
    } catch {
      return refuse(response, 400, -32700, 'Parse error');
    }
    // What has no session and does not open one is for the modern side to judge.
    if (isModern(request, body) || (!request.headers['mcp-session-id'] && body.method !== 'initialize')) return serveModern(request, response, body);
  }
  const id = request.headers['mcp-session-id'];
  if (id && !sessions.has(id)) return refuse(response, 404, -32001, 'Session not found');
  const transport = id ? sessions.get(id).transport : await openSession();
  return transport.handleRequest(request, response, body);
}

const checkHost = localhostHostValidation();
const checkOrigin = localhostOriginValidation();
const server = createServer((request, response) => {
  if (checkHost(request, response) && checkOrigin(request, response)) serve(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
