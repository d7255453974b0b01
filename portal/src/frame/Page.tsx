import { useEffect, type ReactNode } from 'react';
import classes from './frame.module.css';

// The content of a page. `ready` says that what it shows first is there: nothing will jump any more.
export function Page({ title, ready, flush, children }: { title: string; ready: boolean; flush?: boolean; children: ReactNode }) {
  useEffect(() => {
    document.title = title === 'Portolan' ? title : `${title} · Portolan`;
  }, [title]);
  return (
    <main id="main" tabIndex={-1} className={flush ? classes.mainFlush : classes.main} data-ready={ready ? 'true' : undefined} aria-busy={!ready}>
      {children}
    </main>
  );
}
