import assert from 'node:assert/strict';
import { Command } from 'commander';
import { acceptGoBooleans } from '../../src/cli/go-booleans.js';

const parsed = (...args: string[]): Record<string, unknown> => {
  const command = acceptGoBooleans(new Command('x').argument('[rest...]').option('--one').option('--text <text>'));
  command.action(() => undefined).parse(args, { from: 'user' });
  return { ...command.opts(), args: command.args };
};

describe('acceptGoBooleans', () => {
  it('reads --flag=true and --flag=false', () => {
    assert.deepEqual(parsed('--one=true', 'a'), { one: true, args: ['a'] });
    assert.deepEqual(parsed('--one=T'), { one: true, args: [] });
    assert.deepEqual(parsed('--one=false'), { args: [] });
    assert.deepEqual(parsed('--one', '--one=0'), { args: [] });
    assert.deepEqual(parsed('--one=0', '--one'), { one: true, args: [] });
  });

  it('leaves flags with a value and what follows -- alone', () => {
    assert.deepEqual(parsed('--text=true', '--', '--one=false'), { text: 'true', args: ['--one=false'] });
  });

  it('refuses another value as Go does', () => {
    assert.throws(() => parsed('--one=maybe'), {
      message: 'invalid argument "maybe" for "--one" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    });
  });
});
