// A client by hand, for what the libraries hide: status, headers, and the events of a stream as they lie on the wire.
import { request } from 'node:http';

const accept = 'application/json, text/event-stream';

// Posts a message; the answer's status, headers and JSON.
export async function post(url, message, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

// Begins a session of an older revision; the headers that its requests bear.
export async function openSession(url, headers = {}) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'by hand', version: '1' } };
  const answer = await post(url, { id: 0, method: 'initialize', params }, headers);
  if (answer.status !== 200 || answer.body.id !== 0) throw new Error(`initialize: ${answer.status} ${answer.text}`);
  return { 'mcp-session-id': answer.headers.get('mcp-session-id'), 'mcp-protocol-version': '2025-11-25', ...headers };
}

// The events of one stream: { id, data } each, data as JSON.
class Stream {
  #rest = '';
  constructor(response) {
    this.response = response.setEncoding('utf8');
    this.status = response.statusCode;
  }
  pause = () => this.response.pause();
  resume = () => this.response.resume();
  breakOff = () => this.response.destroy();

  async *#events() {
    for await (const chunk of this.response.iterator({ destroyOnReturn: false })) {
      const texts = (this.#rest + chunk).split('\n\n');
      this.#rest = texts.pop();
      for (const text of texts) yield parse(text);
    }
  }
  async toEnd() {
    const events = [];
    for await (const event of this.#events()) events.push(event);
    return events;
  }
  // Up to the first for which `wanted` holds; what has come behind it is dropped.
  async untilEvent(wanted) {
    const events = [];
    for await (const event of this.#events()) {
      events.push(event);
      if (wanted(event)) return events;
    }
    throw new Error(`the stream ended: ${JSON.stringify(events.slice(-2))}`);
  }
}

function parse(text) {
  const event = {};
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (key) event[key] = value;
  }
  return { ...event, data: event.data ? JSON.parse(event.data) : undefined };
}

// Posts a message and reads its stream; without a message: GET.
export function openStream(url, message, headers = {}) {
  return new Promise((resolve, reject) => {
    const method = message ? 'POST' : 'GET';
    const type = message ? { 'content-type': 'application/json' } : {};
    const sent = request(url, { method, headers: { accept: message ? accept : 'text/event-stream', ...type, ...headers } });
    sent.on('response', (response) => resolve(new Stream(response)));
    sent.on('error', reject);
    sent.end(message && JSON.stringify({ jsonrpc: '2.0', ...message }));
  });
}
