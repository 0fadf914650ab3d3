import type { Mount } from '../container-runtime.js';

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Without a mount namespace a mounted path does not exist: returns a function that replaces container paths by host
 * paths in a command, an argument or the value of a variable. A path counts when it stands for itself: `--config=/etc/app/x`
 * and `cat /etc/app/x` are rewritten for a mount at `/etc/app`; `/etc/app2`, `/srv/etc/app` and `http://h/etc/app` are not.
 */
export const pathRewriter = (mounts: readonly Mount[]): ((text: string) => string) => {
  const hostPaths = new Map<string, string>();
  for (const mount of mounts) {
    const path = mount.containerPath.replace(/\/+$/, '');
    if (path !== '') hostPaths.set(path, mount.hostPath.replace(/\/+$/, ''));
  }
  if (hostPaths.size === 0) return (text) => text;
  const longestFirst = [...hostPaths.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    `(?:(?<=file://)|(?<![\\w.\\-/]))(?:${longestFirst.map(escaped).join('|')})(?![\\w.\\-])`,
    'g',
  );
  return (text) => text.replace(pattern, (path) => hostPaths.get(path) ?? path);
};
