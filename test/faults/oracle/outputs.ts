import { DEAD_LETTER_HEADERS } from '@millrace/stream/dead-letters';
import type { LogRecord } from '@millrace/stream/log';
import { PERSONAL_MARK } from '../harness/known-load.ts';
import type { KnownEvent, KnownList, UnreadableRecord } from './read-topics.ts';

export interface OutputFindings {
  readonly lost: number;
  readonly doubled: number;
  readonly problems: readonly string[];
}

/**
 * Every unreadable record is in dead letters under one id, with its own bytes, and nothing else is there.
 *
 * @param alsoDead events that a fold was made to choke on
 */
export function judgeDeadLetters(
  unreadable: readonly UnreadableRecord[],
  letters: readonly LogRecord[],
  alsoDead: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[] = [],
): OutputFindings {
  const problems: string[] = [];
  const wanted = new Map<string, string | undefined>();
  for (const { topic, partition, offset, value } of unreadable) wanted.set(`${topic}/${partition}/${offset}`, value);
  for (const { topic, partition, offset } of alsoDead) wanted.set(`${topic}/${partition}/${offset}`, undefined);
  const idOfPlace = new Map<string, string>();
  let doubled = 0;
  for (const { headers, value } of letters) {
    const header = (name: keyof typeof DEAD_LETTER_HEADERS): string => headers?.[DEAD_LETTER_HEADERS[name]]?.toString() ?? '';
    const place = `${header('topic')}/${header('partition')}/${header('offset')}`;
    const id = header('id');
    const known = idOfPlace.get(place);
    idOfPlace.set(place, id);
    if (!wanted.has(place) || (known !== undefined && known !== id)) {
      doubled += 1;
      problems.push(`the dead letter of ${place} ${known === undefined ? 'is of a good record' : 'has two ids'}`);
    }
    const bytes = wanted.get(place);
    if (bytes !== undefined && value!.toString('latin1') !== bytes) problems.push(`the dead letter of ${place} has other bytes than the record`);
    for (const [name, text] of Object.entries(headers ?? {})) {
      if (text.toString('latin1').includes(PERSONAL_MARK)) problems.push(`the header ${name} of the dead letter of ${place} names a person`);
    }
  }
  const missing = [...wanted.keys()].filter((place) => !idOfPlace.has(place));
  problems.push(...missing.map((place) => `the record ${place} is not in dead letters`));
  return { lost: missing.length, doubled, problems };
}

/** Every list names an event that there was, of its own user, and an event has one list at most; copies of one id aside. */
export function judgeLists(events: readonly KnownEvent[], lists: readonly KnownList[], topicPrefix: string): OutputFindings {
  const problems: string[] = [];
  const eventAt = new Map(events.map((event) => [`${topicPrefix}${event.topic}/${event.partition}/${event.offset}`, event]));
  const listOfEvent = new Map<string, string>();
  let doubled = 0;
  for (const { id, cause, user, placement, items } of lists) {
    const place = `${cause.topic}/${cause.partition}/${cause.offset}`;
    const event = eventAt.get(place);
    if (event === undefined || event.user !== user || event.eventId !== cause.eventId) {
      problems.push(`a list names ${place} as its cause, which is no event of its user`);
      continue;
    }
    if (placement !== (event.topic === 'purchases' ? 'after-purchase' : 'next')) problems.push(`the list of ${place} is for ${placement}`);
    if (items.length === 0) problems.push(`the list of ${place} is empty`);
    const known = listOfEvent.get(cause.eventId);
    listOfEvent.set(cause.eventId, id);
    if (known !== undefined && known !== id) {
      doubled += 1;
      problems.push(`the event at ${place} has lists under two ids`);
    }
  }
  return { lost: 0, doubled, problems };
}
