import { SourceError } from '../errors.js';
import type { IndexAnswer } from './index-job.js';
import type { IndexPackInput } from './index-pack.js';
import { indexPack } from './index-pack.js';

/** Indexes one pack in this thread. */
export const runIndexJob = async (input: IndexPackInput): Promise<IndexAnswer> => {
  try {
    return { checksum: await indexPack(input) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { problem: { code: error.code, message: error.message } };
  }
};
