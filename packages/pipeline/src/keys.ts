import { keyPart } from '@millrace/stream/state-store';

/** Logical keys of the entities; the first part says their kind. */
export const USER_STATE_KEY = 's';
export const SOURCES_KEY = 's';
export const TOP_LISTS_KEY = 't';

export const profileKey = (user: string): string => `p:${keyPart(user)}`;
export const memoKey = (user: string): string => `m:${keyPart(user)}`;
/** All entities that an event of the user may touch. */
export function keysOfUser(user: string): string[] {
  const part = keyPart(user);
  return [`p:${part}`, `m:${part}`];
}

export const rowKey = (item: string): string => `r:${keyPart(item)}`;
export const catalogKey = (item: string): string => `c:${keyPart(item)}`;

const RETENTION = 'retention';

/** Timers are named by whom they concern and their kind; both orders follow from the name. */
export function retentionTimer(id: string): string {
  return `${id}\0${RETENTION}`;
}

/** Whom a timer concerns. An id may hold a NUL; a kind never does. */
export function idOfTimer(name: string): string {
  return name.slice(0, name.lastIndexOf('\0'));
}
