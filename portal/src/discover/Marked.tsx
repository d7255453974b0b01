import { Fragment } from 'react';
import { plain } from '../parts/plain';

// Text with the words that matched marked. Terms may be stems: a word that begins with one is marked.
export function Marked({ text, terms }: { text: string; terms: string[] }) {
  const safe = plain(text);
  if (terms.length === 0) return safe;
  return safe.split(/([\p{L}\p{N}]+)/u).map((piece, index) => {
    const word = piece.toLowerCase();
    const matched = index % 2 === 1 && terms.some((term) => word.startsWith(term) && word.length <= term.length + 4);
    return matched ? <mark key={index}>{piece}</mark> : <Fragment key={index}>{piece}</Fragment>;
  });
}
