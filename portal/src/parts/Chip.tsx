import type { ReactNode } from 'react';
import classes from './parts.module.css';

const tones = { plain: '', accent: classes.chipAccent, warn: classes.chipWarn, bad: classes.chipBad, line: classes.chipLine };

// Lifecycle, effect and counts; not decoration.
export function Chip({ tone = 'plain', icon, children }: { tone?: keyof typeof tones; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={`${classes.chip} ${tones[tone]}`}>
      {icon}
      {children}
    </span>
  );
}

export function LifecycleChip({ stage }: { stage: string }) {
  return <Chip tone={stage === 'Production' ? 'accent' : stage === 'Deprecated' || stage === 'Retired' ? 'warn' : 'plain'}>{stage}</Chip>;
}
