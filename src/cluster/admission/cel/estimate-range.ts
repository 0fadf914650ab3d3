/** From at least to at most: of a size, or of a cost. The arithmetic stays below 2^64, which means: who knows. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export const UNBOUNDED = 2 ** 64;

const capped = (value: number): number => (value >= UNBOUNDED || Number.isNaN(value) ? UNBOUNDED : value);

export const fixed = (value: number): Range => ({ min: value, max: value });
export const NOTHING = fixed(0);
export const UNKNOWN: Range = { min: 0, max: UNBOUNDED };

export const plus = (a: Range, b: Range): Range => ({ min: capped(a.min + b.min), max: capped(a.max + b.max) });

const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : capped(a * b));

export const times = (a: Range, b: Range): Range => ({ min: product(a.min, b.min), max: product(a.max, b.max) });

/** Times a factor, rounded up. */
export const scaled = ({ min, max }: Range, factor: number): Range => ({
  min: capped(Math.ceil(min * factor)),
  max: capped(Math.ceil(max * factor)),
});

export const spanning = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

export const sumOf = (ranges: readonly Range[]): Range => ranges.reduce(plus, NOTHING);
