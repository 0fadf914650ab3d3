#!/usr/bin/env node
import fs = require('node:fs');
import path = require('node:path');
import bundle = require('./load-bundle.cjs');

interface Program {
  runProgram(): Promise<void>;
}

/** Commands that people wait for and that need little of the program. */
const COMMANDS: ReadonlySet<string | undefined> = new Set(['template', 'kustomize', 'version']);

/** `npm run build` leaves two files: of these commands, and of everything. Without them, the modules are run. */
const start = async (): Promise<void> => {
  const name = COMMANDS.has(process.argv[2]) ? 'bundled-commands.cjs' : 'bundled-program.cjs';
  const file = path.join(__dirname, name);
  const program = fs.existsSync(file) ? (bundle.loadBundle(file).exports as Program) : await import('./run-program.js');
  await program.runProgram();
};

void start();
