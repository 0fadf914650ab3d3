import {
  addQuantities,
  approximateValue,
  compareQuantities,
  parseQuantity,
  subtractQuantities,
  tryParseQuantity,
  type Quantity,
} from '../../../../objects/quantity.js';
import type { Library } from '../environment.js';
import { objectType } from '../types.js';
import { CelError, ExtensionValue } from '../values.js';

const QUANTITY = objectType('kubernetes.Quantity');
const NANO = 1_000_000_000n;

class QuantityValue extends ExtensionValue {
  readonly type = QUANTITY;

  constructor(readonly quantity: Quantity) {
    super();
  }

  equals(other: QuantityValue): boolean {
    return compareQuantities(this.quantity, other.quantity) === 0;
  }
}

const quantity = (text: string): QuantityValue => {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error));
  }
};

const compare = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a.quantity, b.quantity);
const ofInt = (value: bigint): Quantity => ({ nanos: value * NANO, format: 'DecimalSI' });

const isInteger = ({ quantity: { nanos } }: QuantityValue): boolean =>
  nanos % NANO === 0n && BigInt.asIntN(64, nanos / NANO) === nanos / NANO;

const asInteger = (value: QuantityValue): bigint => {
  if (!isInteger(value)) throw new CelError('cannot convert value to integer');
  return value.quantity.nanos / NANO;
};

type Combine = (a: Quantity, b: Quantity) => Quantity;

const withQuantity =
  (combine: Combine) =>
  (a: QuantityValue, b: QuantityValue): QuantityValue =>
    new QuantityValue(combine(a.quantity, b.quantity));

const withInt =
  (combine: Combine) =>
  (a: QuantityValue, b: bigint): QuantityValue =>
    new QuantityValue(combine(a.quantity, ofInt(b)));

const QUANTITY_NAME = 'kubernetes.Quantity';

export const QUANTITIES: Library = {
  quantity: { [`string_to_quantity (string) -> ${QUANTITY_NAME}`]: quantity },
  isQuantity: { 'is_quantity_string (string) -> bool': (text: string) => tryParseQuantity(text) !== undefined },
  sign: {
    [`quantity_sign (${QUANTITY_NAME}) -> int`]: ({ quantity: { nanos } }: QuantityValue) =>
      nanos === 0n ? 0n : nanos > 0n ? 1n : -1n,
  },
  isGreaterThan: {
    [`quantity_is_greater_than ${QUANTITY_NAME}.(${QUANTITY_NAME}) -> bool`]: (a: QuantityValue, b: QuantityValue) =>
      compare(a, b) > 0,
  },
  isLessThan: {
    [`quantity_is_less_than ${QUANTITY_NAME}.(${QUANTITY_NAME}) -> bool`]: (a: QuantityValue, b: QuantityValue) =>
      compare(a, b) < 0,
  },
  compareTo: {
    [`quantity_compare_to ${QUANTITY_NAME}.(${QUANTITY_NAME}) -> int`]: (a: QuantityValue, b: QuantityValue) =>
      BigInt(compare(a, b)),
  },
  asApproximateFloat: {
    [`quantity_get_float ${QUANTITY_NAME}.() -> double`]: (value: QuantityValue) => approximateValue(value.quantity),
  },
  asInteger: { [`quantity_get_int ${QUANTITY_NAME}.() -> int`]: asInteger },
  isInteger: { [`quantity_is_integer ${QUANTITY_NAME}.() -> bool`]: isInteger },
  add: {
    [`quantity_add ${QUANTITY_NAME}.(${QUANTITY_NAME}) -> ${QUANTITY_NAME}`]: withQuantity(addQuantities),
    [`quantity_add_int ${QUANTITY_NAME}.(int) -> ${QUANTITY_NAME}`]: withInt(addQuantities),
  },
  sub: {
    [`quantity_sub ${QUANTITY_NAME}.(${QUANTITY_NAME}) -> ${QUANTITY_NAME}`]: withQuantity(subtractQuantities),
    [`quantity_sub_int ${QUANTITY_NAME}.(int) -> ${QUANTITY_NAME}`]: withInt(subtractQuantities),
  },
};
