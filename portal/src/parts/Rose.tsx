// The mark: a compass rose of eight points, each half full and half lighter, in a thin ring.
const long = [0, 90, 180, 270];
const short = [45, 135, 225, 315];

export function Rose({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <circle cx="24" cy="24" r="14.5" fill="none" stroke="var(--accent2)" strokeWidth="1.4" />
      {short.map((angle) => (
        <g key={angle} transform={`rotate(${angle} 24 24)`}>
          <path d="M24 9l3 10.5L24 24z" fill="var(--accent2)" />
          <path d="M24 9l-3 10.5L24 24z" fill="var(--accent3)" />
        </g>
      ))}
      {long.map((angle) => (
        <g key={angle} transform={`rotate(${angle} 24 24)`}>
          <path d="M24 1l4.2 16.5L24 24z" fill="var(--accent)" />
          <path d="M24 1l-4.2 16.5L24 24z" fill="var(--accent2)" />
        </g>
      ))}
    </svg>
  );
}
