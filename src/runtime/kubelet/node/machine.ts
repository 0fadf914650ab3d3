import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, hostname, networkInterfaces, platform, release, totalmem, type } from 'node:os';

/** What the node has and is. */
export interface Machine {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Addresses of the node, the main one first. */
  readonly addresses: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly kernel: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
  /** How full the disk below the kubelet's folder is. */
  disk(): Promise<DiskUsage>;
}

export interface DiskUsage {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' };

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

const prettyName = (): string =>
  /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readText('/etc/os-release'))?.[1] ?? `${type()} ${release()}`;

/** IPv4 addresses that are not loopback ones; 127.0.0.1 where the machine has no network. */
const ownAddresses = (): readonly string[] => {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    /^(docker|br-|veth|cni|flannel|virbr)/.test(name)
      ? []
      : (addresses ?? [])
          .filter(({ family, internal }) => family === 'IPv4' && !internal)
          .map(({ address }) => address),
  );
  const [first] = found;
  return first === undefined ? ['127.0.0.1'] : [first];
};

/** The machine that this process runs on. `folder`: the kubelet's. */
export const thisMachine = (folder: string): Machine => ({
  hostname: hostname().toLowerCase(),
  cpus: availableParallelism(),
  memoryBytes: totalmem(),
  addresses: ownAddresses(),
  os: platform() === 'win32' ? 'windows' : platform(),
  architecture: ARCHITECTURES[arch()] ?? arch(),
  kernel: release(),
  osImage: prettyName(),
  machineId: readText('/etc/machine-id'),
  bootId: readText('/proc/sys/kernel/random/boot_id'),
  disk: async () => {
    const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
    return { totalBytes: bsize * blocks, freeBytes: bsize * bavail, totalInodes: files, freeInodes: ffree };
  },
});
