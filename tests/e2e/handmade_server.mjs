// A server made by hand, in this process, so that it can do what no decent server does: forget its sessions, break off in
// mid-answer, refuse what must not be refused, stream faster than anybody reads.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

// One call of a tool, and the ways to answer it.
class Exchange {
  constructor(server, message, request, response) {
    Object.assign(this, { server, message, request, response });
    this.arguments = message.params?.arguments ?? {};
  }
  // From now on the answer is an event stream.
  stream() {
    if (!this.response.headersSent) this.response.writeHead(200, { 'content-type': 'text/event-stream' });
    return this.response;
  }
  // Resolves when there is room for more.
  async send(message, id) {
    const event = `${id ? `id: ${id}\n` : ''}event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
    if (!this.stream().write(event)) await this.#room();
  }
  #room() {
    const { response } = this;
    return new Promise((resolve) => {
      const done = () => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }
  progress(progress, more = {}) {
    const progressToken = this.message.params._meta?.progressToken;
    return this.send({ method: 'notifications/progress', params: { progressToken, progress, ...more } });
  }
  async result(result) {
    const answer = { id: this.message.id, result: this.server.era === 'modern' ? { resultType: 'complete', ...result } : result };
    if (!this.response.headersSent) return this.server.json(this.response, 200, answer);
    await this.send(answer);
    this.response.end();
  }
  text(text) {
    return this.result({ content: [{ type: 'text', text }] });
  }
  // The end without an end: the connection is gone.
  breakOff() {
    this.response.destroy();
  }
}

export class HandmadeServer {
  sessions = new Set();
  // Methods of the messages that were served, in order.
  served = [];
  // Open GET streams.
  streams = new Set();

  // `tools`: name -> { run(exchange), ...definition }. `hooks.refuse(message, request)` may give [status, body] instead.
  static async start(tools, { era = 'older', refuse = () => undefined } = {}) {
    const server = new HandmadeServer();
    Object.assign(server, { tools, era, refuse });
    server.http = createServer((request, response) => server.#serve(request, response));
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    server.url = `http://127.0.0.1:${server.http.address().port}/mcp`;
    return server;
  }
  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }
  count = (method) => this.served.filter((served) => served === method).length;

  json(response, status, message, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }
  error(response, status, id, code, message, data) {
    this.json(response, status, { id: id ?? null, error: { code, message, data } });
  }

  async #serve(request, response) {
    if (request.method === 'GET' && this.era === 'older') return this.#listen(request, response);
    if (request.method !== 'POST') return response.writeHead(405).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    const message = JSON.parse(body);
    const refusal = this.refuse(message, request, this);
    if (refusal) return this.error(response, refusal[0], message.id, refusal[1], refusal[2]);
    if (this.era === 'older' && !this.#inSession(message, request, response)) return;
    this.served.push(message.method);
    if (message.id === undefined) return response.writeHead(202).end();
    this.#answer(new Exchange(this, message, request, response));
  }

  #listen(request, response) {
    if (!this.sessions.has(request.headers['mcp-session-id'])) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
  }
  // Tells all who listen.
  tell(method) {
    for (const stream of this.streams) stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method })}\n\n`);
  }

  // As the reference server does: whoever does not begin with initialize is refused.
  #inSession(message, request, response) {
    if (message.method === 'initialize') return true;
    const session = request.headers['mcp-session-id'];
    if (this.sessions.has(session)) return true;
    if (session) this.error(response, 404, message.id, -32001, 'Session not found');
    else this.error(response, 400, message.id, -32000, 'Bad Request: Server not initialized');
    return false;
  }

  #answer(exchange) {
    const { message, response } = exchange;
    const serverInfo = { name: 'handmade', version: '1.0.0' };
    const capabilities = { tools: { listChanged: true } };
    const cache = this.era === 'modern' ? { ttlMs: 0, cacheScope: 'private' } : {};
    switch (message.method) {
      case 'initialize': {
        const session = randomUUID();
        this.sessions.add(session);
        const result = { protocolVersion: '2025-11-25', capabilities, serverInfo };
        return this.json(response, 200, { id: message.id, result }, { 'mcp-session-id': session });
      }
      case 'server/discover': {
        const _meta = { 'io.modelcontextprotocol/serverInfo': serverInfo };
        return exchange.result({ supportedVersions: ['2026-07-28'], capabilities, _meta, ...cache });
      }
      case 'tools/list': {
        const list = Object.entries(this.tools).map(([name, { run, ...definition }]) => ({ name, inputSchema: { type: 'object' }, ...definition }));
        return exchange.result({ tools: list, ...cache });
      }
      case 'tools/call':
        return this.tools[message.params.name].run(exchange);
      case 'ping':
        return exchange.result({});
      default:
        return this.error(response, this.era === 'modern' ? 404 : 200, message.id, -32601, `Method not found: ${message.method}`);
    }
  }
}
