import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useStatuses } from '../api/catalog';
import { approvalOf, descriptionOf, lifecycleOf, serverPath, shortName, specOf, titleOf } from '../api/server';
import type { ServerStatus } from '../gen/portolan/v1/catalog_service_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Chip, LifecycleChip } from '../parts/Chip';
import { Monogram } from '../parts/Monogram';
import { HealthStatus } from '../parts/Status';
import { plural } from '../parts/time';
import classes from './discover.module.css';

const rowHeight = 190;
const cardWidth = 216;
const gap = 12;

// Cards in rows, of which only those near the window exist: ten thousand servers scroll as ten do.
export function ServerCards({ servers }: { servers: Resource[] }) {
  const statuses = useStatuses().data;
  const list = useRef<HTMLUListElement>(null);
  const { ref, width: observedWidth } = useElementSize<HTMLUListElement>();
  const [top, setTop] = useState(0);
  // Before the first paint nothing was observed yet: the cards are there from the first frame on.
  const [firstWidth, setFirstWidth] = useState(0);
  useLayoutEffect(() => {
    if (!list.current) return;
    setTop(list.current.getBoundingClientRect().top + window.scrollY);
    setFirstWidth(list.current.clientWidth);
  });
  const width = observedWidth || firstWidth;
  const columns = Math.max(1, Math.floor((width + gap) / (cardWidth + gap)));
  const rows = useWindowVirtualizer({
    count: width === 0 ? 0 : Math.ceil(servers.length / columns),
    estimateSize: () => rowHeight,
    overscan: 4,
    scrollMargin: top,
  });
  return (
    <ul ref={useMergedRef(list, ref)} className={classes.cards} aria-label="Servers" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().flatMap((row) =>
        servers.slice(row.index * columns, (row.index + 1) * columns).map((server, column) => (
          <li
            key={server.name}
            aria-setsize={servers.length}
            aria-posinset={row.index * columns + column + 1}
            style={{
              top: row.start - top,
              left: `calc(${column} * (100% + ${gap}px) / ${columns})`,
              width: `calc((100% + ${gap}px) / ${columns} - ${gap}px)`,
              height: rowHeight - gap,
            }}
          >
            <ServerCard resource={server} status={statuses?.get(server.name)} />
          </li>
        )),
      )}
    </ul>
  );
}

function ServerCard({ resource, status }: { resource: Resource; status: ServerStatus | undefined }) {
  const server = specOf(resource);
  if (server === undefined) return null;
  const stage = lifecycleOf(server);
  const approval = approvalOf(server);
  return (
    <Link to={serverPath(resource.name)} className={classes.card}>
      <div className={classes.cardHead}>
        <Monogram name={shortName(resource)} />
        <div>
          <h3 title={titleOf(resource)}>{titleOf(resource)}</h3>
          <p className="mono" title={resource.name}>
            {resource.name}
          </p>
        </div>
      </div>
      <p className={classes.cardText}>{descriptionOf(server) || 'No description.'}</p>
      <div className={classes.cardOwner}>
        <span>{server.owner ? `Owner ${server.owner}` : 'No owner'}</span>
        {stage !== 'Production' && <LifecycleChip stage={stage} />}
        {approval && <Chip tone="warn">{approval}</Chip>}
      </div>
      <div className={classes.cardFoot}>
        <HealthStatus status={status} />
        <span>{status ? plural(status.tools, 'tool') : ''}</span>
      </div>
    </Link>
  );
}
