import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldParameters, userEvents } from './events.arbitraries.ts';
import { decodeProfile } from './decode-profile.ts';
import { encodeProfile } from './encode-profile.ts';
import { inspectProfile } from './inspect-profile.ts';
import { CorruptProfileError } from './packed-bytes.ts';
import { Profile } from './profile.ts';
import { rawTrail, recentViewed } from './selectors.ts';
import { click, FoldBench, START_MS } from './test-events.ts';

describe('a profile and its bytes', () => {
  test('what is written and read again is the same profile, and the same bytes', () => {
    fc.assert(
      fc.property(userEvents, (events) => {
        const { profile } = new FoldBench().foldAll(events);
        const bytes = encodeProfile(profile);
        const read = decodeProfile(bytes);
        expect(read).toEqual(profile);
        expect(encodeProfile(read).equals(bytes)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('reloading anywhere changes neither profile nor evidence nor results', () => {
    fc.assert(
      fc.property(userEvents, foldParameters, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (events, parameters, reloads) => {
        const kept = new FoldBench(parameters);
        const reloaded = new FoldBench(parameters);
        events.forEach((event, i) => {
          if (reloads[i]) reloaded.profile = decodeProfile(encodeProfile(reloaded.profile));
          expect(reloaded.fold(event)).toEqual(kept.fold(event));
        });
        expect(reloaded.calls).toEqual(kept.calls);
        expect(reloaded.repeatPrior).toEqual(kept.repeatPrior);
        expect(encodeProfile(reloaded.profile).equals(encodeProfile(kept.profile))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('whatever happens, the lists stay bounded and consistent', () => {
    fc.assert(
      fc.property(userEvents, (events) => {
        const bench = new FoldBench();
        for (const event of events) {
          bench.fold(event);
          const { profile } = bench;
          const ids = profile.recents.map((item) => item.itemId);
          expect(new Set(ids).size).toBe(ids.length);
          for (const step of profile.trail) expect(profile.recents).toContain(step.item);
          for (const list of [profile.categories, profile.brands, profile.priceBands]) {
            for (const entry of list) expect(entry.intent).toBeLessThanOrEqual(entry.interest);
          }
          expect(rawTrail(profile).length).toBeLessThanOrEqual(10);
          expect(recentViewed(profile)).toEqual(ids.slice(0, 10));
        }
        for (const call of bench.calls) {
          if (call[0] === 'view') expect(call[3].length).toBeLessThanOrEqual(10);
          else expect(new Set(call.at(-1) as string[]).size).toBe((call.at(-1) as string[]).length);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('inspecting gives plain JSON that loses nothing to property names', () => {
    fc.assert(
      fc.property(userEvents, (events) => {
        const shown = inspectProfile(new FoldBench().foldAll(events).profile);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
      }),
      { numRuns: 100 },
    );
  });
});

describe('sections of later versions', () => {
  test('are kept byte for byte while this version folds on', () => {
    fc.assert(
      fc.property(userEvents, fc.array(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 })), { maxLength: 4 }), (events, sections) => {
        const bench = new FoldBench();
        bench.profile.unknownSections = sections.map(([tag, bytes]) => ({ tag, bytes }));
        for (const event of events) {
          bench.profile = decodeProfile(encodeProfile(bench.profile));
          bench.fold(event);
        }
        const read = decodeProfile(encodeProfile(bench.profile));
        expect(read.unknownSections.map(({ tag, bytes }) => [tag, [...bytes]])).toEqual(
          sections.map(([tag, bytes]) => [tag, [...bytes]]),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('damaged bytes', () => {
  test('are an error that names the place, or another profile, never anything else', () => {
    fc.assert(
      fc.property(userEvents, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), (events, damages) => {
        const bytes = encodeProfile(new FoldBench().foldAll(events).profile);
        for (const [at, value] of damages) bytes[at % bytes.length] = value;
        try {
          const read = decodeProfile(bytes);
          expect(decodeProfile(encodeProfile(read))).toEqual(read);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptProfileError);
          expect((error as CorruptProfileError).place).toMatch(/^profile\./);
        }
      }),
      { numRuns: 600 },
    );
  });

  test('cut anywhere, or with something behind, they are refused', () => {
    fc.assert(
      fc.property(userEvents, fc.nat(), (events, cut) => {
        const bytes = encodeProfile(new FoldBench().foldAll(events).profile);
        expect(() => decodeProfile(bytes.subarray(0, cut % bytes.length))).toThrow(CorruptProfileError);
        expect(() => decodeProfile(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(CorruptProfileError);
      }),
      { numRuns: 200 },
    );
  });

  test('a trail that names no recent item is refused', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', START_MS), click('view', 'b', START_MS), click('view', 'a', START_MS)]);
    const { profile } = bench;
    // The place of the oldest step is written as 5, and there are two recent items.
    profile.recents = Object.assign([...profile.recents], { indexOf: () => 5 });
    expect(() => decodeProfile(encodeProfile(profile))).toThrow('profile.session: the trail names an item');
  });

  test('an unknown format or part is named', () => {
    expect(() => decodeProfile(Buffer.from([9, 0, 0, 0]))).toThrow('profile.header: format 9 is not known here at byte 1');
    expect(() => decodeProfile(Buffer.from([1, 0, 0, 255]))).toThrow('parts that are not known here');
    expect(decodeProfile(encodeProfile(new Profile()))).toEqual(new Profile());
  });
});
