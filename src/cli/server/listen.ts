import { CommandFailure } from '../exit-statuses.js';

/** A port with what listens on it, for people, and the option that chooses another. */
export interface PortOption {
  readonly what: string;
  readonly option: string;
  readonly port: number;
}

interface ListenError extends Error {
  readonly code?: string;
  readonly port?: number;
  readonly cause?: ListenError;
}

/** Starts something that listens; a port that is taken is said with the option that chooses another. */
export const listening = async <T>(ports: readonly PortOption[], start: () => Promise<T>): Promise<T> => {
  try {
    return await start();
  } catch (error) {
    const { code, port, cause } = error as ListenError;
    if (code !== 'EADDRINUSE') throw error;
    const taken = ports.find((each) => each.port === (port ?? cause?.port)) ?? (ports[0] as PortOption);
    throw new CommandFailure(
      `Port ${taken.port} for the ${taken.what} is in use; choose another one with ${taken.option}`,
    );
  }
};
