import classes from './parts.module.css';

// Two letters that stand for a server.
export function Monogram({ name, size = 28 }: { name: string; size?: number }) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? [...words[0]!][0]! + [...words[1]!][0]! : [...(words[0] ?? '?')].slice(0, 2).join('');
  return (
    <span className={classes.monogram} style={{ width: size, height: size, fontSize: size < 24 ? 9.5 : size > 32 ? 12.5 : 11 }} aria-hidden="true">
      {letters}
    </span>
  );
}
