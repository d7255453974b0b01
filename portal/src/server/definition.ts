// What the pages read from a definition: the object of the server's own list, which may hold anything.
import type { Definition } from '../gen/portolan/v1/definitions_pb';
import { effectOf, type Effect } from '../parts/Effect';
import { plain } from '../parts/plain';

export interface Tool {
  title: string;
  description: string;
  effect: Effect | undefined;
  idempotent: boolean | undefined;
  inputSchema: unknown;
  outputSchema: unknown;
}

export function readTool(definition: Definition): Tool {
  const json = parsed(definition.json);
  const annotations = typeof json.annotations === 'object' && json.annotations !== null ? (json.annotations as Record<string, unknown>) : undefined;
  return {
    title: text(json.title) || text(annotations?.title),
    description: text(json.description),
    effect: effectOf(annotations),
    idempotent: typeof annotations?.idempotentHint === 'boolean' ? annotations.idempotentHint : undefined,
    inputSchema: json.inputSchema,
    outputSchema: json.outputSchema,
  };
}

function parsed(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const text = (value: unknown) => (typeof value === 'string' ? plain(value) : '');
