import assert from 'node:assert/strict';
import { TokenFileError, tokensOfFile } from '../../../src/cluster/auth/token-file.js';

describe('tokensOfFile', () => {
  const userOf = async (text: string, token: string): Promise<unknown> => {
    for (const check of tokensOfFile(text)) {
      const user = await check(token);
      if (user !== undefined) return user;
    }
    return undefined;
  };

  it('reads tokens, users, ids and groups', async () => {
    const text = '# tokens\nadmin-token,admin,,"system:masters"\n\nother, "anna, b", 42, "a, b"\nthird,c,7\n';
    assert.deepEqual(await userOf(text, 'admin-token'), {
      name: 'admin',
      groups: ['system:masters', 'system:authenticated'],
    });
    assert.deepEqual(await userOf(text, 'other'), {
      name: 'anna, b',
      uid: '42',
      groups: ['a', 'b', 'system:authenticated'],
    });
    assert.deepEqual(await userOf(text, 'third'), { name: 'c', uid: '7', groups: ['system:authenticated'] });
    assert.equal(await userOf(text, 'admin'), undefined);
  });

  for (const [title, line] of [
    ['too little', 'token,user'],
    ['no token', ',user,1'],
    ['an open quote', 'token,user,1,"a'],
  ] as const) {
    it(`refuses ${title}`, () => assert.throws(() => tokensOfFile(`\n${line}\n`), TokenFileError));
  }
});
