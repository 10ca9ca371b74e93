import { queryValue, type HttpAnswer } from '../shared/http-call.ts';
import type { ActivityEvent } from './activity-event.ts';
import { json, moment, type ArmCall, type ArmPorts, type ArmRoute } from './arm-call.ts';
import { AzureError } from './azure-error.ts';

const EVENTS = 10_000;
const RETENTION_MS = 90 * 86_400_000;

/** Notes a call that changes something in a subscription; reads are not logged. */
export function recordActivity(ports: ArmPorts, route: ArmRoute, call: ArmCall, path: string, status: number): void {
  if (!('subscription' in route.scope)) return;
  const { claims, tenant } = call.caller;
  const at = ports.now();
  const settings = ports.settings();
  const log = ports.world.activity;
  log.push({
    id: call.correlationId,
    at,
    listedAt: at + ports.world.draw(settings.activityDelayMs, settings.seed),
    tenant: tenant.id,
    subscription: route.scope.subscription,
    resourceGroup: 'resourceGroup' in route.scope ? route.scope.resourceGroup : null,
    resourceId: path,
    provider: route.action.split('/')[0] ?? '',
    action: route.action,
    caller: claims.upn ?? claims.oid,
    oid: claims.oid,
    appid: claims.appid,
    correlationId: call.correlationId,
    status,
  });
  log.splice(0, Math.max(0, log.length - EVENTS));
  ports.world.save();
}

/** Events of a subscription, newest first, as far as they have reached the log. */
export function listActivity(ports: ArmPorts, subscription: string, call: ArmCall): HttpAnswer {
  const now = ports.now();
  const keep = readFilter(queryValue(call.http, '$filter'), now);
  const events = ports.world.activity.filter(
    (one) => one.subscription === subscription && one.listedAt <= now && one.at > now - RETENTION_MS && keep(one),
  );
  return json({ value: events.toReversed().map(shown) });
}

const named = (value: string): Readonly<Record<string, string>> => ({ value, localizedValue: value });

function shown(one: ActivityEvent): Readonly<Record<string, unknown>> {
  const succeeded = one.status < 300;
  return {
    authorization: { action: one.action, scope: one.resourceId },
    caller: one.caller,
    channels: 'Operation',
    claims: {
      appid: one.appid,
      'http://schemas.microsoft.com/identity/claims/objectidentifier': one.oid,
      'http://schemas.microsoft.com/identity/claims/tenantid': one.tenant,
    },
    correlationId: one.correlationId,
    description: '',
    eventDataId: one.id,
    eventName: named('EndRequest'),
    category: named('Administrative'),
    id: `${one.resourceId}/events/${one.id}/ticks/${one.at}`,
    level: succeeded ? 'Informational' : 'Error',
    resourceGroupName: one.resourceGroup ?? '',
    resourceProviderName: named(one.provider),
    resourceId: one.resourceId,
    operationId: one.correlationId,
    operationName: named(one.action),
    status: named(succeeded ? 'Succeeded' : 'Failed'),
    subStatus: { value: String(one.status), localizedValue: `(HTTP Status Code: ${one.status})` },
    eventTimestamp: moment(one.at),
    submissionTimestamp: moment(one.listedAt),
    subscriptionId: one.subscription,
    tenantId: one.tenant,
  };
}

const FIELDS: Readonly<Record<string, (event: ActivityEvent) => string>> = {
  resourcegroupname: (event) => event.resourceGroup ?? '',
  resourceuri: (event) => event.resourceId,
  resourceprovider: (event) => event.provider,
  correlationid: (event) => event.correlationId,
};

/**
 * The one syntax that the reference has: a time to begin with, a time to end with, and one field that equals something. `az` sends times
 * without quotes and without a zone.
 */
function readFilter(sent: string | null, nowMs: number): (event: ActivityEvent) => boolean {
  const text = (sent ?? '').replaceAll('+', ' ').trim();
  const [, from = '', , to, , field, value = ''] =
    /^eventTimestamp ge '?([\d.:TZ-]+)'?( and eventTimestamp le '?([\d.:TZ-]+)'?)?( and (\w+) eq '([^']+)')?$/i.exec(
      text,
    ) ?? [];
  const begin = readTime(from);
  const end = to === undefined ? nowMs : readTime(to);
  const read = field === undefined ? null : FIELDS[field.toLowerCase()];
  if (Number.isNaN(begin) || Number.isNaN(end) || read === undefined)
    throw new AzureError(400, 'BadRequest', `The filter '${text}' is not supported. eventTimestamp ge is required.`);
  if (begin < nowMs - RETENTION_MS)
    throw new AzureError(400, 'BadRequest', 'The start time cannot be more than 90 days in the past.');
  return (event) =>
    event.at >= begin && event.at <= end && (read === null || read(event).toLowerCase() === value.toLowerCase());
}

/** What names no zone is UTC. */
const readTime = (text: string): number => Date.parse(text.endsWith('Z') ? text : `${text}Z`);
