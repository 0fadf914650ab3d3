import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gitEnvironment } from './git-http.js';

const run = promisify(execFile);

/** Where the example says that it is served; replaced by where it really is. */
const WRITTEN_URL = 'http://127.0.0.1:8090/git/example.git';
const EXAMPLE = fileURLToPath(new URL('../../../examples/repo', import.meta.url));

/** A working copy of `examples/repo` beside the bare repository that is served. Every change is a commit and a push. */
export interface ExampleRepository {
  /** The root Application, with the repository's address. */
  readonly rootManifest: string;
  /** Changes files (path -> new text from old text), commits and pushes; returns the commit. */
  push(message: string, changes: Readonly<Record<string, (text: string) => string>>): Promise<string>;
}

/** Makes the bare repository `<folder>/served/example.git`; nothing is pushed before the first `push`. */
export const createExampleRepository = async (folder: string, url: string): Promise<ExampleRepository> => {
  const bare = join(folder, 'served', 'example.git');
  const work = join(folder, 'work');
  mkdirSync(bare, { recursive: true });
  cpSync(EXAMPLE, work, { recursive: true });
  for (const file of filesOf(work)) {
    const text = readFileSync(file, 'utf8');
    if (text.includes(WRITTEN_URL)) writeFileSync(file, text.replaceAll(WRITTEN_URL, url));
  }
  await git(bare, 'init', '--quiet', '--bare', '--initial-branch=main');
  await git(work, 'init', '--quiet', '--initial-branch=main');
  await git(work, 'remote', 'add', 'origin', url);

  return {
    rootManifest: readFileSync(join(work, 'root.yaml'), 'utf8'),
    push: async (message, changes) => {
      for (const [path, change] of Object.entries(changes)) {
        const file = join(work, path);
        writeFileSync(file, change(readFileSync(file, 'utf8')));
      }
      await git(work, 'add', '--all');
      await git(work, 'commit', '--quiet', '--message', message);
      await git(work, 'push', '--quiet', 'origin', 'main');
      return git(work, 'rev-parse', 'HEAD');
    },
  };
};

const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (await run('git', args, { cwd, env: gitEnvironment() })).stdout.trim();

const filesOf = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
