import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** An IPv4 range of addresses for Services. The first address belongs to the API server itself. */
export class AddressRange {
  readonly #base: number;
  readonly #size: number;

  /** `10.96.0.0/16`. Throws RangeError for anything that is not an IPv4 network of at least four addresses. */
  constructor(readonly cidr: string) {
    const [address = '', bits = ''] = cidr.split('/');
    const prefix = Number(bits);
    if (!isIPv4(address) || !/^\d+$/.test(bits) || prefix < 8 || prefix > 30) {
      throw new RangeError(`The range of Services must be an IPv4 network between /8 and /30, not ${cidr}`);
    }
    this.#size = 2 ** (32 - prefix);
    this.#base = toNumber(address) - (toNumber(address) % this.#size);
  }

  /** The address of the `kubernetes` Service. */
  get first(): string {
    return toText(this.#base + 1);
  }

  contains(address: string): boolean {
    if (!isIPv4(address)) return false;
    const offset = toNumber(address) - this.#base;
    return offset > 0 && offset < this.#size - 1;
  }

  /** A random address that is not taken; the low ones, which people ask for by number, only when nothing else is left. */
  pick(isTaken: (address: string) => boolean): string | undefined {
    const usable = this.#size - 2;
    const reserved = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256, Math.floor(usable / 2));
    const upper = usable - reserved;
    const start = randomInt(upper);
    for (let step = 0; step < usable; step += 1) {
      const offset = step < upper ? reserved + 1 + ((start + step) % upper) : step - upper + 1;
      const address = toText(this.#base + offset);
      if (!isTaken(address)) return address;
    }
    return undefined;
  }
}

const toNumber = (address: string): number =>
  address.split('.').reduce((number, part) => number * 256 + Number(part), 0);

const toText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
