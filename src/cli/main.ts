#!/usr/bin/env node
import module from 'node:module';
import { setFlagsFromString } from 'node:v8';

// How far the heap may grow past what was alive before garbage is looked for again. Left alone, V8 lets it double and
// more; this costs a few percent of the time of a burst of work.
setFlagsFromString('--heap-growing-percent=30');

// From Node.js 22 on, compiled code is kept between runs: half the start of a small command is compiling.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
const { runProgram } = await import('./run-program.js');
await runProgram();
