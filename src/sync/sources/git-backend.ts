import type { Refs } from './revision.js';

/** A place that commits come from. Methods throw `SourceError`, and what they read is never an option of a command. */
export interface GitBackend {
  /** The Git folder that holds every commit that was obtained. May change between two calls of `obtain`. */
  readonly gitdir: string;
  /** The refs as they are now. */
  refs(signal: AbortSignal): Promise<Refs>;
  /** Makes sure that a commit and all its files are in `gitdir`, and that those in use stay there. */
  obtain(commit: string, signal: AbortSignal, inUse?: () => readonly string[]): Promise<void>;
  /** Whether it keeps much more than `commits` commits need, so that `renew` is worth its fetch. */
  isGrown?(commits: number): boolean;
  /**
   * Fetches the commits anew into a folder of their own, together with what is obtained meanwhile, and takes that as
   * `gitdir`. Nothing changes when it fails. Resolves with the folders it has left: readers may still be in them.
   */
  renew?(commits: () => readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Calls back when refs may have changed, where that can be known; returns the unsubscriber. */
  watch?(changed: () => void): () => void;
}
