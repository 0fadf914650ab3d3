import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';

/** Where what is pulled is kept between two runs. */
export const userCache = (): string => join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead');
