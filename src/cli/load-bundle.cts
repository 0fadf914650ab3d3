import fs = require('node:fs');
import nodeModule = require('node:module');
import path = require('node:path');
import v8 = require('node:v8');
import vm = require('node:vm');

type Wrapper = (exports: object, require: NodeJS.Require, module: object, file: string, folder: string) => void;

interface LoadedBundle {
  readonly exports: object;
  /** Gives the compiled code that the next start can use: `createCachedData()`. */
  readonly script: vm.Script;
}

/** Where the compiled code of a bundle is kept: beside it. */
const codeCacheOf = (file: string): string => `${file}.cache`;

const readIfThere = (file: string): Buffer | undefined => {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
};

/** The bundle of the commands that end within a second; every other bundle is of what goes on running. */
const COMMANDS = 'bundled-commands.cjs';

/**
 * Flags of V8 are part of what compiled code is compared by: they are set here, where code is kept and used.
 *
 * The heap may grow this far past what was alive before garbage is looked for again. Left alone, V8 lets it double and
 * more; this costs a few percent of the time of a burst of work.
 *
 * A command that ends within a second never earns back what optimizing its functions costs (a third of the processor time
 * of a large chart): they run many times as long as usual before V8 optimizes them. Later versions of V8 have a compiler for
 * such programs and not this flag.
 */
const setFlags = (file: string): void => {
  v8.setFlagsFromString('--heap-growing-percent=30');
  const isShort = path.basename(file) === COMMANDS;
  if (isShort && process.versions.v8.startsWith('11.')) v8.setFlagsFromString('--interrupt-budget=1000000');
};

/**
 * Loads a CommonJS file with the compiled code that `npm run build` left beside it. Code of another version of Node.js
 * is refused by V8 and the file is compiled as always.
 */
const loadBundle = (file: string): LoadedBundle => {
  setFlags(file);
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'utf8')}\n})`,
    {
      filename: file,
      cachedData: readIfThere(codeCacheOf(file)),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    },
  );
  const loaded = { exports: {} };
  const run = script.runInThisContext() as Wrapper;
  run(loaded.exports, nodeModule.createRequire(file), loaded, file, path.dirname(file));
  return { exports: loaded.exports, script };
};

export = { codeCacheOf, loadBundle };
