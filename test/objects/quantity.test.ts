import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addQuantities,
  addResources,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  milliValue,
  parseQuantity,
  subtractQuantities,
  wholeValue,
  type Quantity,
} from '../../src/objects/quantity.js';

describe('parseQuantity', () => {
  const canonical: [text: string | number, expected: string][] = [
    ['0', '0'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['1000Ki', '1000Ki'],
    ['1024', '1024'],
    ['100Ki', '100Ki'],
    ['512Ki', '512Ki'],
    ['0.5Mi', '512Ki'],
    ['0.5Ki', '512'],
    ['1000k', '1M'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12E6', '12e6'],
    ['123456', '123456'],
    ['1000', '1k'],
    ['-1500m', '-1500m'],
    ['+5', '5'],
    ['0.1n', '1n'],
    ['.5', '500m'],
    ['1.', '1'],
    ['100', '100'],
    [2, '2'],
    [0.25, '250m'],
    ['9223372036854775807Ei', '9223372036854775807'],
    ['1000E', '1000E'],
    ['0Mi', '0'],
  ];
  for (const [text, expected] of canonical) {
    it(`prints ${text} as ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
  }

  for (const text of ['', 'abc', '1x', '1 Gi', 'Gi', '--1', '1..2', '1e', '1e99999999', 'NaN']) {
    it(`refuses '${text}'`, () => assert.throws(() => parseQuantity(text), { name: 'QuantityError' }));
  }

  it('rounds whole and milli values away from zero', () => {
    assert.equal(wholeValue(parseQuantity('1500m')), 2);
    assert.equal(milliValue(parseQuantity('1500u')), 2);
    assert.equal(wholeValue(parseQuantity('-1500m')), -2);
    assert.equal(wholeValue(parseQuantity('1Gi')), 1073741824);
  });
});

describe('arithmetic of quantities', () => {
  const anyQuantity: fc.Arbitrary<Quantity> = fc.record({
    nanos: fc.bigInt(-(10n ** 24n), 10n ** 24n),
    format: fc.constantFrom('DecimalSI', 'BinarySI', 'DecimalExponent'),
  });

  it('keeps the value through print and parse', () => {
    fc.assert(
      fc.property(anyQuantity, (quantity) => {
        const again = parseQuantity(formatQuantity(quantity));
        assert.equal(again.nanos, quantity.nanos);
        assert.equal(formatQuantity(again), formatQuantity(parseQuantity(formatQuantity(again))));
      }),
    );
  });

  it('adds and subtracts exactly', () => {
    fc.assert(
      fc.property(anyQuantity, anyQuantity, (a, b) => {
        assert.equal(compareQuantities(subtractQuantities(addQuantities(a, b), b), a), 0);
        assert.equal(addQuantities(a, b).nanos, addQuantities(b, a).nanos);
      }),
    );
  });

  it('keeps the suffix family of the first', () => {
    assert.deepEqual(addResources({ memory: '512Mi', cpu: '100m' }, { memory: '512Mi', pods: '1' }), {
      memory: '1Gi',
      cpu: '100m',
      pods: '1',
    });
  });
});
