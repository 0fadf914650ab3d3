import semver from 'semver';

/** The refs of a repository by full name (`refs/heads/main`, `HEAD`), tags peeled to the commit. */
export type Refs = ReadonlyMap<string, string>;

const COMMIT = /^[0-9a-f]{40}$/;

export const isCommit = (revision: string): boolean => COMMIT.test(revision);

/** The text that stands for a revision where none is given. */
export const DEFAULT_REVISION = 'HEAD';

/**
 * The commit that a revision names: a commit id itself, `HEAD`, a full ref name, a branch, a tag, an unambiguous short
 * id of a ref's commit, or a semver range over the tags (the highest one). A branch wins over a tag of the same name.
 * Undefined when there is none.
 */
export const resolveRevision = (refs: Refs, revision: string): string | undefined => {
  const named = refs.get(revision) ?? refs.get(`refs/heads/${revision}`) ?? refs.get(`refs/tags/${revision}`);
  if (named !== undefined) return named;
  if (isCommit(revision)) return revision;
  if (/^[0-9a-f]{7,39}$/.test(revision)) {
    const matches = new Set([...refs.values()].filter((commit) => commit.startsWith(revision)));
    if (matches.size === 1) return [...matches][0];
  }
  return highestTag(refs, revision);
};

const highestTag = (refs: Refs, range: string): string | undefined => {
  if (semver.validRange(range) === null) return undefined;
  const tags = [...refs.keys()]
    .filter((ref) => ref.startsWith('refs/tags/'))
    .map((ref) => ref.slice('refs/tags/'.length));
  const versions = tags.filter((tag) => semver.valid(tag) !== null);
  const best = semver.maxSatisfying(versions, range);
  return best === null ? undefined : refs.get(`refs/tags/${best}`);
};
