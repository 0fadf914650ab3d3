import { execFile } from 'node:child_process';
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { execPath, platform } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { CommandFailure } from '../exit-statuses.js';

const run = promisify(execFile);

export const DEMO_IMAGE = 'fairlead.example/node:20';
/** Where this machine's node cannot run in a Linux container, an official image does the work. */
const FALLBACK_IMAGE = 'node:20-alpine';

/**
 * Makes sure that the engine has the image that the example runs: an image of this machine's own `node` and the shared
 * libraries that it loads, made on the spot, so that nothing must be pulled.
 */
export const ensureDemoImage = async (socketPath: string, report: (text: string) => void): Promise<void> => {
  const docker = new Docker({ socketPath });
  if (await hasImage(docker, DEMO_IMAGE)) return;
  if (platform === 'linux') {
    report(`making the image ${DEMO_IMAGE} of this machine's node`);
    await importNode(docker);
    return;
  }
  report(`pulling ${FALLBACK_IMAGE} as ${DEMO_IMAGE}`);
  const progress = (await docker.pull(FALLBACK_IMAGE)) as unknown as NodeJS.ReadableStream;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error === null ? resolve() : reject(error)));
  });
  await docker.getImage(FALLBACK_IMAGE).tag({ repo: 'fairlead.example/node', tag: '20' });
};

const hasImage = async (docker: Docker, name: string): Promise<boolean> => {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
};

/** Absolute paths of the shared libraries that a program loads, the loader among them. */
const librariesOf = async (program: string): Promise<readonly string[]> => {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].flatMap(([, path]) => (path === undefined ? [] : [path]));
};

const importNode = async (docker: Docker): Promise<void> => {
  const archive = pack();
  const node = realpathSync(execPath);
  const fill = async (): Promise<void> => {
    await addFile(archive, node, '/usr/local/bin/node');
    for (const path of await librariesOf(node)) await addFile(archive, realpathSync(path), path);
    archive.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
    archive.finalize();
  };
  const options = {
    repo: 'fairlead.example/node',
    tag: '20',
    changes: ['ENV PATH=/usr/local/bin:/usr/bin:/bin', 'CMD ["node"]'],
  };
  const [output] = await Promise.all([
    docker.importImage(archive as unknown as NodeJS.ReadableStream, options),
    fill(),
  ]);
  let answer = '';
  for await (const chunk of output) answer += String(chunk);
  if (!(await hasImage(docker, DEMO_IMAGE))) {
    throw new CommandFailure(`The Docker engine did not take the image ${DEMO_IMAGE}: ${answer}`);
  }
};

const addFile = async (archive: ReturnType<typeof pack>, source: string, target: string): Promise<void> => {
  const { size } = statSync(source);
  const entry = archive.entry({ name: `${dirname(target)}/${basename(target)}`.slice(1), size, mode: 0o755 });
  await pipeline(createReadStream(source), entry);
};
