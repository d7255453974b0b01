import { useId, type ReactNode } from 'react';
import classes from './parts.module.css';

export function Card({ title, note, end, children }: { title: ReactNode; note?: ReactNode; end?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.card} aria-labelledby={id}>
      <div className={classes.cardHead}>
        <h2 id={id}>{title}</h2>
        {note && <span className={classes.cardNote}>{note}</span>}
        {end && <div className={classes.cardEnd}>{end}</div>}
      </div>
      {children}
    </section>
  );
}
