import { Command } from 'commander';
import type { DemoOptions } from '../demo/run-demo.js';
import { withServerOptions } from './up.js';

export const demoCommand = (): Command =>
  withServerOptions(
    new Command('demo').description(
      'See it work: deploys an example repository, changes it, breaks it, and shows how it comes back',
    ),
  )
    .option('--exit', 'leave after the last step; exit status 0 only if every step was reached', false)
    .addHelpText('after', '\nExamples:\n  fairlead demo\n  fairlead demo --runtime docker --exit')
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import('../demo/run-demo.js');
      process.exitCode = await runDemo(options);
    });
