import type { GoMap } from '../template/values.js';
import type { Dependency, Metadata } from './metadata.js';

/** A file of a chart; the name is relative to the chart. */
export interface ChartFile {
  readonly name: string;
  readonly data: Uint8Array;
}

/** The dependencies that Chart.lock fixed. */
export interface Lock {
  readonly digest: string;
  readonly dependencies: readonly Dependency[];
}

/** A loaded chart. Rendering changes it (disabled subcharts go, aliases come): it is loaded anew or cloned for each. */
export class Chart {
  parent: Chart | undefined;
  private subcharts: Chart[] = [];

  constructor(
    public metadata: Metadata,
    readonly templates: readonly ChartFile[],
    readonly files: readonly ChartFile[],
    public values: GoMap,
    readonly schema: Uint8Array | undefined,
    readonly lock: Lock | undefined,
  ) {}

  get name(): string {
    return this.metadata.name;
  }

  get isLibrary(): boolean {
    return this.metadata.type === 'library';
  }

  get dependencies(): readonly Chart[] {
    return this.subcharts;
  }

  set dependencies(charts: readonly Chart[]) {
    this.subcharts = [...charts];
    for (const chart of charts) chart.parent = this;
  }

  /** `web/charts/cache`: what the names of templates and the `# Source:` lines begin with. */
  get fullPath(): string {
    return this.parent === undefined ? this.name : `${this.parent.fullPath}/charts/${this.name}`;
  }

  /** A chart that shares files and values with this one, with metadata and subcharts of its own. */
  clone(): Chart {
    const copy = new Chart(
      {
        ...this.metadata,
        dependencies: this.metadata.dependencies?.map((dependency) => dependency && { ...dependency }),
      },
      this.templates,
      this.files,
      this.values,
      this.schema,
      this.lock,
    );
    copy.dependencies = this.subcharts.map((chart) => chart.clone());
    return copy;
  }

  /** The manifests under `crds/` of the chart and of its subcharts, with the names that Helm gives them. */
  crds(): { readonly name: string; readonly data: Uint8Array }[] {
    const own = this.files
      .filter(({ name }) => name.startsWith('crds/') && /\.(ya?ml|json)$/i.test(name))
      .map(({ name, data }) => ({ name: `${this.fullPath}/${name}`, data }));
    return [...own, ...this.subcharts.flatMap((chart) => chart.crds())];
  }
}
