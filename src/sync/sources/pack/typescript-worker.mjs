// The worker's entry where the sources run without a build: a thread does not inherit the TypeScript loader.
import { tsImport } from 'tsx/esm/api';

export const { runIndexJob } = await tsImport('./index-worker.ts', import.meta.url);
