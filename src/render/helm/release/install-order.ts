import { INSTALL_ORDER } from '../../../objects/install-order.js';
import { compareStrings } from '../template/go-string.js';

const positions = new Map(INSTALL_ORDER.map((kind, position) => [kind, position]));

/** As Helm sorts kinds: those without a place in the order follow by name. */
export const compareKinds = (a: string, b: string): number => {
  const x = positions.get(a);
  const y = positions.get(b);
  if (x === undefined && y === undefined) return compareStrings(a, b);
  if (x === undefined) return 1;
  return y === undefined ? -1 : x - y;
};
