import { UnsupportedValue } from '../json/json-writer.js';
import { formatFloat } from './numbers.js';
import { Struct } from './values.js';

/** Go's complex128, which only constants of templates give: `1i`, `2-0.5i`. */
export class Complex extends Struct {
  constructor(
    readonly real: number,
    readonly imaginary: number,
  ) {
    super(
      'complex128',
      // No template can name these fields; they make equal numbers deeply equal.
      new Map([
        ['(real)', real],
        ['(imaginary)', imaginary],
      ]),
      {},
      () => complexText(this, (part) => formatFloat(part, 'g', -1)),
      undefined,
      () => {
        throw new UnsupportedValue(this);
      },
    );
  }

  override isZero(): boolean {
    return this.real === 0 && this.imaginary === 0;
  }

  isEqual(other: Complex): boolean {
    return this.real === other.real && this.imaginary === other.imaginary;
  }
}

/** `(1+2i)`, with each part as the format makes it. */
export const complexText = (
  { real, imaginary }: Complex,
  format: (part: number, isSigned: boolean) => string,
): string => {
  const second = format(imaginary, true);
  return `(${format(real, false)}${/^\s*[+-]/.test(second) ? '' : '+'}${second}i)`;
};
