/** What did not work on this machine, before the server was asked: the words are for whoever sits there. */
export class DeviceFailure extends Error {}
