import assert from 'node:assert/strict';
import { resolvePlainScalar } from '../../../src/render/yaml/resolve-scalar.js';

describe('resolvePlainScalar', () => {
  const manifests: [string, unknown][] = [
    ['yes', true],
    ['Off', false],
    ['y', true],
    ['n', false],
    ['true', true],
    ['nope', 'nope'],
    ['', null],
    ['~', null],
    ['null', null],
    ['0777', 511],
    ['0o17', 15],
    ['089', 89],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1.', 1],
    ['-12', -12],
    ['+7', 7],
    ['1.10', 1.1],
    ['1.10.1', '1.10.1'],
    ['12e03', 12000],
    ['18446744073709551615', 18446744073709551615n],
    ['9007199254740993', 9007199254740993n],
    ['99999999999999999999', 1e20],
    ['1e400', '1e400'],
    ['2024-01-31', '2024-01-31'],
    ['10:30', '10:30'],
    ['1h', '1h'],
    ['-', '-'],
    ['.', '.'],
    ['0x', '0x'],
  ];
  for (const [text, value] of manifests) {
    it(`reads ${JSON.stringify(text)} in a manifest as ${typeof value} ${String(value)}`, () => {
      assert.deepEqual(resolvePlainScalar(text, 'manifests').value, value);
    });
  }

  it('keeps the old booleans as text in overlays', () => {
    assert.equal(resolvePlainScalar('yes', 'overlays').value, 'yes');
    assert.equal(resolvePlainScalar('on', 'overlays').tag, '!!str');
  });

  it('takes only real dates for timestamps', () => {
    assert.equal(resolvePlainScalar('2024-02-29', 'overlays').tag, '!!timestamp');
    assert.equal(resolvePlainScalar('2024-01-31T10:00:00Z', 'overlays').tag, '!!timestamp');
    assert.equal(resolvePlainScalar('2023-02-29', 'overlays').tag, '!!str');
    assert.equal(resolvePlainScalar('2024-13-01', 'overlays').tag, '!!str');
  });
});
