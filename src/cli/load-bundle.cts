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

/**
 * Loads a CommonJS file with the compiled code that `npm run build` left beside it. Code of another version of Node.js
 * is refused by V8 and the file is compiled as always.
 */
const loadBundle = (file: string): LoadedBundle => {
  // How much a function runs before V8 optimizes it, many times the usual: in a command that ends within a second,
  // optimizing costs more than it gives back (a third of the processor time of a large chart). A flag is part of what the
  // compiled code is compared by: it is set here, where code is kept and used. Later versions of V8 have a compiler for
  // such programs and not this flag.
  if (process.versions.v8.startsWith('11.')) v8.setFlagsFromString('--interrupt-budget=1000000');
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
