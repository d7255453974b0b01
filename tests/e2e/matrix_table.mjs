// The matrix as a table: for people at the end of the test, and for docs/matrix.md.
import { writeFileSync } from 'node:fs';
import { fullClients } from './full_clients.mjs';
import { lossOf, losses } from './losses.mjs';
import { features } from './probes.mjs';

const clients = Object.keys(fullClients);
const servers = {
  'everything-stdio': 'server-everything (2025-11-25), stdio',
  'everything-sse': 'server-everything, HTTP+SSE',
  'everything-http': 'server-everything, Streamable HTTP',
  modern: 'official library v2 (2026-07-28 alone), Streamable HTTP',
  portolan: 'our own library (all revisions), Streamable HTTP',
};

function cell(matrix, server, client, feature) {
  const failures = matrix[server]?.[client];
  if (!failures) return '?';
  const loss = lossOf(client, server, feature);
  if (!failures[feature]) return loss ? 'unexpected' : 'yes';
  return loss ? `lost (${losses.indexOf(loss) + 1})` : 'FAILS';
}

function table(matrix, server) {
  const rows = [['feature', ...clients], ...features.map((feature) => [feature, ...clients.map((client) => cell(matrix, server, client, feature))])];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

const tables = (matrix, heading) =>
  Object.entries(servers).map(([server, title]) => `${heading}${title}\n\n${table(matrix, server)}\n`).join('\n');
const reasons = () => losses.map(({ feature, reason }, i) => `${i + 1}. ${feature}: ${reason}\n`).join('');

export const printMatrix = (matrix) => `\n${tables(matrix, '')}\n${reasons()}`;

export function writeMatrix(matrix) {
  const page = `# Clients, servers, features

What each official client can do with each server through the gateway. \`tests/e2e/matrix.test.mjs\` fails when a cell changes;
\`tests/e2e/run --write "" matrix\` writes this page.

- SDK v1: \`@modelcontextprotocol/sdk\`, Streamable HTTP.
- SDK v2: \`@modelcontextprotocol/client\`, Streamable HTTP, in its legacy mode (2025-11-25) or pinned to 2026-07-28.
- SSE, 2024-11-05: SDK v1's client of the HTTP+SSE transport, with the oldest revision.

${tables(matrix, '## ')}
## Losses

What is lost is lost by the protocol's own rules ([revisions.md](revisions.md) has all of them):

${reasons()}`;
  writeFileSync(new URL('../../docs/matrix.md', import.meta.url), page);
}
