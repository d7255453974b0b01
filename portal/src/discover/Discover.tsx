import { Button, Skeleton } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconAdjustmentsHorizontal, IconSearch, IconX } from '../parts/icons';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSearch, useServers } from '../api/catalog';
import { titleOf } from '../api/server';
import { Page } from '../frame/Page';
import { AddServer } from '../frame/TopBar';
import { SearchTarget_Value, type SearchHit } from '../gen/portolan/v1/catalog_service_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Card } from '../parts/Card';
import { CopyAsCommand, shellWord } from '../parts/Copy';
import { Failure, Message } from '../parts/Message';
import { duration, number, plural } from '../parts/time';
import classes from './discover.module.css';
import { Facets } from './Facets';
import { anyChosen, facetNames, passes, useView, type Chosen } from './filters';
import { ServerCards } from './ServerCards';
import { FewHits, ToolHits } from './ToolHits';

// Tools shown before "Show N more".
const firstTools = 5;

export function Discover() {
  const { view, setQuery, toggle, clearFilters } = useView();
  const query = view.query.trim();
  const servers = useServers();
  const tools = useSearch(query, SearchTarget_Value.TOOLS);
  const found = useSearch(query, SearchTarget_Value.SERVERS);
  const [facetsOpen, facetsPanel] = useDisclosure(false);

  const all = useMemo(
    () => [...(servers.data?.byName.values() ?? [])].sort((a, b) => titleOf(a).localeCompare(titleOf(b)) || a.name.localeCompare(b.name)),
    [servers.data],
  );
  const hits = tools.data?.pages.flatMap((page) => page.hits) ?? [];
  const serverHits = found.data?.pages.flatMap((page) => page.hits) ?? [];
  const candidates = query === '' ? all : serverHits.flatMap((hit) => servers.data?.byName.get(hit.server || hit.id) ?? []);
  const shownServers = candidates.filter((server) => passes(server, view.chosen));
  const shownHits = hits.filter((hit) => passesHit(hit, servers.data?.byName, view.chosen));

  const failed = servers.isError ? servers : query !== '' && tools.isError ? tools : undefined;
  const searching = query !== '' && (tools.isPending || found.isPending);
  const loading = !failed && (servers.isPending || searching);
  const took = Math.max(tools.data?.pages[0]?.milliseconds ?? 0, found.data?.pages[0]?.milliseconds ?? 0);
  const summary = query === '' ? plural(shownServers.length, 'server') : `${plural(shownHits.length, 'tool')}, ${plural(shownServers.length, 'server')} in ${duration(took)}`;
  const toolsShown = query !== '' && view.tools && shownHits.length > 0;
  const serversShown = (query === '' || view.servers) && shownServers.length > 0;

  return (
    <Page title="Discover" ready={!loading}>
      <div className={classes.head}>
        <h1>Discover</h1>
        <CopyAsCommand command={query === '' ? 'portolan ls' : `portolan search ${shellWord(query)} --explain`} />
      </div>
      <SearchBox query={view.query} setQuery={setQuery} summary={loading || failed ? '' : summary} />
      <div className={classes.chips}>
        <Button leftSection={<IconAdjustmentsHorizontal size={16} stroke={1.5} aria-hidden="true" />} onClick={facetsPanel.toggle} aria-expanded={facetsOpen} aria-controls="facets">
          Filters
        </Button>
        {facetNames.flatMap((name) =>
          view.chosen[name].map((value) => (
            <Button key={`${name} ${value}`} rightSection={<IconX size={14} stroke={1.5} aria-hidden="true" />} onClick={() => toggle(name, value)} aria-label={`Without ${value}`}>
              {value}
            </Button>
          )),
        )}
      </div>
      <div className={classes.columns}>
        <aside id="facets" className={classes.facets} data-open={facetsOpen || undefined} aria-label="Filters">
          <Facets view={view} servers={query === '' ? all : facetServers(hits, candidates, servers.data?.byName)} toolCount={shownHits.length} serverCount={shownServers.length} toggle={toggle} />
        </aside>
        <div className={classes.results}>
          {failed ? (
            <Failure what="The catalog" error={failed.error} retry={() => void failed.refetch()} />
          ) : loading ? (
            <Loading />
          ) : (
            <>
              {toolsShown && <Tools hits={shownHits} more={tools.hasNextPage} fetchMore={() => void tools.fetchNextPage()} />}
              {serversShown && (
                <section aria-labelledby="servers-title">
                  <div className={classes.sectionHead}>
                    <h2 id="servers-title">Servers</h2>
                    <span>{number(shownServers.length)}</span>
                  </div>
                  <ServerCards servers={shownServers} />
                </section>
              )}
              {!toolsShown && !serversShown && (
                <Nothing query={query} filtered={anyChosen(view.chosen) || !view.tools || !view.servers} without={hits} total={all.length} clear={clearFilters} />
              )}
            </>
          )}
        </div>
      </div>
    </Page>
  );
}

function SearchBox({ query, setQuery, summary }: { query: string; setQuery: (query: string) => void; summary: string }) {
  const box = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
  const [settled] = useDebouncedValue(text, 150);
  const said = useRef(query);

  // Typing settles into the URL; a change of the URL from elsewhere comes back.
  useEffect(() => {
    if (settled === said.current) return;
    said.current = settled;
    setQuery(settled);
  }, [settled, setQuery]);
  useEffect(() => {
    if (query === said.current) return;
    said.current = query;
    setText(query);
  }, [query]);

  return (
    <form role="search" className={classes.search} onSubmit={(event) => event.preventDefault()}>
      <IconSearch size={18} stroke={1.5} aria-hidden="true" />
      <input
        ref={box}
        type="search"
        value={text}
        maxLength={1024}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && (text === '' ? box.current?.blur() : setText(''))}
        placeholder="Search servers and tools: what should be done?"
        aria-label="Search servers and tools"
        autoComplete="off"
        spellCheck={false}
      />
      <span className={classes.summary} role="status">
        {summary}
      </span>
      {text !== '' && (
        <button type="button" onClick={() => (setText(''), box.current?.focus())} aria-label="Clear the search">
          <IconX size={16} stroke={1.75} aria-hidden="true" />
        </button>
      )}
    </form>
  );
}

function Tools({ hits, more, fetchMore }: { hits: SearchHit[]; more: boolean; fetchMore: () => void }) {
  const [all, setAll] = useState(false);
  const shown = all ? hits : hits.slice(0, firstTools);
  const rest = hits.length - shown.length;
  return (
    <section aria-labelledby="tools-title">
      <div className={classes.sectionHead}>
        <h2 id="tools-title">Tools</h2>
        <span>
          {number(hits.length)}
          {more && '+'}
        </span>
        <span className={classes.sectionNote}>Ranked as agents see them</span>
      </div>
      <div className={classes.list}>
        <ToolHits hits={shown} />
        {(rest > 0 || (all && more)) && (
          <button type="button" className={classes.more} onClick={() => (all ? fetchMore() : setAll(true))}>
            {rest > 0 ? `Show ${plural(rest, 'more tool', 'more tools')}` : 'Show more tools'}
          </button>
        )}
      </div>
    </section>
  );
}

function Nothing({ query, filtered, without, total, clear }: { query: string; filtered: boolean; without: SearchHit[]; total: number; clear: () => void }) {
  if (filtered) {
    const near = without.length > 0 && <Near hits={without.slice(0, 3)} />;
    const rest = query === '' ? plural(total, 'server is', 'servers are') : plural(without.length, 'tool matches', 'tools match');
    return (
      <Message title="Nothing passes these filters" ways={<Button variant="filled" onClick={clear}>Clear the filters</Button>} more={near}>
        {query === '' ? 'No server of the catalog has all of what is chosen.' : `Nothing that matches “${query}” has all of what is chosen.`} Without the filters {rest} here.
      </Message>
    );
  }
  if (query !== '') {
    return (
      <Message title="Nothing here does that yet" ways={<AddServer primary />}>
        No tool or server you may see matches “{query}”. Name one task in a few plain words, or add a server that does it.
      </Message>
    );
  }
  return (
    <Message title="No servers yet" ways={<AddServer primary />}>
      The catalog is empty. A server is here as soon as it is added, and its tools as soon as a gateway has listed them.
    </Message>
  );
}

function Near({ hits }: { hits: SearchHit[] }) {
  return (
    <Card title="Without the filters">
      <FewHits hits={hits} />
    </Card>
  );
}

// Rows of the height that will come, and only when waiting is felt.
function Loading() {
  const [felt, setFelt] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setFelt(true), 150);
    return () => clearTimeout(timer);
  }, []);
  if (!felt) return null;
  return (
    <div className={classes.loading} aria-hidden="true">
      {Array.from({ length: 8 }, (_, index) => (
        <Skeleton key={index} height={178} radius={8} />
      ))}
    </div>
  );
}

function passesHit(hit: SearchHit, servers: ReadonlyMap<string, Resource> | undefined, chosen: Chosen): boolean {
  const server = servers?.get(hit.server);
  return server === undefined ? !anyChosen(chosen) : passes(server, chosen);
}

// The servers behind all that was found: the facets of a search count over them.
function facetServers(hits: SearchHit[], found: Resource[], servers: ReadonlyMap<string, Resource> | undefined): Resource[] {
  const behind = new Set(found);
  for (const hit of hits) {
    const server = servers?.get(hit.server);
    if (server) behind.add(server);
  }
  return [...behind];
}
