// All of it in one process: one installation and one browser serve every file.
import { after, before } from 'node:test';
import { setUp, tearDown } from './fixture.mjs';

before(setUp, { timeout: 120_000 });
after(tearDown);

await import('./files.mjs');
await import('./discover.mjs');
await import('./server.mjs');
await import('./hostile.mjs');
await import('./live.mjs');
await import('./looks.mjs');
await import('./login.mjs');
