const staysAlive = (): void => undefined;

/**
 * `AbortSignal.timeout(ms)`, for use in `AbortSignal.any`. Node 20 forgets a timeout that only `AbortSignal.any` knows
 * of at the next garbage collection, and it never fires; one with a listener of its own is kept.
 */
export const timeoutSignal = (ms: number): AbortSignal => {
  const signal = AbortSignal.timeout(ms);
  signal.addEventListener('abort', staysAlive, { once: true });
  return signal;
};
