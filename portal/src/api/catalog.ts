// The catalog as the pages read it: queries whose answers live.ts keeps true.
import { Code, ConnectError } from '@connectrpc/connect';
import { useInfiniteQuery, useQuery, type QueryClient } from '@tanstack/react-query';
import { SearchTarget_Value, type SearchResponse, type ServerStatus } from '../gen/portolan/v1/catalog_service_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { access, catalog, fleet } from './client';

// All servers by name, true at a revision.
export interface Servers {
  byName: ReadonlyMap<string, Resource>;
  revision: bigint;
}
export type Statuses = ReadonlyMap<string, ServerStatus>;

export const keys = {
  servers: ['servers'] as const,
  statuses: ['statuses'] as const,
  definitions: ['definitions'] as const,
  search: ['search'] as const,
  gateways: ['gateways'] as const,
};

async function listServers(signal: AbortSignal): Promise<Servers> {
  const byName = new Map<string, Resource>();
  let pageToken = '';
  let revision: bigint | undefined;
  do {
    const page = await catalog.list({ kind: 'Server', pageSize: 1000, pageToken }, { signal });
    for (const resource of page.resources) byName.set(resource.name, resource);
    // Of the first page: what changed while the others came is heard again by watching from here.
    revision ??= page.revision;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return { byName, revision };
}

async function listStatuses(signal: AbortSignal): Promise<Statuses> {
  const { statuses } = await catalog.listStatus({}, { signal });
  return new Map(statuses.map((status) => [status.server, status]));
}

// Asking again helps when the registry is away, not when it said no.
export const isPassing = (error: unknown) => [Code.Unavailable, Code.Unknown, Code.DeadlineExceeded].includes(ConnectError.from(error).code);

// Read once, then kept true by live.ts; until it could be read, asked for every few seconds.
const live = {
  staleTime: Infinity,
  gcTime: Infinity,
  refetchInterval: ({ state }: { state: { status: string; error: unknown } }) => (state.status === 'error' && isPassing(state.error) ? 5_000 : (false as const)),
};

export const useServers = () => useQuery({ queryKey: keys.servers, queryFn: ({ signal }) => listServers(signal), ...live });
export const useStatuses = () => useQuery({ queryKey: keys.statuses, queryFn: ({ signal }) => listStatuses(signal), ...live });

export const definitionsQuery = (server: string) => ({
  queryKey: [...keys.definitions, server],
  queryFn: ({ signal }: { signal: AbortSignal }) => catalog.getDefinitions({ server }, { signal }),
  staleTime: Infinity,
});
export const useDefinitions = (server: string) => useQuery(definitionsQuery(server));

export interface SearchPage extends SearchResponse {
  milliseconds: number;
}

const pageSize = 25;

export function useSearch(query: string, target: SearchTarget_Value) {
  return useInfiniteQuery({
    queryKey: [...keys.search, target, query],
    queryFn: async ({ pageParam, signal }): Promise<SearchPage> => {
      const started = performance.now();
      const answer = await catalog.search({ query, k: pageSize, target, explain: true, cursor: pageParam }, { signal });
      return { ...answer, milliseconds: performance.now() - started };
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor || undefined,
    enabled: query !== '',
    staleTime: 30_000,
    // The hits of the words before stay until the new ones are here: no jump while typing.
    placeholderData: (previous) => previous,
  });
}

export const useDescribe = () =>
  useQuery({ queryKey: ['describe'], queryFn: ({ signal }) => catalog.describe({}, { signal }), staleTime: 60_000 });

// Asked every few seconds: a gateway's revision moves without a change of the catalog.
export const useGateways = () =>
  useQuery({ queryKey: keys.gateways, queryFn: ({ signal }) => fleet.listGateways({}, { signal }), refetchInterval: 5_000 });

export const useWhoAmI = () =>
  useQuery({ queryKey: ['whoami'], queryFn: ({ signal }) => access.whoAmI({}, { signal }), staleTime: 60_000, retry: false });

export function applyServer(client: QueryClient, resource: Resource, deleted: boolean): void {
  const servers = client.getQueryData<Servers>(keys.servers);
  if (servers === undefined) {
    // A list is on its way and may have been read before this change: ask anew.
    void client.invalidateQueries({ queryKey: keys.servers });
    return;
  }
  const known = servers.byName.get(resource.name)?.revision ?? servers.revision;
  if (resource.revision <= known) return;
  const byName = new Map(servers.byName);
  if (deleted) byName.delete(resource.name);
  else byName.set(resource.name, resource);
  client.setQueryData<Servers>(keys.servers, { byName, revision: servers.revision });
}

export function applyStatus(client: QueryClient, status: ServerStatus): void {
  client.setQueryData<Statuses>(keys.statuses, (statuses) => statuses && new Map(statuses).set(status.server, status));
}
