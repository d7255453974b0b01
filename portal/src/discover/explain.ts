// Why a hit ranks: its matched words, by the field they were found in.
import type { MatchedTerm, SearchHit } from '../gen/portolan/v1/catalog_service_pb';

const fieldWords: Record<string, string> = {
  name: 'name',
  description: 'description',
  server: 'server',
  server_description: 'server’s description',
  parameters: 'parameters',
};
export const fieldWord = (field: string) => fieldWords[field] ?? field.replaceAll('_', ' ');

export const termsOf = (hit: SearchHit) => [...new Set(hit.matched.map((match) => match.term.toLowerCase()))];

export interface Share {
  field: string;
  // Of the score, 0 to 1.
  share: number;
}

// The fields that gave most, at most `limit`, with the part of the score that each gave.
export function sharesOf(matched: MatchedTerm[], limit: number): Share[] {
  const sums = new Map<string, number>();
  let total = 0;
  for (const { field, score } of matched) {
    sums.set(field, (sums.get(field) ?? 0) + score);
    total += score;
  }
  if (total <= 0) return [];
  return [...sums]
    .map(([field, sum]) => ({ field, share: sum / total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, limit);
}

// `“incident” in name`, strongest first; a word is said once, with its best field.
export function reasonsOf(matched: MatchedTerm[]): { term: string; field: string }[] {
  const best = new Map<string, MatchedTerm>();
  for (const match of matched) {
    const known = best.get(match.term);
    if (known === undefined || match.score > known.score) best.set(match.term, match);
  }
  return [...best.values()].sort((a, b) => b.score - a.score).map(({ term, field }) => ({ term, field }));
}
