import { Checkbox } from '@mantine/core';
import { useId, useState } from 'react';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import classes from './discover.module.css';
import { countValues, facetNames, facets, type FacetName, type View } from './filters';

// A facet of many values shows this many until asked for all.
const shortList = 8;

interface Props {
  view: View;
  // What the counts are over: the servers that are found, or all.
  servers: Resource[];
  toolCount: number;
  serverCount: number;
  toggle: (name: FacetName | 'hide', value: string) => void;
}

export function Facets({ view, servers, toolCount, serverCount, toggle }: Props) {
  return (
    <>
      {view.query !== '' && (
        <Group title="Show">
          <Value label="Tools" count={toolCount} checked={view.tools} onChange={() => toggle('hide', 'tools')} />
          <Value label="Servers" count={serverCount} checked={view.servers} onChange={() => toggle('hide', 'servers')} />
        </Group>
      )}
      {facetNames.map((name) => (
        <Facet key={name} name={name} view={view} servers={servers} toggle={toggle} />
      ))}
    </>
  );
}

function Facet({ name, view, servers, toggle }: Omit<Props, 'toolCount' | 'serverCount'> & { name: FacetName }) {
  const [all, setAll] = useState(false);
  const values = countValues(servers, name, view.chosen);
  if (values.length === 0) return null;
  const shown = all ? values : values.filter((value, index) => index < shortList || view.chosen[name].includes(value.value));
  return (
    <Group title={facets[name].title}>
      {shown.map(({ value, count }) => (
        <Value key={value} label={value} count={count} checked={view.chosen[name].includes(value)} onChange={() => toggle(name, value)} />
      ))}
      {shown.length < values.length && (
        <button type="button" className={classes.linkButton} onClick={() => setAll(true)}>
          All {values.length}
        </button>
      )}
    </Group>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={classes.facet}>
      <p id={id} className="label">
        {title}
      </p>
      {children}
    </div>
  );
}

function Value({ label, count, checked, onChange }: { label: string; count: number; checked: boolean; onChange: () => void }) {
  return (
    <div className={classes.facetValue} data-checked={checked || undefined}>
      <Checkbox label={label} checked={checked} onChange={onChange} />
      <span aria-hidden="true">{count}</span>
    </div>
  );
}
