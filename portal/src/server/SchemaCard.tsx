import { SegmentedControl } from '@mantine/core';
import type { CSSProperties } from 'react';
import { Card } from '../parts/Card';
import { Json } from '../parts/Json';
import { number } from '../parts/time';
import { tableOf } from './schema';
import classes from './server.module.css';

export type SchemaView = 'table' | 'json';

interface Props {
  title: string;
  note?: string;
  schema: unknown;
  // What is said when the schema asks for nothing.
  empty: string;
  view: SchemaView;
  setView: (view: SchemaView) => void;
}

// A schema as a table, with the JSON one click away.
export function SchemaCard({ title, note, schema, empty, view, setView }: Props) {
  const { rows, cut } = tableOf(schema);
  const switcher = (
    <SegmentedControl
      aria-label={`${title} shown as`}
      value={view}
      onChange={(next) => setView(next as SchemaView)}
      data={[
        { value: 'table', label: 'Table' },
        { value: 'json', label: 'JSON schema' },
      ]}
    />
  );
  return (
    <Card title={title} note={note ?? (rows.length > 0 ? number(rows.filter((row) => row.depth === 0).length) : undefined)} end={switcher}>
      {view === 'json' ? (
        <div className={classes.cardBody}>
          <Json text={JSON.stringify(schema, null, 2) ?? ''} label={`${title} as JSON schema`} />
        </div>
      ) : rows.length === 0 ? (
        <p className={classes.cardEmpty}>{empty}</p>
      ) : (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <table className={`${classes.table} ${classes.schema}`}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">Needed</th>
                <th scope="col">What it means</th>
                <th scope="col">Allowed</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={index}>
                  <th scope="row" className="mono" style={{ '--depth': row.depth } as CSSProperties}>
                    {row.depth > 0 && <span className={classes.corner} aria-hidden="true" />}
                    {row.name}
                  </th>
                  <td className={`mono ${classes.type}`}>{row.type}</td>
                  <td className={row.required ? classes.required : classes.optional}>{row.required ? 'Required' : 'Optional'}</td>
                  <td className={classes.meaning}>{row.meaning}</td>
                  <td className={`mono ${classes.allowed}`}>{row.allowed.join(' · ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {cut && <p className={classes.cardEmpty}>There is more: the JSON schema has all of it.</p>}
        </div>
      )}
    </Card>
  );
}
