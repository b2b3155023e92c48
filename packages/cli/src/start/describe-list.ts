import type { WireBecause, WireRecommendations } from '@millrace/events';

const SHOWN_ITEMS = 3;

/** A list as a person reads it: names and reasons. */
export function describeList(list: WireRecommendations, nameOf: (itemId: string) => string): string {
  const lines = list.items.slice(0, SHOWN_ITEMS).map(({ itemId, because }) => {
    const reason = because[0] === undefined ? '' : `, because ${reasonOf(because[0], nameOf)}`;
    return `      ${nameOf(itemId)}${reason}`;
  });
  return [`    ${list.placement} for ${list.user}:`, ...lines].join('\n');
}

function reasonOf({ kind, itemId, weight }: WireBecause, nameOf: (itemId: string) => string): string {
  const share = `${(weight * 100).toFixed(1)} %`;
  const name = itemId === null ? '' : nameOf(itemId);
  switch (kind) {
    case 'item':
      return `of ${name} (${share})`;
    case 'repeat':
      return `they come back to it (${share})`;
    case 'two_hops':
      return `it is near what goes with ${name}`;
    default:
      return 'many look at it now';
  }
}
