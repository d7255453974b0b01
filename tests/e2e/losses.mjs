// What does not work, and why: the losses that the protocol itself dictates when a gateway stands between eras
// (docs/revisions.md). Everything else must work.
const everything = ['everything-stdio', 'everything-sse', 'everything-http'];
const all = ['SDK v1', 'SDK v2, legacy', 'SDK v2, 2026-07-28', 'SSE, 2024-11-05'];

export const losses = [
  {
    feature: 'list_changed',
    clients: all,
    servers: everything,
    reason:
      'the reference server changes the list of one session only; the gateway has one list for all callers, since list endpoints must not vary per connection (2026-07-28)',
  },
  {
    feature: 'logging',
    clients: ['SDK v2, 2026-07-28'],
    servers: ['everything-http'],
    reason:
      'the reference server logs beside its calls; a caller of 2026-07-28 asks for logs with a call and hears them in the answer to it',
  },
];

const covers = (client, server, feature) => (entry) =>
  (entry.feature ?? feature) === feature && (entry.clients ?? [client]).includes(client) && (entry.servers ?? [server]).includes(server);

export const lossOf = (client, server, feature) => losses.find(covers(client, server, feature));
