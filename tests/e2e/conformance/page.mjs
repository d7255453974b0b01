// docs/conformance.md: what the suite said of everything of ours, as it printed it.
import { readFileSync, writeFileSync } from 'node:fs';
import { behindTheGateway, needFixtures, notForAGateway, reasonOf } from './left_out.mjs';

const page = new URL('../../../docs/conformance.md', import.meta.url);

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return `${lines.join('\n')}\n`;
}

// `12`, or `9 of 12` checks.
const counts = (of) => (of ? (of.split('/')[0] === of.split('/')[1] ? of.split('/')[0] : of.replace('/', ' of ')) : '');

function totals(legs) {
  const rows = [['server', 'revision', 'the suite printed', 'scored scenarios', 'not scored']];
  for (const { server, revision, passed, failed, scored, scoredFailing, unscored, unscoredFailing } of legs) {
    rows.push([server, revision, `Total: ${passed} passed, ${failed} failed`, `${scored - scoredFailing} of ${scored}`, `${unscored - unscoredFailing} of ${unscored}`]);
  }
  return table(rows);
}

function scenarios(legs, revision) {
  const of = legs.filter((leg) => leg.revision === revision);
  const names = Object.keys(of[0].scenarios);
  return table([['scenario', ...of.map(({ server }) => server)], ...names.map((name) => [name, ...of.map((leg) => counts(leg.scenarios[name]))])]);
}

function clients(results) {
  const revisions = [...new Set(results.map(({ revision }) => revision))];
  const names = [...new Set(results.map(({ scenario }) => scenario))];
  const cell = (name, revision) => results.find((one) => one.scenario === name && one.revision === revision)?.checks?.toString() ?? '';
  return table([['scenario', ...revisions], ...names.map((name) => [name, ...revisions.map((revision) => cell(name, revision))])]);
}

function fixtures(revision) {
  return Object.entries(needFixtures[revision]).map(([scenario, entry]) => {
    const part = entry.checks ? ` (of its checks only ${entry.checks.join(', ')})` : '';
    return `- ${scenario}${part}: ${reasonOf(entry)}\n`;
  }).join('');
}

export const makePage = (legs, clientResults) => `# Conformance

What the official suite, \`@modelcontextprotocol/conformance@0.2.0-alpha.12\`, says of our servers and of the gateway.
\`tests/e2e/conformance/run --write\` fills this page; the test fails when a count changes, and when this page is not what it found.

- **our own server**: \`conformance_server\`, on the \`mcp\` library.
- **SDK server**: one with the suite's fixtures on the official library, asked directly.
- **SDK server behind the gateway**: the same one, asked through the gateway.
- **registry \`/mcp\`**: the registry's discovery, which has no fixtures. A scenario counts where it asks for none.

## Servers

${totals(legs)}
The registry fails exactly what asks for a fixture, below; of what is scored it fails nothing else. What is not scored are extensions
and scenarios that came after the release; the \`tasks-*\` ones the official library fails itself.

Checks passed, by scenario (one number: all of them):

### 2025-11-25

${scenarios(legs, '2025-11-25')}
### 2026-07-28

${scenarios(legs, '2026-07-28')}
Behind the gateway ${Object.keys(behindTheGateway['2025-11-25']).join(', ')} has a check less, and is scored by nobody: the gateway calls that server
in its newest revision, which breaks no stream off, so there is no resumption to look at.

## The gateway as a client

The suite plays the server, the gateway stands between it and an official client that does what the scenario asks for. All pass; the
numbers count the kinds of checks, each of which may be made for many messages.

${clients(clientResults)}
Left out:

${notForAGateway.map(([name, reason]) => `- \`${String(name).replace(/^\/\^|\\|\/$/g, '')}*\`: ${reason}\n`).join('')}
## What asks for fixtures

Not asked of the registry's own server, 2025-11-25:

${fixtures('2025-11-25')}
2026-07-28:

${fixtures('2026-07-28')}`;

// With PORTOLAN_WRITE set: keeps it. Else the difference to what is kept; undefined when there is none.
export function keepPage(text) {
  if (process.env.PORTOLAN_WRITE) return void writeFileSync(page, text);
  let kept = '';
  try {
    kept = readFileSync(page, 'utf8');
  } catch {}
  if (kept === text) return undefined;
  const line = text.split('\n').find((one, i) => one !== kept.split('\n')[i]);
  return `docs/conformance.md is not what was found; tests/e2e/conformance/run --write keeps it. First: ${line}`;
}
