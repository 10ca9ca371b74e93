/** An error as the SDK throws it for an answer of IAM. */
export function sdkError(name: string, httpStatusCode: number, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

export function noSuchEntity(what: string): Error {
  return sdkError('NoSuchEntityException', 404, `The ${what} cannot be found.`);
}
