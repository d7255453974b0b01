// A server of 2026-07-28 alone, by the official library: `modern_server.mjs stdio`, or `PORT=N modern_server.mjs http`.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

function make() {
  const server = new McpServer({ name: 'modern', version: '1.0.0' });
  server.registerTool(
    'multiply',
    { description: 'Returns the product of two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => ({ content: [{ type: 'text', text: String(a * b) }] }),
  );
  server.registerTool('fail', { description: 'Fails always', inputSchema: z.object({}) }, () => ({
    content: [{ type: 'text', text: 'it failed, as it must' }],
    isError: true,
  }));
  return server;
}

if (process.argv[2] === 'stdio') {
  serveStdio(make, { legacy: 'reject' });
} else {
  createServer(toNodeHandler(createMcpHandler(make, { legacy: 'reject' }))).listen(Number(process.env.PORT), '127.0.0.1');
}
