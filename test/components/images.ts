import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import tar from 'tar-stream';
import { findExecutable, skipWithout } from './components.js';

export const DOCKER_SOCKET = '/var/run/docker.sock';
const HOW_TO_GET_BUSYBOX = 'apt-get install busybox-static';
const HOW_TO_GET_DOCKER = 'apt-get install docker.io, then start dockerd';

/** A shell and the usual small programs. */
export const BUSYBOX_IMAGE = 'fairlead.test/busybox:1';
/** The same, whose own command serves `/www` on port 8080: `version 1` and `version 2` by their tags. */
export const HTTPD_IMAGES = ['fairlead.test/httpd:1', 'fairlead.test/httpd:2'] as const;

/** The dynamic linker is named in a program header of this type; a static program has none. */
const PT_INTERP = 3;

const isStatic = (program: Buffer): boolean => {
  const table = Number(program.readBigUInt64LE(32));
  const size = program.readUInt16LE(54);
  const count = program.readUInt16LE(56);
  return Array.from({ length: count }, (_, index) => program.readUInt32LE(table + index * size)).every(
    (type) => type !== PT_INTERP,
  );
};

/** Connects to the Docker engine; skips the test where none answers. */
export const realDocker = async (context: Mocha.Context): Promise<Docker> => {
  const docker = new Docker({ socketPath: DOCKER_SOCKET });
  try {
    await docker.ping();
    return docker;
  } catch {
    return skipWithout(context, 'a Docker engine', HOW_TO_GET_DOCKER);
  }
};

/** Makes the test images on the engine, unless it has them. Nothing is pulled. */
export const makeTestImages = async (context: Mocha.Context, docker: Docker): Promise<void> => {
  const path = findExecutable('busybox');
  const program = path === undefined ? undefined : readFileSync(path);
  if (program === undefined || !isStatic(program)) return skipWithout(context, 'a static busybox', HOW_TO_GET_BUSYBOX);
  await makeImage(docker, BUSYBOX_IMAGE, program, {}, ['CMD ["/bin/sh"]']);
  for (const image of HTTPD_IMAGES) {
    const version = image.split(':')[1];
    await makeImage(docker, image, program, { 'www/index.html': `version ${version}\n` }, [
      'ENTRYPOINT ["/bin/httpd","-f","-p","8080","-h","/www"]',
    ]);
  }
};

const makeImage = async (
  docker: Docker,
  name: string,
  busybox: Buffer,
  files: Readonly<Record<string, string>>,
  changes: readonly string[],
): Promise<void> => {
  const known = await docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (known) return;
  const pack = tar.pack();
  for (const folder of ['bin', 'etc', 'tmp', 'var', 'www']) {
    pack.entry({ name: folder, type: 'directory', mode: folder === 'tmp' ? 0o1777 : 0o755 });
  }
  pack.entry({ name: 'bin/busybox', mode: 0o755 }, busybox);
  for (const applet of APPLETS) pack.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  pack.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  pack.entry({ name: 'etc/group' }, 'root:x:0:\nnobody:x:65534:\n');
  // The default of the C library asks modules that a static program cannot load, and falls over them.
  pack.entry({ name: 'etc/nsswitch.conf' }, 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\n');
  for (const [path, content] of Object.entries(files)) pack.entry({ name: path }, content);
  pack.finalize();
  const [repo, tag] = name.split(':');
  // Several changes are several parameters of one name; the client's types know one.
  const options = { repo, tag, changes: ['ENV PATH=/bin', ...changes] as unknown as string };
  const progress: Readable = Readable.from(await docker.importImage(Readable.from(pack), options));
  await progress.toArray();
};

const APPLETS =
  'sh cat echo env false grep head hostname httpd id kill ls mkdir mount nc nslookup ps pwd rm sleep stat stty tail test touch tr true wc wget whoami yes dd printf date tee sed cut seq timeout'.split(
    ' ',
  );
