import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CONDITION_TYPES } from '../../../src/sync/applications/conditions.js';

const manual = readFileSync(new URL('../../../docs/conditions.md', import.meta.url), 'utf8');

describe('docs/conditions.md', () => {
  it('has a row for every reason, with its type', () => {
    const rows = [...manual.matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)].map(([, reason, type]) => [reason, type]);
    assert.deepEqual(Object.fromEntries(rows), { ...CONDITION_TYPES });
  });
});
