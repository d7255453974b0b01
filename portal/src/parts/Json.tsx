import type { ReactNode } from 'react';
import { CopyButton } from './Copy';
import classes from './parts.module.css';

const token = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/g;

// Above this, colours cost more than they help.
const colourLimit = 100_000;

function coloured(text: string): ReactNode {
  if (text.length > colourLimit) return text;
  const pieces: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    pieces.push(text.slice(end, match.index));
    const [whole, string, colon, other] = match;
    const look = other !== undefined ? classes.number : colon !== undefined ? classes.key : classes.string;
    pieces.push(
      <span key={match.index} className={look}>
        {string ?? other}
      </span>,
      colon ?? '',
    );
    end = match.index + whole.length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

export function Json({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.code}>
      <pre tabIndex={0} aria-label={label}>
        {coloured(text)}
      </pre>
      <CopyButton text={text} label="Copy" />
    </div>
  );
}

// The text again with two spaces of indentation; as it is when it is no JSON.
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
