import type { VolumeManager } from './volume-manager.js';

/** For a runtime that runs nothing: no volume is made, and every pod gets its mounts' worth of nothing. */
export const createNoVolumes = (): VolumeManager => ({
  mountAll: async () => ({ mounts: async () => [] }),
  refresh: async () => undefined,
  unmountAll: async () => undefined,
  mountedPods: async () => [],
  close: () => undefined,
});
