/** Where somebody was when they needed a passkey and had none, as the address of their own page says it. */
export interface WayBack {
  readonly back?: string;
}

const PAGES = /^\/(?:approvals|requests|administration|recovery)(?:\/[\w-]{1,100})?$/;

/** Reads it from an address that anybody may have written: only pages of ours that sign count. */
export function readWayBack(search: Record<string, unknown>): WayBack {
  const back = Object.hasOwn(search, 'back') ? search['back'] : undefined;
  return typeof back === 'string' && PAGES.test(back) ? { back } : {};
}
