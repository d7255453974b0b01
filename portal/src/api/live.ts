// Live: keeps the query cache true by the registry's Watch streams.
//
// A browser allows six connections to a registry without TLS, and a stream holds one: so one tab of the browser (whoever
// has the lock) follows, and tells the others over a BroadcastChannel. When it closes, the next one goes on from the
// revision it has. Without locks (a page that is no secure context) each tab follows, while it is seen.
import { Code, ConnectError } from '@connectrpc/connect';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import {
  WatchResponseSchema,
  WatchStatusResponseSchema,
  type WatchResponse,
  type WatchStatusResponse,
} from '../gen/portolan/v1/catalog_service_pb';
import { applyServer, applyStatus, keys, type Servers } from './catalog';
import { catalog } from './client';

type Message = { kind: 'catalog' | 'status'; bytes: Uint8Array } | { kind: 'lost' };

// The catalog's stream says its revision about every second: silent for so long, it is dead.
const silenceLimit = 10_000;

// What the frame shows: is anybody following, and how far has the catalog come.
let state = { connected: false, revision: 0n };
const listeners = new Set<() => void>();
function setState(change: Partial<typeof state>) {
  state = { ...state, ...change };
  listeners.forEach((listener) => listener());
}
export function useLive() {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function startLive(client: QueryClient): void {
  const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('portolan-live');
  let searchTimer: ReturnType<typeof setTimeout> | undefined;

  // Hits follow the catalog, but a burst of changes asks once.
  function refreshSearch() {
    searchTimer ??= setTimeout(() => {
      searchTimer = undefined;
      void client.invalidateQueries({ queryKey: keys.search });
    }, 500);
  }

  function takeCatalog(message: WatchResponse) {
    if (!state.connected) setState({ connected: true });
    if (message.event.case === 'change' && message.event.value.resource) {
      const { resource, deleted } = message.event.value;
      applyServer(client, resource, deleted);
      refreshSearch();
      if (resource.revision > state.revision) setState({ revision: resource.revision });
    } else if (message.event.case === 'revision' && message.event.value > state.revision) {
      setState({ revision: message.event.value });
    }
  }

  function takeStatus({ status }: WatchStatusResponse) {
    if (!status) return;
    applyStatus(client, status);
    void client.invalidateQueries({ queryKey: [...keys.definitions, status.server] });
    refreshSearch();
  }

  function take(message: Message) {
    if (message.kind === 'catalog') takeCatalog(fromBinary(WatchResponseSchema, message.bytes));
    else if (message.kind === 'status') takeStatus(fromBinary(WatchStatusResponseSchema, message.bytes));
    else setState({ connected: false });
  }

  function tell(message: Message) {
    take(message);
    channel?.postMessage(message);
  }

  // Follows one stream for ever: opens it again, ever more slowly, when it ends or is silent for too long.
  async function follow<T>(
    open: (signal: AbortSignal) => Promise<AsyncIterable<T>>,
    each: (event: T) => void,
    silence: number | undefined,
    lost: () => void,
  ) {
    for (let failures = 0; ; failures += 1) {
      if (failures > 0) await sleep(Math.min(5_000, 250 * 2 ** failures));
      const stream = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const heard = () => {
        clearTimeout(timer);
        if (silence !== undefined) timer = setTimeout(() => stream.abort(), silence);
      };
      try {
        heard();
        for await (const event of await open(stream.signal)) {
          heard();
          failures = 0;
          each(event);
        }
      } catch (error) {
        // Too far behind to be told the changes: list again, then watch from there.
        if (ConnectError.from(error).code === Code.OutOfRange) await client.refetchQueries({ queryKey: keys.servers });
      }
      clearTimeout(timer);
      lost();
    }
  }

  async function serversOf(): Promise<Servers> {
    for (;;) {
      const servers = client.getQueryData<Servers>(keys.servers);
      if (servers) return servers;
      await sleep(100);
    }
  }

  function lead() {
    let revision = 0n;
    void follow(
      async (signal) => {
        const servers = await serversOf();
        const fromRevision = servers.revision > revision ? servers.revision : revision;
        return catalog.watch({ kinds: ['Server'], fromRevision }, { signal });
      },
      (event) => {
        if (event.event.case === 'revision') revision = event.event.value;
        tell({ kind: 'catalog', bytes: toBinary(WatchResponseSchema, event) });
      },
      silenceLimit,
      () => tell({ kind: 'lost' }),
    );
    void follow(
      async (signal) => catalog.watchStatus({}, { signal }),
      (event) => tell({ kind: 'status', bytes: toBinary(WatchStatusResponseSchema, event) }),
      undefined,
      // What changes while nobody listens.
      () => void client.invalidateQueries({ queryKey: keys.statuses }),
    );
  }

  if (channel) channel.onmessage = ({ data }: MessageEvent<Message>) => take(data);
  if (channel && navigator.locks) {
    // Held as long as this tab lives.
    void navigator.locks.request('portolan-live', () => {
      lead();
      return new Promise(() => {});
    });
  } else {
    lead();
  }
}
