import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KubeObject } from '../../objects/object.js';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import type { ChartFile } from '../../render/helm/chart/chart.js';
import { readArchive } from '../../render/helm/chart/read-archive.js';
import { isHttp, isOci, pullChart } from '../../render/helm/repositories/pull-chart.js';
import type { RepositoryAccess as RequestAccess } from '../../render/helm/repositories/request.js';
import type { Answer, WantedChart } from '../../render/outside.js';
import { OutsideError } from '../../render/outside.js';
import type { FreedSpace } from '../freed-space.js';
import { addFreed, isSetAside, NOTHING_FREED, removeCounted, setAside, touch } from '../freed-space.js';
import type { RepositoryAccess } from './credentials.js';
import { accessFor, repositoryNamed } from './credentials.js';
import { SourceError } from './errors.js';
import { withoutCredentials } from './repository-url.js';
import { requestAccess } from './request-access.js';

/** A chart of a Helm or OCI repository, and the version or range that is wanted of it. */
export interface ChartRequest {
  readonly repoURL: string;
  readonly chart: string;
  readonly targetRevision: string | undefined;
  readonly passCredentials: boolean;
}

/** A chart that is there to be rendered. */
export interface ObtainedChart {
  readonly version: string;
  /** The folder with its `Chart.yaml`. */
  readonly folder: string;
  /** SHA-256 of the archive. */
  readonly digest: string;
}

export interface ChartsOptions {
  /** Where charts are kept, by their content. */
  readonly folder: string;
  readonly secrets: () => readonly KubeObject[];
}

/** A version that is written out names the same chart for ever; anything else may name another one tomorrow. */
export const isExactVersion = (targetRevision: string | undefined): boolean =>
  /^v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(targetRevision ?? '');

/** Pulls charts from Helm and OCI repositories, with the credentials of their Secrets. */
export class Charts {
  readonly #options: ChartsOptions;

  constructor(options: ChartsOptions) {
    this.#options = options;
  }

  /** `mayUse` says whose credentials may be sent. Throws SourceError. */
  async obtain(
    request: ChartRequest,
    signal: AbortSignal,
    mayUse: (repoURL: string) => boolean = () => true,
  ): Promise<ObtainedChart> {
    const { chart, targetRevision } = request;
    const repoURL = this.#addressOf(request);
    // Argo CD writes OCI registries without their scheme.
    const repository = isHttp(repoURL) || isOci(repoURL) ? repoURL : `oci://${repoURL}`;
    try {
      const access: RequestAccess = {
        passCredentials: request.passCredentials,
        ...requestAccess(mayUse(repoURL) ? this.#access(repoURL) : {}, signal),
      };
      const version = targetRevision === undefined || targetRevision === 'HEAD' ? '' : targetRevision;
      const archive = await pullChart({ repository, name: chart, version }, access);
      const files = await readArchive(archive);
      const digest = createHash('sha256').update(archive).digest('hex');
      return { version: versionOf(files), digest, folder: await this.#unpack(digest, files) };
    } catch (error) {
      if (!(error instanceof ChartError)) throw error;
      signal.throwIfAborted();
      const message = `Cannot read chart "${chart}" of ${withoutCredentials(repoURL)}: ${error.message}`;
      throw new SourceError('unreachable', message, { cause: error });
    }
  }

  /** The chart that another one, or a kustomization, needs. Throws OutsideError. */
  async answer(
    { repository, name, version, passCredentials = false }: WantedChart,
    mayUse: (repoURL: string) => boolean,
    signal: AbortSignal,
  ): Promise<Answer<'chart'>> {
    const request = { repoURL: repository, chart: name, targetRevision: version, passCredentials };
    try {
      const { folder, digest } = await this.obtain(request, signal, mayUse);
      return { id: digest, value: { tree: { kind: 'folder', path: folder }, path: '' } };
    } catch (error) {
      if (error instanceof SourceError) throw new OutsideError(error.message, { cause: error });
      throw error;
    }
  }

  /**
   * Removes charts that nobody has asked for since `before`, in milliseconds since 1970: a render that began before is
   * long over, and the next one obtains its chart again.
   */
  async clean(before: number): Promise<FreedSpace> {
    const { folder } = this.#options;
    let freed = NOTHING_FREED;
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined || stats.mtimeMs >= before) continue;
      freed = addFreed(freed, await removeCounted(isSetAside(name) ? path : setAside(path)));
    }
    return freed;
  }

  /** `@name` and `alias:name` stand for a repository that is configured under that name. */
  #addressOf({ repoURL, chart }: ChartRequest): string {
    const name = /^(?:@|alias:)(.+)$/.exec(repoURL)?.[1];
    if (name === undefined) return repoURL;
    const address = repositoryNamed(name, this.#options.secrets());
    if (address !== undefined) return address;
    const why = `no repository Secret has the name "${name}"`;
    throw new SourceError('invalid', `Cannot read chart "${chart}" of ${repoURL}: ${why}`);
  }

  /** Secrets write OCI registries with their scheme or without. */
  #access(repoURL: string): RepositoryAccess {
    const secrets = this.#options.secrets();
    const access = accessFor(repoURL, secrets);
    if (Object.keys(access).length > 0 || !isOci(repoURL)) return access;
    return accessFor(repoURL.slice('oci://'.length), secrets);
  }

  /** Writes the files into a folder named by their archive; `readArchive` has made sure that they stay inside. */
  async #unpack(digest: string, files: readonly ChartFile[]): Promise<string> {
    const target = join(this.#options.folder, digest);
    if (touch(target)) return target;
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const unfinished = await mkdtemp(join(this.#options.folder, '.new-'));
    try {
      for (const { name, data } of files) {
        const path = join(unfinished, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, data);
      }
      await rename(unfinished, target);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      // Another application has unpacked the same chart meanwhile.
      if (!touch(target)) throw error;
    }
    return target;
  }
}

const versionOf = (files: readonly ChartFile[]): string => {
  const metadata = files.find(({ name }) => name === 'Chart.yaml');
  const text = metadata === undefined ? '' : Buffer.from(metadata.data).toString('utf8');
  return /^version:\s*["']?([^\s"'#]+)/m.exec(text)?.[1] ?? '';
};
