import type { Notice } from '../notice.js';
import type { Chart, ChartFile } from './chart.js';

interface Loaded {
  readonly files: readonly ChartFile[];
  readonly chart: Chart;
  readonly notices: readonly Notice[];
  readonly bytes: number;
}

/** Charts that differ in something else than their Chart.yaml and are kept side by side: two revisions, two branches. */
const MAX_VARIANTS = 4;

/**
 * Charts that were made of the same files before. A tree that keeps what it read gives the same bytes again, and then
 * the comparison is one of references. Bounded by bytes, the least recently used go.
 */
export class LoadedCharts {
  readonly #charts = new Map<string, Loaded[]>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  /** A chart of these very files, which the caller can change; its notices are added to the others. */
  find(files: readonly ChartFile[], notices: Notice[]): Chart | undefined {
    const key = keyOf(files);
    const variants = this.#charts.get(key);
    const found = variants?.find((loaded) => areEqual(loaded.files, files));
    if (variants === undefined || found === undefined) return undefined;
    this.#charts.delete(key);
    this.#charts.set(key, variants);
    notices.push(...found.notices);
    return found.chart.clone();
  }

  /** Keeps a chart that was just made; what is given out from now on are clones of it. */
  keep(files: readonly ChartFile[], chart: Chart, notices: readonly Notice[]): void {
    const bytes = files.reduce((sum, { name, data }) => sum + name.length + data.length, 0);
    if (bytes > this.maxBytes / 4) return;
    const key = keyOf(files);
    const variants = this.#charts.get(key) ?? [];
    variants.unshift({ files, chart: chart.clone(), notices: [...notices], bytes });
    for (const dropped of variants.splice(MAX_VARIANTS)) this.#bytes -= dropped.bytes;
    this.#bytes += bytes;
    this.#charts.delete(key);
    this.#charts.set(key, variants);
    for (const [oldest, old] of this.#charts) {
      if (this.#bytes <= this.maxBytes) break;
      this.#charts.delete(oldest);
      for (const loaded of old) this.#bytes -= loaded.bytes;
    }
  }
}

const keyOf = (files: readonly ChartFile[]): string => {
  const metadata = files.find(({ name }) => name === 'Chart.yaml')?.data;
  return metadata === undefined ? '' : Buffer.from(metadata).toString('latin1');
};

const areEqual = (known: readonly ChartFile[], files: readonly ChartFile[]): boolean =>
  known.length === files.length &&
  known.every(({ name, data }, i) => {
    const other = files[i] as ChartFile;
    return name === other.name && (data === other.data || Buffer.compare(data, other.data) === 0);
  });
