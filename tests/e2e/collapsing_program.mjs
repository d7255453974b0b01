// An older server on stdin and stdout, made by hand: its tool `collapse` ends it in mid-call, after a word of progress or
// without one.
import { createInterface } from 'node:readline';

const say = (message) => new Promise((resolve) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`, resolve));
const serverInfo = { name: 'collapsing', version: '1.0.0' };
const tools = ['hello', 'collapse'].map((name) => ({ name, inputSchema: { type: 'object' } }));

const answers = {
  initialize: () => ({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }),
  ping: () => ({}),
  'tools/list': () => ({ tools }),
  async 'tools/call'({ name, arguments: args, _meta }) {
    if (name === 'hello') return { content: [{ type: 'text', text: 'hello' }] };
    if (args.after) await say({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress: 1 } });
    process.exit(1);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  if (answers[method]) await say({ id, result: await answers[method](params) });
  else await say({ id, error: { code: -32601, message: `Method not found: ${method}` } });
}
