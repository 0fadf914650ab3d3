/**
 * `tsx scripts/bundle.ts`: makes of the modules that `tsc` wrote two files that start fast, and keeps V8's compiled code of
 * each beside it. See docs/adr/0030-commands-start-from-bundles.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { argv, execPath, exit, stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

interface Bundle {
  readonly file: string;
  /** What stays outside. */
  readonly external: readonly string[];
  readonly minify: boolean;
  /** What it runs once, so that the functions behind it are among the compiled code. */
  readonly exercises: readonly (readonly string[])[];
}

interface LoadBundle {
  codeCacheOf: (file: string) => string;
  loadBundle: (file: string) => {
    exports: { runProgram(): Promise<void> };
    script: { createCachedData(): Buffer };
  };
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist', 'cli');
const require = createRequire(import.meta.url);

/** Commands that end within a second. */
const COMMANDS: Bundle = {
  file: 'bundled-commands.cjs',
  external: [...['up', 'demo', 'app/app', 'clear', 'kubeconfig'].map((name) => `./commands/${name}.js`), 'openpgp'],
  minify: true,
  exercises: [
    ['template', 'release', join(ROOT, 'examples', 'repo', 'charts', 'greeter')],
    ['kustomize', join(ROOT, 'examples', 'repo', 'shop', 'overlays', 'staging')],
    ['version'],
  ],
};

/** Every command. Outside stay packages with native parts or threads of their own, and what few starts need. */
const PROGRAM: Bundle = {
  file: 'bundled-program.cjs',
  external: ['lmdb', 'dockerode', 'node-cron', 'pino', 'pino-pretty', 'piscina', 'openpgp'],
  // Its stack traces are in logs: lines stay as they were.
  minify: false,
  exercises: [['up', '--runtime', 'simulated', '--api-port', '0', '--web-port', '0', '--ingress-port', '0']],
};

const BUNDLES = [COMMANDS, PROGRAM];

/** In a bundle, each of our modules keeps its own address: workers and data files are found from there. */
const ownAddresses: Plugin = {
  name: 'own-addresses',
  setup: (builder) => {
    builder.onLoad({ filter: /[\\/]dist[\\/](cli|cluster|objects|render|runtime|sync)[\\/].*\.js$/ }, ({ path }) => {
      const address = `new URL(${JSON.stringify(relative(DIST, path))}, bundleUrl).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', address) };
    });
  },
};

const makeBundle = async ({ file, external, minify }: Bundle): Promise<void> => {
  const { warnings } = await build({
    entryPoints: [join(DIST, 'run-program.js')],
    outfile: join(DIST, file),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: [...external],
    // Names stay: they are in error messages and stack traces.
    minifyWhitespace: minify,
    minifySyntax: minify,
    // Code that V8 takes from what was kept cannot import modules.
    supported: { 'dynamic-import': false },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    plugins: [ownAddresses],
    logLevel: 'warning',
  });
  if (warnings.length > 0) throw new Error(`${file} is not whole`);
};

/** Interrupts a server when it says that it is ready; a command ends by itself. */
const interruptWhenReady = (): void => {
  const write = stderr.write.bind(stderr);
  stderr.write = (text: string | Uint8Array): boolean => {
    if (String(text).startsWith('ingress ')) process.kill(process.pid, 'SIGINT');
    return write(text);
  };
};

/** Runs in a process of its own, because the commands print and because flags of V8 are part of what it compares. */
const keepCode = async ({ file, exercises }: Bundle): Promise<void> => {
  const { codeCacheOf, loadBundle } = require(join(DIST, 'load-bundle.cjs')) as LoadBundle;
  const { exports, script } = loadBundle(join(DIST, file));
  const [node = '', main = ''] = argv;
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-bundle-'));
  process.env['FAIRLEAD_DATA_DIR'] = dataDir;
  interruptWhenReady();
  try {
    for (const exercise of exercises) {
      process.argv = [node, main, ...exercise];
      await exports.runProgram();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  writeFileSync(codeCacheOf(join(DIST, file)), script.createCachedData());
};

const bundleAll = async (): Promise<void> => {
  const self = [...process.execArgv, fileURLToPath(import.meta.url)];
  for (const bundle of BUNDLES) {
    await makeBundle(bundle);
    rmSync(join(DIST, `${bundle.file}.cache`), { force: true });
    const kept = spawnSync(execPath, [...self, bundle.file], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
    if (kept.status !== 0) {
      stderr.write(`${kept.stderr.toString()}${bundle.file} did not run\n`);
      exit(1);
    }
  }
};

const asked = BUNDLES.find(({ file }) => file === argv[2]);
await (asked === undefined ? bundleAll() : keepCode(asked));
