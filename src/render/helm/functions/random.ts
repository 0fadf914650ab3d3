import type { Family } from './define.js';

export const random: Family = {};
