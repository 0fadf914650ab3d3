/** SIGINT or SIGTERM, once. A second one ends the process at once. */
export interface Interruption {
  readonly happened: Promise<void>;
  readonly signal: AbortSignal;
}

export const untilInterrupted = (): Interruption => {
  const controller = new AbortController();
  const happened = new Promise<void>((resolve) => {
    const interrupted = (): void => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      controller.abort();
      resolve();
    };
    process.once('SIGINT', interrupted);
    process.once('SIGTERM', interrupted);
  });
  return { happened, signal: controller.signal };
};
