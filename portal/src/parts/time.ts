// Times as a person says them; the exact one goes into the title.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function ago(milliseconds: bigint): string {
  const seconds = (Number(milliseconds) - Date.now()) / 1000;
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return 'just now';
}

export const exactly = (milliseconds: bigint) => new Date(Number(milliseconds)).toLocaleString();

export const number = (value: number | bigint) => value.toLocaleString('en');

export const plural = (count: number, one: string, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds >= 10 ? `${Math.round(milliseconds)} ms` : `${Number(milliseconds.toFixed(1))} ms`;
}
