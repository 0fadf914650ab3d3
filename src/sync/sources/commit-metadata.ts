import type { GitObjects } from '../../render/files/git-objects.js';

/** What people want to know of a commit. */
export interface CommitMetadata {
  readonly author: string;
  /** RFC 3339. */
  readonly date: string;
  /** The first line of the message, at most 200 characters. */
  readonly message: string;
}

const SUBJECT_LIMIT = 200;

/** Reads author, date and subject out of a commit object. */
export const readCommitMetadata = (objects: GitObjects, commit: string): CommitMetadata => {
  const text = objects.read(commit, 'commit').toString('utf8');
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const author = /^author (.*) (\d+) [+-]\d{4}$/m.exec(head);
  const subject = (end < 0 ? '' : text.slice(end + 2)).split('\n')[0] ?? '';
  return {
    author: author?.[1] ?? '',
    date: new Date(Number(author?.[2] ?? 0) * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
    message: subject.slice(0, SUBJECT_LIMIT),
  };
};
