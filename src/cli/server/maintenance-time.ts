/** When maintenance runs by default: at night, local time, and not on the minute when everybody else begins. */
export const DEFAULT_MAINTENANCE = '17 3 * * *';

/** Whether text says when maintenance runs: `off`, or a cron expression. Loads the parser only to answer. */
export const isMaintenanceTime = async (text: string): Promise<boolean> => {
  if (text === 'off') return true;
  const { validate } = await import('node-cron');
  return validate(text);
};
