import type { GoMap } from '../template/values.js';
import type { Chart } from './chart.js';

export const validateAgainstSchemas = (_chart: Chart, _values: GoMap): void => {};
