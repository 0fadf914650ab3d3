import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { kill, platform } from 'node:process';

let bootId: string | undefined;

/**
 * What tells a process from a later one with the same pid: the boot and its start time. Undefined when no process has
 * this pid.
 */
export const processIdentity = (pid: number): string | undefined => {
  try {
    if (platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    }
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may hold anything; the start time is field 22, the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${bootId}:${fields[19]}`;
  } catch {
    return undefined;
  }
};

/** Signals a whole process group; false when it is gone. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    return kill(-pid, signal);
  } catch {
    return false;
  }
};
