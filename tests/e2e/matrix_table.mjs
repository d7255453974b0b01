// The matrix as a table: for people at the end of the test, and for docs/matrix.md.
import { writeFileSync } from 'node:fs';
import { fullClients } from './full_clients.mjs';
import { isOpen, lossOf, losses } from './losses.mjs';
import { features } from './probes.mjs';

const clients = Object.keys(fullClients);

function cell(matrix, server, client, feature) {
  const failures = matrix[server]?.[client];
  if (!failures) return '?';
  const loss = lossOf(client, server, feature);
  if (failures[feature] && isOpen(client, server, feature)) return 'open';
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

const tables = (matrix) => Object.keys(matrix).map((server) => `### ${server}\n\n${table(matrix, server)}\n`).join('\n');
const reasons = () => losses.map(({ feature, reason }, i) => `${i + 1}. ${feature}: ${reason}\n`).join('');

export const printMatrix = (matrix) => `\n${tables(matrix)}\n${reasons()}`;

export function writeMatrix(matrix) {
  const page = `# Clients, servers, features

What each official client can do with each server through the gateway. \`tests/e2e/matrix.test.mjs\` fills this page
(\`tests/e2e/run --write\`) and fails when a cell changes.

${tables(matrix)}
## Losses

What is lost is lost by the protocol's own rules:

${reasons()}`;
  writeFileSync(new URL('../../docs/matrix.md', import.meta.url), page);
}
