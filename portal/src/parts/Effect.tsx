import { IconEye, IconFlame, IconPencil } from './icons';
import { Chip } from './Chip';

// What a tool does to the world, from its annotations (MCP: hints, which the server may leave out; left out, a tool that is
// not read-only may destroy).
export type Effect = 'Read-only' | 'Writes' | 'Destructive';

interface Annotations {
  readOnlyHint?: unknown;
  destructiveHint?: unknown;
  idempotentHint?: unknown;
}

export function effectOf(annotations: Annotations | undefined): Effect | undefined {
  if (annotations === undefined) return undefined;
  if (annotations.readOnlyHint === true) return 'Read-only';
  if (annotations.destructiveHint === true) return 'Destructive';
  if (annotations.destructiveHint === false) return 'Writes';
  return annotations.readOnlyHint === false ? 'Destructive' : undefined;
}

const icons = { 'Read-only': IconEye, Writes: IconPencil, Destructive: IconFlame };

export function EffectChip({ effect }: { effect: Effect | undefined }) {
  if (effect === undefined) return null;
  const Icon = icons[effect];
  return (
    <Chip tone={effect === 'Destructive' ? 'bad' : 'plain'} icon={<Icon size={13} stroke={1.75} aria-hidden="true" />}>
      {effect}
    </Chip>
  );
}
