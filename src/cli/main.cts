#!/usr/bin/env node
import fs = require('node:fs');
import nodeModule = require('node:module');
import path = require('node:path');
import v8 = require('node:v8');
import bundle = require('./load-bundle.cjs');

interface BundledCommands {
  runProgram(): Promise<void>;
}

/** Commands that people wait for and that need little of the program: `npm run build` bundles them into one file. */
const BUNDLED: ReadonlySet<string | undefined> = new Set(['template', 'kustomize', 'version']);
const BUNDLE = path.join(__dirname, 'bundled-commands.cjs');

// How far the heap may grow past what was alive before garbage is looked for again. Left alone, V8 lets it double and
// more; this costs a few percent of the time of a burst of work.
v8.setFlagsFromString('--heap-growing-percent=30');

const start = async (): Promise<void> => {
  if (BUNDLED.has(process.argv[2]) && fs.existsSync(BUNDLE)) {
    await (bundle.loadBundle(BUNDLE).exports as BundledCommands).runProgram();
    return;
  }
  // From Node.js 22 on, compiled code is kept between runs: half the start of a small command is compiling.
  (nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
  const { runProgram } = await import('./run-program.js');
  await runProgram();
};

void start();
