/** What a user shard knows as a whole, beside its users: the repeat prior, the number of orders, the fold parameters. */
import type { FoldParameters } from '../fold-parameters.ts';
import { DEFAULT_FOLD_PARAMETERS, FOLD_PARAMETER_RANGES } from '../fold-parameters.ts';
import { addToTotal, totalAt, UNIT } from '../pairs/decay.ts';
import type { RepeatPrior } from '../pairs/repeat-prior.ts';
import { emptyRepeatPrior, REPEAT_WINDOW } from '../pairs/repeat-prior.ts';
import { PackedReader, PackedWriter } from './packed-bytes.ts';

export interface UserShardState {
  readonly repeatPrior: RepeatPrior;
  /** This shard's part of N of the pair rules: 5040 for an order, decayed at the boundaries of the pair counts. */
  ordersTotal: number;
  /** The day as of which `ordersTotal` stands. */
  ordersDay: number;
  parameters: FoldParameters;
}

export function emptyUserShardState(): UserShardState {
  return { repeatPrior: emptyRepeatPrior(), ordersTotal: 0, ordersDay: 0, parameters: DEFAULT_FOLD_PARAMETERS };
}

/** Carries the number of orders to `day`; an earlier day changes nothing. */
export function ageOrders(state: UserShardState, day: number): void {
  if (day <= state.ordersDay) return;
  state.ordersTotal = totalAt({ day: state.ordersDay, value: state.ordersTotal }, day, state.parameters);
  state.ordersDay = day;
}

/** Counts one order of `day`. An order of an earlier day than the state's is added aged, as everywhere in the pair counts. */
export function countOrderOfShard(state: UserShardState, day: number): void {
  const total = addToTotal({ day: state.ordersDay, value: state.ordersTotal }, day, UNIT, state.parameters);
  state.ordersDay = total.day;
  state.ordersTotal = total.value;
}

const FORMAT = 1;
type ParameterName = keyof typeof FOLD_PARAMETER_RANGES;
/** The order of the declaration; a parameter that is added later goes to the end, and older values take its default. */
const PARAMETER_NAMES = Object.keys(FOLD_PARAMETER_RANGES) as ParameterName[];

/** Format 1: the prior's ten pairs, total and day of the orders, version of the parameters, their number, their values. */
export function encodeUserShardState(state: UserShardState): Buffer {
  const out = new PackedWriter(256);
  out.byte(FORMAT);
  for (let k = 0; k < REPEAT_WINDOW; k++) {
    out.varint(state.repeatPrior.repeats[k]!);
    out.varint(state.repeatPrior.totals[k]!);
  }
  out.varint(state.ordersTotal);
  out.varint(state.ordersDay);
  out.varint(state.parameters.version);
  out.varint(PARAMETER_NAMES.length);
  for (const name of PARAMETER_NAMES) out.varint(state.parameters[name]);
  return out.take();
}

/** @throws CorruptProfileError for bytes that `encodeUserShardState` did not write. */
export function decodeUserShardState(bytes: Uint8Array): UserShardState {
  const input = new PackedReader(bytes, 'user shard state');
  const format = input.byte();
  if (format !== FORMAT) input.fail(`format ${format} is not known here`);
  const repeatPrior = emptyRepeatPrior();
  for (let k = 0; k < REPEAT_WINDOW; k++) {
    repeatPrior.repeats[k] = input.varint();
    repeatPrior.totals[k] = input.varint();
    if (repeatPrior.repeats[k]! > repeatPrior.totals[k]!) input.fail('more repeats than views');
  }
  const ordersTotal = input.varint();
  const ordersDay = input.varint();
  const version = input.varint();
  const count = input.varintUpTo(PARAMETER_NAMES.length);
  const values: { -readonly [name in ParameterName]?: number } = {};
  for (const name of PARAMETER_NAMES.slice(0, count)) {
    const [least, greatest] = FOLD_PARAMETER_RANGES[name];
    const value = input.varint();
    if (value < least || value > greatest) input.fail(`parameter ${name} is ${value}, outside ${least} … ${greatest}`);
    values[name] = value;
  }
  input.end();
  return { repeatPrior, ordersTotal, ordersDay, parameters: { ...DEFAULT_FOLD_PARAMETERS, ...values, version } };
}
