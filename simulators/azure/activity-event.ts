/** One event of the Activity Log: what somebody changed, or tried to. */
export type ActivityEvent = {
  readonly id: string;
  readonly at: number;
  /** From when on it can be read. */
  readonly listedAt: number;
  readonly tenant: string;
  readonly subscription: string;
  readonly resourceGroup: string | null;
  readonly resourceId: string;
  readonly provider: string;
  readonly action: string;
  readonly caller: string;
  readonly oid: string;
  readonly appid: string;
  readonly correlationId: string;
  readonly status: number;
};
