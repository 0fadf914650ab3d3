#!/usr/bin/env node
import module from 'node:module';

// From Node.js 22 on, compiled code is kept between runs: half the start of a small command is compiling.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
const { runProgram } = await import('./run-program.js');
await runProgram();
