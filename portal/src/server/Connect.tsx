import { Button } from '@mantine/core';
import { IconBraces, IconBrandVscode, IconExternalLink, IconTerminal2 } from '../parts/icons';
import type { ReactNode } from 'react';
import { Card } from '../parts/Card';
import { CommandLine } from '../parts/Copy';
import { Json } from '../parts/Json';
import { Monogram } from '../parts/Monogram';
import { editors } from './editors';
import classes from './server.module.css';

const marks: Record<string, ReactNode> = {
  vscode: <IconBrandVscode size={16} stroke={1.5} />,
  'claude-code': <IconTerminal2 size={16} stroke={1.5} />,
  other: <IconBraces size={16} stroke={1.5} />,
};

interface Props {
  basePath: string;
  // Of the gateway, as clients see it.
  url: string;
  editor: string;
  setEditor: (id: string) => void;
}

export function Connect({ basePath, url, editor: chosen, setEditor }: Props) {
  const editor = editors.find((one) => one.id === chosen) ?? editors[0]!;
  const snippet = editor.snippet(basePath, url);
  return (
    <Card title="Connect" note="one endpoint for every client">
      <div className={classes.connect}>
        <div className={classes.editors} role="radiogroup" aria-label="Editor">
          {editors.map((one) => (
            <label key={one.id} className={classes.editor}>
              <input type="radio" name="editor" value={one.id} checked={one.id === editor.id} onChange={() => setEditor(one.id)} className="unseen" />
              <span className={classes.editorMark} aria-hidden="true">
                {marks[one.id] ?? <Monogram name={one.name} size={26} />}
              </span>
              <span>
                <b>{one.name}</b>
                <span className="label">{one.hint}</span>
              </span>
            </label>
          ))}
        </div>
        <dl className={classes.wayIn}>
          <dt>Endpoint</dt>
          <dd>
            <CommandLine verb={url} terminal={false} />
          </dd>
          {editor.link && (
            <>
              <dt>One click</dt>
              <dd>
                <Button variant="filled" component="a" href={editor.link(basePath, url)} leftSection={<IconExternalLink size={15} stroke={1.5} aria-hidden="true" />}>
                  Add to {editor.name}
                </Button>
              </dd>
            </>
          )}
          {editor.connect && (
            <>
              <dt>Command</dt>
              <dd>
                <CommandLine verb="portolan connect" rest={`${editor.connect} ${basePath}`} />
              </dd>
            </>
          )}
          {snippet.file === undefined && (
            <>
              <dt>Or</dt>
              <dd>
                <CommandLine verb={snippet.text} />
              </dd>
            </>
          )}
        </dl>
        {snippet.file !== undefined && (
          <details key={editor.id} className={classes.byHand} open={!editor.link}>
            <summary>
              By hand, in <code>{snippet.file}</code>
            </summary>
            <Json text={snippet.text} label={`For ${snippet.file}`} />
          </details>
        )}
      </div>
    </Card>
  );
}
