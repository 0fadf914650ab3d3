import type { Family } from './define.js';

export const dates: Family = {};
