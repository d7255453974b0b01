// A JSON Schema as rows of a table: what a person needs to fill in or to read.
//
// Schemas are written by servers, so everything is bounded: depth, rows, and `$ref` only into the same document.

import { plain } from '../parts/plain';

export interface Row {
  name: string;
  depth: number;
  type: string;
  required: boolean;
  meaning: string;
  // What is allowed beyond the type, in a few words each.
  allowed: string[];
}

const maxDepth = 6;
const maxRows = 400;
const maxAllowed = 12;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

export interface Table {
  rows: Row[];
  // There was more than is shown.
  cut: boolean;
}

export function tableOf(schema: unknown): Table {
  const table: Table = { rows: [], cut: false };
  if (isObject(schema)) addProperties(schema, schema, 0, table);
  return table;
}

function addProperties(root: Json, schema: Json, depth: number, table: Table): void {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  for (const [name, property] of properties) add(root, name, property, depth, required.includes(name), table);
  if (isObject(schema.additionalProperties)) add(root, '…', schema.additionalProperties, depth, false, table, 'Any other key.');
}

function add(root: Json, name: string, given: unknown, depth: number, required: boolean, table: Table, meaning = ''): void {
  if (table.rows.length >= maxRows || depth > maxDepth) {
    table.cut = true;
    return;
  }
  const schema = resolved(root, given);
  table.rows.push({
    name,
    depth,
    type: typeOf(root, schema),
    required,
    meaning: textOf(schema.description) || textOf(schema.title) || meaning,
    allowed: allowedOf(schema),
  });
  const inner = innerOf(root, schema);
  if (inner) addProperties(root, inner, depth + 1, table);
}

// Follows `$ref` inside the document, a few steps at most.
function resolved(root: Json, given: unknown): Json {
  let schema = isObject(given) ? given : {};
  for (let step = 0; step < 8 && typeof schema.$ref === 'string'; step += 1) {
    const target = pointed(root, schema.$ref);
    if (!isObject(target)) break;
    const { $ref: _, ...beside } = schema;
    schema = { ...target, ...beside };
  }
  return schema;
}

function pointed(root: Json, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

// The one object inside, of a list or of a choice between an object and null.
function innerOf(root: Json, schema: Json): Json | undefined {
  if (isObject(schema.properties) || isObject(schema.additionalProperties)) return schema;
  if (isObject(schema.items)) return innerOf(root, resolved(root, schema.items));
  const choices = choicesOf(root, schema).filter((choice) => choice.type !== 'null');
  return choices.length === 1 ? innerOf(root, choices[0]!) : undefined;
}

function choicesOf(root: Json, schema: Json): Json[] {
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : [];
  return choices.slice(0, 8).map((choice) => resolved(root, choice));
}

function typeOf(root: Json, schema: Json, depth = 0): string {
  if (depth > 3) return 'any';
  if (schema.const !== undefined) return 'constant';
  if (Array.isArray(schema.enum)) return 'enum';
  const choices = choicesOf(root, schema);
  if (choices.length > 0) return [...new Set(choices.map((choice) => typeOf(root, choice, depth + 1)))].join(' or ');
  if (schema.type === 'array' || isObject(schema.items)) {
    return isObject(schema.items) ? `list of ${typeOf(root, resolved(root, schema.items), depth + 1)}` : 'list';
  }
  if (Array.isArray(schema.type)) return schema.type.map(String).join(' or ');
  if (typeof schema.type === 'string') return schema.type;
  return isObject(schema.properties) ? 'object' : 'any';
}

function allowedOf(schema: Json): string[] {
  const allowed: string[] = [];
  if (schema.const !== undefined) allowed.push(valueOf(schema.const));
  if (Array.isArray(schema.enum)) {
    allowed.push(...schema.enum.slice(0, maxAllowed).map(valueOf));
    if (schema.enum.length > maxAllowed) allowed.push(`${schema.enum.length - maxAllowed} more`);
  }
  range(schema.minimum ?? schema.exclusiveMinimum, schema.maximum ?? schema.exclusiveMaximum, '', allowed);
  range(schema.minLength, schema.maxLength, ' characters', allowed);
  range(schema.minItems, schema.maxItems, ' items', allowed);
  if (typeof schema.pattern === 'string') allowed.push(`pattern ${schema.pattern}`);
  if (typeof schema.format === 'string') allowed.push(schema.format);
  if (schema.default !== undefined) allowed.push(`default ${valueOf(schema.default)}`);
  return allowed;
}

function range(least: unknown, most: unknown, unit: string, allowed: string[]): void {
  const low = typeof least === 'number' ? least.toLocaleString('en') : undefined;
  const high = typeof most === 'number' ? most.toLocaleString('en') : undefined;
  if (low !== undefined && high !== undefined) allowed.push(low === high ? `${low}${unit}` : `${low} to ${high}${unit}`);
  else if (low !== undefined) allowed.push(`at least ${low}${unit}`);
  else if (high !== undefined) allowed.push(`at most ${high}${unit}`);
}

const textOf = (value: unknown) => (typeof value === 'string' ? plain(value) : '');

function valueOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
