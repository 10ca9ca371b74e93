/** A refusal in AWS's own words: the code and the HTTP status are what clients branch on. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** A parameter that breaks its declared constraint; the wording is that of the query services. */
export const validationError = (value: string | null, field: string, constraint: string): AwsError =>
  new AwsError(
    'ValidationError',
    400,
    `1 validation error detected: Value ${value === null ? 'null' : `'${value}'`} at '${field}' failed to satisfy constraint: ${constraint}`,
  );

/** A policy document that AWS would not store. */
export const malformedPolicy = (message: string): AwsError => new AwsError('MalformedPolicyDocument', 400, message);
