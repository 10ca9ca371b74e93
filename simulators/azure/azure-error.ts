/** A refusal as Azure Resource Manager and the storage services spell it: clients branch on status and code. */
export class AzureError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'AzureError';
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

/** A refusal of the token endpoint: `error` as OAuth has it, and the number that Entra adds (`AADSTS…`). */
export class EntraError extends Error {
  readonly error: string;
  readonly status: number;
  readonly number: number;

  constructor(status: number, error: string, number: number, message: string) {
    super(message);
    this.name = 'EntraError';
    this.error = error;
    this.status = status;
    this.number = number;
  }
}
