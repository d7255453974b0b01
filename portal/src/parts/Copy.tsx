import { Button, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy, IconTerminal2 } from './icons';
import classes from './parts.module.css';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const Icon = clipboard.copied ? IconCheck : IconCopy;
  return (
    <Tooltip label={clipboard.copied ? 'Copied' : label}>
      <button type="button" className={classes.copy} onClick={() => clipboard.copy(text)} aria-label={clipboard.copied ? 'Copied' : label}>
        <Icon size={16} stroke={1.5} aria-hidden="true" />
      </button>
    </Tooltip>
  );
}

// A command to paste into a terminal. `verb` is the fixed part, `rest` what is the reader's.
export function CommandLine({ verb, rest = '', terminal = true }: { verb: string; rest?: string; terminal?: boolean }) {
  const text = rest ? `${verb} ${rest}` : verb;
  return (
    <div className={classes.command}>
      {terminal && <IconTerminal2 size={15} stroke={1.5} aria-hidden="true" />}
      <code tabIndex={0}>
        {rest ? `${verb} ` : ''}
        <b>{rest || verb}</b>
      </code>
      <CopyButton text={text} label={terminal ? 'Copy the command' : 'Copy'} />
    </div>
  );
}

// In a page's head: the same action on the command line.
export function CopyAsCommand({ command }: { command: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Tooltip label={command}>
      <Button
        variant="subtle"
        leftSection={clipboard.copied ? <IconCheck size={15} stroke={1.5} /> : <IconTerminal2 size={15} stroke={1.5} />}
        onClick={() => clipboard.copy(command)}
      >
        {clipboard.copied ? 'Copied' : 'Copy as command'}
      </Button>
    </Tooltip>
  );
}

// An argument for a POSIX shell: as it is when harmless, else in single quotes.
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
