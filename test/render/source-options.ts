import type { SourceOptions } from '../../src/render/render.js';

/** Options of a source with what a test does not care about filled in. */
export const sourceOptions = (options: Partial<SourceOptions> = {}): SourceOptions => ({
  path: '',
  applicationName: 'shop',
  namespace: 'default',
  kubeVersion: 'v1.35.2',
  apiVersions: [],
  ...options,
});
