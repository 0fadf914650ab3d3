import assert from 'node:assert/strict';
import { buildProgram } from '../../src/cli/program.js';

describe('buildProgram', () => {
  it('leaves flags behind a command to the command', async () => {
    const args = ['template', 'web', '/nowhere/web', '--version', '1.0.0'];
    const program = await buildProgram(args);
    await assert.rejects(program.parseAsync(args, { from: 'user' }), /path "\/nowhere\/web" not found/);
  });
});
