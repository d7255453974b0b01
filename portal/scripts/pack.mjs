// pack.mjs OUT: writes dist/ as OUT/portal_files.S (the bytes) and OUT/portal_files.cc (the table for embedded.h).
// Text is kept plain, as gzip and as Brotli; fonts and pictures, which are compressed already, plain.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const out = resolve(process.argv[2]);

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

const names = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  .map((entry) => join(entry.parentPath, entry.name).slice(dist.length))
  .sort();

const brotli = (bytes) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });

mkdirSync(join(out, 'content'), { recursive: true });
const assembly = ['    .section .rodata'];
const symbols = [];
const rows = [];
let count = 0;

// Writes one form of a file beside the assembly that includes it; returns the C++ for its StaticContent.
function content(bytes, tag) {
  const symbol = `portal_content_${count++}`;
  const path = join(out, 'content', symbol);
  writeFileSync(path, bytes);
  assembly.push(`    .global ${symbol}`, `${symbol}:`, `    .incbin "${path}"`);
  symbols.push(`extern const char ${symbol}[];`);
  return `{{${symbol}, ${bytes.length}}, "\\"${tag}\\""}`;
}

for (const name of names) {
  const type = types[extname(name)];
  if (type === undefined) throw new Error(`pack: ${name} has an extension without a content type`);
  const plain = readFileSync(join(dist, name));
  const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  // A compressed form is kept when it saves a tenth.
  const forms = [[gzipSync(plain, { level: 9 }), 'gz'], [brotli(plain), 'br']].map(([bytes, suffix]) =>
    bytes.length < plain.length * 0.9 ? content(bytes, `${tag}-${suffix}`) : '{}');
  const immutable = name.startsWith('/assets/');
  rows.push(`    {"${name}", "${type}", ${immutable}, ${content(plain, tag)}, ${forms.join(', ')}},`);
}
assembly.push('    .section .note.GNU-stack,"",%progbits', '');

writeFileSync(join(out, 'portal_files.S'), assembly.join('\n'));
writeFileSync(
  join(out, 'portal_files.cc'),
  `#include "portal/embedded.h"

extern "C" {
${symbols.join('\n')}
}

namespace portal {
namespace {
const base::http::StaticFile kFiles[] = {
${rows.join('\n')}
};
}  // namespace

std::span<const base::http::StaticFile> EmbeddedFiles() { return kFiles; }

}  // namespace portal
`,
);
