import { SegmentedControl, Skeleton, TextInput } from '@mantine/core';
import { IconFlame, IconPencil, IconSearch } from '../parts/icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { useDefinitions } from '../api/catalog';
import { commandName, shortName } from '../api/server';
import { DefinitionKind_Value, type Definition } from '../gen/portolan/v1/definitions_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Card } from '../parts/Card';
import { Chip } from '../parts/Chip';
import { CommandLine, shellWord } from '../parts/Copy';
import { EffectChip } from '../parts/Effect';
import { Json, prettyJson } from '../parts/Json';
import { Failure, Message } from '../parts/Message';
import { plain } from '../parts/plain';
import { number } from '../parts/time';
import { readTool } from './definition';
import { SchemaCard, type SchemaView } from './SchemaCard';
import classes from './server.module.css';

export const kinds = [
  { value: 'tools', title: 'Tools', kinds: [DefinitionKind_Value.TOOL] },
  { value: 'resources', title: 'Resources', kinds: [DefinitionKind_Value.RESOURCE, DefinitionKind_Value.RESOURCE_TEMPLATE] },
  { value: 'prompts', title: 'Prompts', kinds: [DefinitionKind_Value.PROMPT] },
];

export interface ToolsState {
  kind: string;
  item: string;
  view: SchemaView;
  set: (change: { kind?: string; item?: string; view?: SchemaView }) => void;
}

// What the server offers: a list, and one of it in full.
export function Tools({ resource, state }: { resource: Resource; state: ToolsState }) {
  const { data, error, isPending, refetch } = useDefinitions(resource.name);
  const kind = kinds.find((one) => one.value === state.kind) ?? kinds[0]!;
  const definitions = data?.definitions ?? [];
  const offered = definitions.filter((definition) => kind.kinds.includes(definition.kind));
  const chosen = offered.find((definition) => definition.name === state.item) ?? offered[0];
  const offeredKinds = kinds
    .map((one) => ({ ...one, count: definitions.filter((definition) => one.kinds.includes(definition.kind)).length }))
    .filter((one) => one.count > 0 || one.value === kind.value);

  if (error) return <Failure what="What the server offers" error={error} retry={() => void refetch()} />;
  if (isPending) {
    return (
      <div className={classes.toolsLoading} aria-hidden="true">
        <Skeleton height={320} radius={8} />
        <Skeleton height={320} radius={8} />
      </div>
    );
  }
  if (definitions.length === 0) {
    return (
      <Message title="Nothing listed yet" more={<CommandLine verb="portolan doctor" rest={commandName(resource)} />}>
        Tools are here as soon as a gateway has listed them. This command checks every stage on the way there.
      </Message>
    );
  }
  return (
    <div className={classes.tools}>
      <div className={classes.toolList}>
        {offeredKinds.length > 1 && (
          <SegmentedControl
            fullWidth
            aria-label="Kind"
            value={kind.value}
            onChange={(next) => state.set({ kind: next, item: '' })}
            data={offeredKinds.map((one) => ({ value: one.value, label: `${one.title} ${one.count}` }))}
          />
        )}
        <ToolList definitions={offered} chosen={chosen?.name} choose={(item) => state.set({ item })} title={kind.title} />
      </div>
      <div className={classes.tool}>
        {chosen ? (
          chosen.kind === DefinitionKind_Value.TOOL ? (
            <ToolDetail key={chosen.name} resource={resource} definition={chosen} view={state.view} setView={(view) => state.set({ view })} />
          ) : (
            <OtherDetail key={chosen.name} definition={chosen} />
          )
        ) : (
          <Message title={`No ${kind.title.toLowerCase()}`}>The server offers none.</Message>
        )}
      </div>
    </div>
  );
}

const rowHeight = 30;

function ToolList({ definitions, chosen, choose, title }: { definitions: Definition[]; chosen: string | undefined; choose: (name: string) => void; title: string }) {
  const [filter, setFilter] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => definitions.filter((definition) => definition.name.toLowerCase().includes(filter.trim().toLowerCase())), [definitions, filter]);
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => list.current, estimateSize: () => rowHeight, overscan: 12 });
  return (
    <>
      <TextInput value={filter} onChange={(event) => setFilter(event.currentTarget.value)} placeholder="Filter" aria-label={`Filter ${title.toLowerCase()}`} leftSection={<IconSearch size={15} stroke={1.5} />} />
      <div ref={list} className={classes.toolNames} tabIndex={-1}>
        <ul style={{ height: rows.getTotalSize() }} aria-label={title}>
          {rows.getVirtualItems().map((row) => {
            const definition = shown[row.index]!;
            return (
              <li key={definition.name} style={{ top: row.start, height: row.size }} aria-setsize={shown.length} aria-posinset={row.index + 1}>
                <button type="button" aria-current={definition.name === chosen || undefined} onClick={() => choose(definition.name)} title={definition.name}>
                  <span className="mono">{plain(definition.name)}</span>
                  <EffectMark definition={definition} />
                </button>
              </li>
            );
          })}
        </ul>
        {shown.length === 0 && <p className={classes.cardEmpty}>Nothing with these letters.</p>}
      </div>
    </>
  );
}

function EffectMark({ definition }: { definition: Definition }) {
  if (definition.kind !== DefinitionKind_Value.TOOL) return null;
  const { effect } = readTool(definition);
  if (effect === 'Destructive') return <IconFlame size={14} stroke={1.5} className={classes.bad} aria-label="Destructive" />;
  if (effect === 'Writes') return <IconPencil size={14} stroke={1.5} aria-label="Writes" />;
  return null;
}

// Models read about a token for each four characters of a definition.
const tokensOf = (definition: Definition) => Math.ceil(definition.json.length / 4);

function ToolDetail({ resource, definition, view, setView }: { resource: Resource; definition: Definition; view: SchemaView; setView: (view: SchemaView) => void }) {
  const tool = readTool(definition);
  return (
    <article aria-labelledby="tool-title">
      <div className={classes.toolHead}>
        <h2 id="tool-title" className="mono">
          {plain(definition.name)}
        </h2>
        <EffectChip effect={tool.effect} />
        {tool.idempotent === true && <Chip tone="line">Idempotent</Chip>}
        {tool.idempotent === false && tool.effect !== 'Read-only' && <Chip tone="line">Not idempotent</Chip>}
      </div>
      <p className={classes.toolText}>{tool.description || tool.title || 'The server says nothing about it.'}</p>
      <div className={classes.toolCards}>
        <SchemaCard title="Arguments" schema={tool.inputSchema} empty="It takes no arguments." view={view} setView={setView} />
        {tool.outputSchema !== undefined && <SchemaCard title="Result" note="structured" schema={tool.outputSchema} empty="Any object." view={view} setView={setView} />}
        <CommandLine verb="portolan call" rest={shellWord(`${shortName(resource)}.${definition.name}`)} />
        <p className={classes.toolFoot}>
          <span>
            Costs a model about <b>{number(tokensOf(definition))} tokens</b> to read
          </span>
          {definition.hash && (
            <span title={definition.hash}>
              Definition <code>{`sha256:${definition.hash.slice(0, 4)}…${definition.hash.slice(-4)}`}</code>
            </span>
          )}
        </p>
      </div>
    </article>
  );
}

function OtherDetail({ definition }: { definition: Definition }) {
  return (
    <article aria-labelledby="tool-title">
      <div className={classes.toolHead}>
        <h2 id="tool-title" className="mono">
          {plain(definition.name)}
        </h2>
      </div>
      <p className={classes.toolText}>{readTool(definition).description}</p>
      <Card title="As the server describes it">
        <div className={classes.cardBody}>
          <Json text={prettyJson(definition.json)} label="Definition as JSON" />
        </div>
      </Card>
    </article>
  );
}
