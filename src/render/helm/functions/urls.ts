import type { Family } from './define.js';

export const urls: Family = {};
