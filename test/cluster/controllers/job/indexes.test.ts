import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatIndexes, parseIndexes } from '../../../../src/cluster/controllers/job/indexes.js';

describe('completion indexes', () => {
  it('are written in ranges', () => {
    assert.equal(formatIndexes([7, 1, 3, 4, 5]), '1,3-5,7');
    assert.equal(formatIndexes([0, 1]), '0,1');
    assert.equal(formatIndexes([]), '');
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 60 })), (indexes) => {
        assert.deepEqual(
          [...parseIndexes(formatIndexes(indexes), 61)],
          indexes.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('leave out what is not below the completions', () => {
    assert.deepEqual([...parseIndexes('0,2-1000000000,x,-1', 4)], [0, 2, 3]);
  });
});
