import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { Command } from 'commander';
import { dataFolderOption, defaultDataFolder } from '../../src/cli/data-folder.js';

const NAMES = ['FAIRLEAD_DATA_DIR', 'XDG_STATE_HOME'] as const;
const inHome = join(homedir(), '.local', 'state', 'fairlead');

describe('defaultDataFolder', () => {
  const before = NAMES.map((name) => env[name]);
  const given = (folder: string, states: string): string => {
    [env['FAIRLEAD_DATA_DIR'], env['XDG_STATE_HOME']] = [folder, states];
    return defaultDataFolder();
  };
  after(() => {
    for (const [index, name] of NAMES.entries()) {
      if (before[index] === undefined) delete env[name];
      else env[name] = before[index];
    }
  });

  it('is what the variables say', () => {
    assert.equal(given('/data/f', '/states'), '/data/f');
    assert.equal(given('', '/states'), '/states/fairlead');
  });

  it('takes an empty variable for none, and ignores a relative state folder', () => {
    assert.equal(given('', ''), inHome);
    assert.equal(given('', 'states'), inHome);
  });
});

describe('dataFolderOption', () => {
  it('makes a relative folder absolute', () => {
    const command = new Command().addOption(dataFolderOption()).parse(['--data-dir', 'here'], { from: 'user' });
    assert.equal(command.opts()['dataDir'], join(process.cwd(), 'here'));
  });
});
