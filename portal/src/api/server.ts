// What the pages read from a Server resource, with the contract's defaults filled in.
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { type Server, Approval_State, DefinitionChange_Action, Lifecycle_Stage } from '../gen/portolan/v1/server_pb';
import { plain } from '../parts/plain';

export type Transport = 'Streamable HTTP' | 'HTTP+SSE' | 'stdio' | 'External';

export function specOf(resource: Resource): Server | undefined {
  return resource.spec.case === 'server' ? resource.spec.value : undefined;
}

export function transportOf(server: Server): Transport {
  if (server.endpoint?.transport.case === 'streamableHttp') return 'Streamable HTTP';
  if (server.endpoint?.transport.case === 'sse') return 'HTTP+SSE';
  if (server.endpoint?.transport.case === 'stdio') return 'stdio';
  return 'External';
}

const stages: Record<Lifecycle_Stage, string> = {
  [Lifecycle_Stage.UNSPECIFIED]: 'Production',
  [Lifecycle_Stage.DESIGN]: 'Design',
  [Lifecycle_Stage.DEVELOPMENT]: 'Development',
  [Lifecycle_Stage.TESTING]: 'Testing',
  [Lifecycle_Stage.PREVIEW]: 'Preview',
  [Lifecycle_Stage.PRODUCTION]: 'Production',
  [Lifecycle_Stage.DEPRECATED]: 'Deprecated',
  [Lifecycle_Stage.RETIRED]: 'Retired',
};
export const lifecycleOf = (server: Server) => stages[server.lifecycle] ?? 'Production';

export function approvalOf(server: Server): string | undefined {
  switch (server.approval) {
    case Approval_State.DRAFT:
      return 'Draft';
    case Approval_State.PENDING:
      return 'Waits for approval';
    case Approval_State.REJECTED:
      return 'Rejected';
    default:
      return undefined;
  }
}

export function onChangeOf(server: Server): string {
  switch (server.onDefinitionChange) {
    case DefinitionChange_Action.HOLD:
      return 'Hold';
    case DefinitionChange_Action.WARN:
      return 'Warn';
    default:
      return 'Accept';
  }
}

// The short name: what a person types, and what stands in a tool's id.
export function shortName(resource: Resource): string {
  return specOf(resource)?.basePath || tailOf(resource.name);
}

// What the command line takes: a base path, else the whole name.
export const commandName = (resource: Resource) => specOf(resource)?.basePath || resource.name;

export const titleOf = (resource: Resource) => plain(specOf(resource)?.title ?? '') || shortName(resource);

export const descriptionOf = (server: Server) => plain(server.description);

export const tailOf = (name: string) => name.slice(name.indexOf('/') + 1);

// Path of a server's page. Names are `namespace/name`; each part is encoded, whatever it holds.
export function serverPath(name: string, parameters?: Record<string, string>): string {
  const path = `/servers/${name.split('/').map(encodeURIComponent).join('/')}`;
  const query = new URLSearchParams(parameters).toString();
  return query ? `${path}?${query}` : path;
}

// A link a person may follow: only http and https, whatever a server says of itself.
export function safeLink(url: string): string | undefined {
  try {
    const { protocol } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}
