import { pino } from 'pino';

/** Structured log: an object of fields and one sentence. Fields never carry a secret; the names below are cut out anyway. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'access_token',
  'refresh_token',
  'id_token',
  'code',
  'code_verifier',
  'client_secret',
  'secretAccessKey',
  'sessionToken',
  'SigninToken',
  'url',
];

/** JSON lines to standard error; standard output belongs to data. `level` is pino's: `silent`, `warn`, `info`. */
export function createLog(level: string): Log {
  const paths = SECRET_FIELDS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]);
  return pino({ level, redact: { paths, censor: '[redacted]' } }, pino.destination({ dest: 2, sync: true }));
}

/** Swallows everything; for tests and for commands that speak to a person instead. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
