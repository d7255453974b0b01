// The client under test in the suite's client scenarios: adds the suite's mock server to a running Portolan and does, through the
// gateway, what the scenario asks a client to do. So it is the gateway that the mock server sees.
//   GATEWAY_URL, PORTOLAN_REGISTRY, PORTOLAN_TOKEN, PORTOLAN_BIN: the installation.  MCP_CONFORMANCE_*: set by the suite.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const { GATEWAY_URL, PORTOLAN_BIN, MCP_CONFORMANCE_SCENARIO: scenario, MCP_CONFORMANCE_PROTOCOL_VERSION: revision } = process.env;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const modern = revision === '2026-07-28';
const server = `${scenario.replaceAll(/[^a-z0-9]+/g, '-')}-${process.pid}`;
const execute = promisify(execFile);

// Fills a form with its defaults, as a user does who changes nothing.
const withDefaults = ({ params: { requestedSchema } }) => ({
  action: 'accept',
  content: Object.fromEntries(
    Object.entries(requestedSchema.properties).filter(([, field]) => 'default' in field).map(([name, field]) => [name, field.default])),
});

const steps = {
  tools_call: (client) => client.callTool({ name: 'add_numbers', arguments: { a: 5, b: 3 } }),
  'elicitation-sep1034-client-defaults': callAll,
  'sse-retry': callAll,
  'request-metadata': callAll,
  'sep-2322-client-request-state': callAll,
  'http-standard-headers': async (client, tools) => {
    await callAll(client, tools);
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  },
  'http-custom-headers': async (client) => {
    for (const call of context.toolCalls) await client.callTool(call);
  },
  'http-invalid-tool-headers': callAll,
  'json-schema-2020-12-preservation': async (client, tools) => {
    const { inputSchema } = tools.find(({ name }) => name === 'json_schema_2020_12_tool');
    await client.callTool({ name: 'json_schema_echo', arguments: { schema: inputSchema } });
  },
};

// Every tool, with something for each required argument.
async function callAll(client, tools) {
  const something = { string: 'text', integer: 1, number: 1, boolean: true, array: [], object: {}, null: null };
  for (const { name, inputSchema } of tools) {
    const required = (inputSchema.required ?? []).map((key) => [key, something[inputSchema.properties?.[key]?.type ?? 'string']]);
    // A mock server may answer what this library refuses; what counts is what the mock saw.
    await client.callTool({ name, arguments: Object.fromEntries(required) }).catch((error) => console.error(`${name}: ${error.message}`));
  }
}

await execute(join(PORTOLAN_BIN, 'portolan'), ['add', server, process.argv.at(-1)], { timeout: 90_000 });
const client = new Client({ name: 'portolan-tests', version: '1.0.0' }, {
  capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
  versionNegotiation: { mode: modern ? { pin: revision } : 'legacy' },
});
client.setRequestHandler('elicitation/create', withDefaults);
client.setRequestHandler('sampling/createMessage', () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'sampled' } }));
client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///tmp', name: 'tmp' }] }));
const transport = new StreamableHTTPClientTransport(new URL(`${GATEWAY_URL}/${server}/mcp`));
await client.connect(transport);
try {
  const { tools } = await client.listTools();
  await steps[scenario]?.(client, tools);
} finally {
  // The gateway listens on for a caller whose stream broke off; one that says good-bye it lets go.
  await transport.terminateSession();
  await client.close();
}
