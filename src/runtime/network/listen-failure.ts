/** Says what could not be listened on and for what; keeps the system's `code` (EADDRINUSE, EACCES). */
export const listenFailure = (host: string, port: number, purpose: string, error: NodeJS.ErrnoException): Error =>
  Object.assign(new Error(`Cannot listen on ${host}:${port} for ${purpose}: ${error.message}`, { cause: error }), {
    code: error.code,
  });
