// Taps: what really arrives at a server. The reference server tells nobody that a call of it was cancelled, so the tests
// read the messages that come to it: from an HTTP relay, or from a copy of a child's stdin.
import { once } from 'node:events';
import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { Heard } from './heard.mjs';

// Relays every exchange to `target`, byte by byte as it comes. Keeps the messages that were posted, and of each exchange its
// verb, path and status.
export async function tapHttp(target) {
  const heard = new Heard();
  const exchanges = [];
  const relay = createServer((incoming, outgoing) => {
    const { hostname, port } = new URL(target);
    const onward = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers });
    const body = [];
    const exchange = { verb: incoming.method, path: incoming.url, status: 0 };
    exchanges.push(exchange);
    incoming.on('data', (chunk) => body.push(chunk));
    incoming.on('end', () => note(heard, Buffer.concat(body).toString()));
    incoming.pipe(onward);
    onward.on('response', (answer) => {
      exchange.status = answer.statusCode;
      outgoing.writeHead(answer.statusCode, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    heard,
    exchanges,
    origin: `http://127.0.0.1:${relay.address().port}`,
    stop: () => {
      relay.close();
      relay.closeAllConnections();
    },
  };
}

// Follows a file of messages, one a line, that others append to.
export async function tapFile(path) {
  const heard = new Heard();
  const file = await open(path, 'a+');
  let position = 0;
  let rest = '';
  const read = async () => {
    const { size } = await file.stat();
    if (size === position) return;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - position), position });
    position += bytesRead;
    const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
    rest = lines.pop();
    for (const line of lines) note(heard, line);
  };
  let reading = Promise.resolve();
  const watcher = watch(path, () => (reading = reading.then(read, read)));
  return {
    heard,
    path,
    stop: async () => {
      watcher.close();
      await reading;
      await file.close();
    },
  };
}

function note(heard, text) {
  try {
    heard.add(JSON.parse(text));
  } catch {
    // Not a message.
  }
}
