// Builds the portal into dist/: the client of the contract, the type check, the bundle.
//
// Skipped when dist/ was made from the same sources, whichever build asks: dist/.stamp holds their hash. So a build
// needs the npm modules only when something changed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const portal = dirname(dirname(fileURLToPath(import.meta.url)));
const proto = join(portal, '..', 'proto');
const generated = join(portal, 'src', 'gen');
const stamp = join(portal, 'dist', '.stamp');

function* files(path) {
  if (path === generated) return;
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* files(child);
    else yield child;
  }
}

function hashOfSources() {
  const hash = createHash('sha256');
  const own = ['index.html', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'].map((name) => join(portal, name));
  const sources = [...own, ...['src', 'public', 'scripts'].flatMap((name) => [...files(join(portal, name))])];
  for (const path of [...sources, ...[...files(proto)].filter((name) => name.endsWith('.proto'))]) {
    hash.update(relative(portal, path)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function generateClient() {
  const protos = [...files(join(proto, 'portolan'))].filter((name) => !name.endsWith('bootstrap.proto'));
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  const plugin = join(portal, 'node_modules', '.bin', 'protoc-gen-es');
  // The plugin is a script: it finds the node that runs this one.
  const env = { ...process.env, PATH: dirname(process.execPath) + delimiter + process.env.PATH };
  const options = [`--proto_path=${proto}`, `--plugin=protoc-gen-es=${plugin}`, `--es_out=${generated}`, '--es_opt=target=ts'];
  execFileSync('protoc', [...options, ...protos], { env, stdio: 'inherit' });
}

function runTool(script, ...options) {
  const { status } = spawnSync(process.execPath, [script, ...options], { cwd: portal, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const hash = hashOfSources();
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
  console.log('portal: dist/ is up to date');
} else {
  if (!existsSync(join(portal, 'node_modules', 'vite'))) {
    console.error('portal: its npm modules are not installed. Run scripts/setup (or: cd portal && npm ci), then build again.');
    process.exit(1);
  }
  const packageOf = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  generateClient();
  runTool(join(packageOf('typescript'), 'bin', 'tsc'), '--noEmit');
  runTool(join(packageOf('vite'), 'bin', 'vite.js'), 'build', '--logLevel', 'warn');
  writeFileSync(stamp, hash);
}
