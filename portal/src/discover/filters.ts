// The facets of Discover: what they are, how the URL says them, and which servers pass.
import { useSearchParams } from 'react-router';
import { lifecycleOf, specOf, transportOf } from '../api/server';
import type { Resource } from '../gen/portolan/v1/resource_pb';

export const facets = {
  tag: { title: 'Tag', values: (server: Resource) => specOf(server)?.tags ?? [] },
  owner: { title: 'Owner', values: (server: Resource) => [specOf(server)?.owner].filter((owner) => owner !== undefined && owner !== '') as string[] },
  lifecycle: { title: 'Lifecycle', values: (server: Resource) => (specOf(server) ? [lifecycleOf(specOf(server)!)] : []) },
  transport: { title: 'Transport', values: (server: Resource) => (specOf(server) ? [transportOf(specOf(server)!)] : []) },
} as const;

export type FacetName = keyof typeof facets;
export const facetNames = Object.keys(facets) as FacetName[];
export type Chosen = Record<FacetName, string[]>;

// Within a facet any value will do; every facet must be met.
export function passes(server: Resource, chosen: Chosen, except?: FacetName): boolean {
  return facetNames.every((name) => {
    const wanted = chosen[name];
    if (name === except || wanted.length === 0) return true;
    const values = facets[name].values(server);
    return wanted.some((value) => values.includes(value));
  });
}

export interface FacetValue {
  value: string;
  count: number;
}

// Values of a facet over `servers`, the most frequent first; those chosen stay even when nothing has them.
// A count says what choosing that value would show, so the facet's own choice does not narrow it.
export function countValues(servers: Resource[], name: FacetName, chosen: Chosen): FacetValue[] {
  const counts = new Map<string, number>();
  for (const value of chosen[name]) counts.set(value, 0);
  for (const server of servers) {
    const counted = passes(server, chosen, name) ? 1 : 0;
    for (const value of facets[name].values(server)) counts.set(value, (counts.get(value) ?? 0) + counted);
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

// What Discover shows, kept in the URL.
export interface View {
  query: string;
  chosen: Chosen;
  tools: boolean;
  servers: boolean;
}

export function useView() {
  const [parameters, setParameters] = useSearchParams();
  const hidden = parameters.getAll('hide');
  const view: View = {
    query: parameters.get('q') ?? '',
    chosen: Object.fromEntries(facetNames.map((name) => [name, parameters.getAll(name)])) as Chosen,
    tools: !hidden.includes('tools'),
    servers: !hidden.includes('servers'),
  };

  function change(edit: (next: URLSearchParams) => void) {
    setParameters(
      (now) => {
        const next = new URLSearchParams(now);
        edit(next);
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  }
  return {
    view,
    setQuery: (query: string) => change((next) => (query === '' ? next.delete('q') : next.set('q', query))),
    // Of a facet, or of `hide`.
    toggle: (name: FacetName | 'hide', value: string) =>
      change((next) => {
        const values = next.getAll(name);
        next.delete(name);
        for (const kept of values.includes(value) ? values.filter((one) => one !== value) : [...values, value]) next.append(name, kept);
      }),
    clearFilters: () => change((next) => [...facetNames, 'hide'].forEach((name) => next.delete(name))),
  };
}

export const anyChosen = (chosen: Chosen) => facetNames.some((name) => chosen[name].length > 0);
