import type { Family } from './define.js';

export const crypto: Family = {};
