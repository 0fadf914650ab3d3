/**
 * `tsx scripts/bundle-commands.ts`: makes of the commands that start most often one file, `dist/cli/bundled-commands.cjs`,
 * and keeps V8's compiled code of it beside it. See docs/adr/0030-small-commands-are-bundled.md.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv, execPath, exit, stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist', 'cli');
const BUNDLE = join(DIST, 'bundled-commands.cjs');
const OTHER_COMMANDS = ['up', 'demo', 'app/app', 'clear', 'kubeconfig'].map((name) => `./commands/${name}.js`);

/** What the commands run once, so that the functions behind them are among the compiled code. */
const EXERCISES: readonly (readonly string[])[] = [
  ['template', 'release', join(ROOT, 'examples', 'repo', 'charts', 'greeter')],
  ['kustomize', join(ROOT, 'examples', 'repo', 'shop', 'overlays', 'staging')],
  ['version'],
];

const bundle = async (): Promise<void> => {
  await build({
    entryPoints: [join(DIST, 'run-program.js')],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: OTHER_COMMANDS,
    // Names stay: they are in error messages and stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: 'warning',
  });
};

/** Runs in a process of its own, because the commands print and because flags of V8 are part of what it compares. */
const keepCode = async (): Promise<void> => {
  setFlagsFromString('--heap-growing-percent=30');
  const { codeCacheOf, loadBundle } = createRequire(import.meta.url)(join(DIST, 'load-bundle.cjs')) as {
    codeCacheOf: (file: string) => string;
    loadBundle: (file: string) => {
      exports: { runProgram: () => Promise<void> };
      script: { createCachedData: () => Buffer };
    };
  };
  const { exports, script } = loadBundle(BUNDLE);
  const [node = '', main = ''] = argv;
  for (const exercise of EXERCISES) {
    process.argv = [node, main, ...exercise];
    await exports.runProgram();
  }
  writeFileSync(codeCacheOf(BUNDLE), script.createCachedData());
};

if (argv[2] === 'keep-code') {
  await keepCode();
} else {
  await bundle();
  rmSync(`${BUNDLE}.cache`, { force: true });
  const { status } = spawnSync(execPath, [...process.execArgv, fileURLToPath(import.meta.url), 'keep-code'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    stderr.write('the bundled commands did not run\n');
    exit(1);
  }
}
