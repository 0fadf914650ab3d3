/** How often a watch without events tells how far it is. */
const BOOKMARK_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 10_000;

/** A watch that wants bookmarks. */
export interface QuietWatch {
  /** When it last sent something; `performance.now()`. */
  readonly lastSent: number;
  remind(): void;
}

const watches = new Set<QuietWatch>();
let timer: NodeJS.Timeout | undefined;

const look = (): void => {
  const due = performance.now() - BOOKMARK_EVERY_MS;
  for (const watch of watches) if (watch.lastSent <= due) watch.remind();
};

/** Reminds a watch when it was quiet for a minute; one timer does for all. Returns what ends that. */
export const remindWhenQuiet = (watch: QuietWatch): (() => void) => {
  watches.add(watch);
  timer ??= setInterval(look, LOOK_EVERY_MS).unref();
  return () => {
    watches.delete(watch);
    if (watches.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
};
