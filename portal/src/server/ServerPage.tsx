import { Button, Skeleton, Tabs, Tooltip } from '@mantine/core';
import { IconPin, IconPinnedOff } from '../parts/icons';
import { useParams, useSearchParams } from 'react-router';
import { useDefinitions, useServers, useStatuses } from '../api/catalog';
import { approvalOf, commandName, lifecycleOf, shortName, specOf, titleOf, transportOf } from '../api/server';
import { Page } from '../frame/Page';
import { usePins } from '../frame/pins';
import { DefinitionKind_Value } from '../gen/portolan/v1/definitions_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Chip, LifecycleChip } from '../parts/Chip';
import { CopyAsCommand } from '../parts/Copy';
import { Failure, Message } from '../parts/Message';
import { Monogram } from '../parts/Monogram';
import { HealthStatus } from '../parts/Status';
import { number } from '../parts/time';
import { Overview } from './Overview';
import classes from './server.module.css';
import { Tools } from './Tools';

export function ServerPage() {
  const { namespace = '', name = '' } = useParams();
  const full = `${namespace}/${name}`;
  const { data, error, isError, isPending, refetch } = useServers();
  const resource = data?.byName.get(full);
  if (resource) return <Found resource={resource} />;
  return (
    <Page title={name} ready={!isPending}>
      {isPending ? (
        <div className={classes.pageLoading} aria-hidden="true">
          <Skeleton height={40} radius={8} />
          <Skeleton height={220} radius={8} />
        </div>
      ) : isError ? (
        <Failure page what="The catalog" error={error} retry={() => void refetch()} />
      ) : (
        <Message page title={`${full} is not in the catalog`}>It was removed, it is hidden from you, or the address is mistyped.</Message>
      )}
    </Page>
  );
}

function Found({ resource }: { resource: Resource }) {
  const [parameters, setParameters] = useSearchParams();
  const statuses = useStatuses();
  const definitions = useDefinitions(resource.name);
  const server = specOf(resource)!;
  const status = statuses.data?.get(resource.name);
  const tab = parameters.get('tab') === 'tools' ? 'tools' : 'overview';
  const toolCount = definitions.data?.definitions.filter((definition) => definition.kind === DefinitionKind_Value.TOOL).length;

  // Empty values leave the URL.
  function set(change: Record<string, string | undefined>) {
    setParameters(
      (now) => {
        const next = new URLSearchParams(now);
        for (const [key, value] of Object.entries(change)) {
          if (value === undefined) continue;
          if (value === '') next.delete(key);
          else next.set(key, value);
        }
        return next;
      },
      { replace: change.tab === undefined, preventScrollReset: true },
    );
  }

  return (
    <Page title={titleOf(resource)} ready={!statuses.isPending && !definitions.isPending} flush>
      <Tabs value={tab} onChange={(next) => set({ tab: next === 'overview' ? '' : (next ?? '') })} keepMounted={false} classNames={{ list: classes.tabs, tab: classes.tab }}>
        <div className={classes.head}>
          <Monogram name={shortName(resource)} size={40} />
          <div className={classes.headText}>
            <div className={classes.headTitle}>
              <h1>{titleOf(resource)}</h1>
              <LifecycleChip stage={lifecycleOf(server)} />
              {approvalOf(server) && <Chip tone="warn">{approvalOf(server)}</Chip>}
              <HealthStatus status={status} />
            </div>
            <p className={classes.headFacts}>
              <span className="mono">{resource.name}</span>
              {server.currentVersion && <span>{server.currentVersion}</span>}
              {server.owner && <span>{server.owner}</span>}
              <span>{transportOf(server)}</span>
            </p>
          </div>
          <div className={classes.headActions}>
            <CopyAsCommand command={`portolan show ${commandName(resource)}`} />
            <Pin name={resource.name} />
          </div>
        </div>
        <Tabs.List aria-label="About this server">
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="tools" rightSection={toolCount === undefined ? undefined : <span className={classes.count}>{number(toolCount)}</span>}>
            Tools
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview">
          <Overview resource={resource} status={status} editor={parameters.get('editor') ?? ''} setEditor={(editor) => set({ editor })} />
        </Tabs.Panel>
        <Tabs.Panel value="tools">
          <Tools
            resource={resource}
            state={{
              kind: parameters.get('kind') ?? 'tools',
              item: parameters.get('tool') ?? '',
              view: parameters.get('view') === 'json' ? 'json' : 'table',
              set: ({ kind, item, view }) => set({ kind: kind === 'tools' ? '' : kind, tool: item, view: view === 'table' ? '' : view }),
            }}
          />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Pin({ name }: { name: string }) {
  const { pins, toggle } = usePins();
  const pinned = pins.includes(name);
  const Icon = pinned ? IconPinnedOff : IconPin;
  return (
    <Tooltip label={pinned ? 'Take it from the rail' : 'Keep it in the rail'}>
      <Button onClick={() => toggle(name)} leftSection={<Icon size={15} stroke={1.5} aria-hidden="true" />}>
        {pinned ? 'Unpin' : 'Pin'}
      </Button>
    </Tooltip>
  );
}
