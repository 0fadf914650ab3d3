import { createRequire } from 'node:module';
import type { Outside } from '../render/outside.js';

export interface OutsideHere {
  readonly outside: Required<Pick<Outside, 'folder' | 'file' | 'chart'>>;
  /** Removes what was fetched and is not kept. */
  close(): Promise<void>;
}

/** The world outside a command's folder. What fetches is loaded when it is asked first: most commands never ask. */
export const lazyOutside = (): OutsideHere => {
  let opening: Promise<OutsideHere> | undefined;
  const opened = async (): Promise<OutsideHere['outside']> => {
    opening ??= openOutside();
    return (await opening).outside;
  };
  return {
    outside: {
      folder: async (url, signal) => await (await opened()).folder(url, signal),
      file: async (url, signal) => await (await opened()).file(url, signal),
      chart: async (wanted, signal) => await (await opened()).chart(wanted, signal),
    },
    close: async () => {
      if (opening !== undefined) await (await opening).close();
    },
  };
};

/** In a bundle, this file is part of another one in the same folder. */
const openOutside = async (): Promise<OutsideHere> => {
  const { importOutside } = createRequire(import.meta.url)('./import-outside.cjs') as {
    readonly importOutside: () => Promise<{ readonly openOutsideHere: () => Promise<OutsideHere> }>;
  };
  return await (await importOutside()).openOutsideHere();
};
