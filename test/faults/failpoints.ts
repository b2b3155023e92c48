/**
 * Loaded into a worker before its own code (`node --import`), and into no other process: the product has no line for it.
 * It wraps the few methods through which a worker touches the world and dies, lies or throws there as the environment
 * says.
 *
 *   FAULTS_DIE_AT=STEP:N           kill -9 of itself at the N-th time that it comes to the step
 *   FAULTS_LOSE_COMMIT_REPLY=N     every N-th commit is carried out, and its reply is lost
 *   FAULTS_THROW_ON=TEXT           the fold of an event throws whose id ends so
 *   FAULTS_KILLED_BY=TEXT          the fold of an event kills the process whose id ends so
 *   FAULTS_CLOCK_SHIFT_MS=N        the host's clock is wrong by so much
 */
import { UserStream } from '@millrace/pipeline';
import { RetryableError } from '@millrace/stream/errors';
import { KafkaLog } from '@millrace/stream/kafka/index';
import { RedisStateStore } from '@millrace/stream/redis/index';
import type { Step } from './harness/steps.ts';

const { FAULTS_DIE_AT = '', FAULTS_LOSE_COMMIT_REPLY = '', FAULTS_THROW_ON = '', FAULTS_KILLED_BY = '', FAULTS_CLOCK_SHIFT_MS = '' } = process.env;
const [dieAt, dieAtCount] = FAULTS_DIE_AT.split(':');
let visits = 0;

/** Dies without a word, as a killed process does. Not every kernel ends the caller within the call, so it waits for its end. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Dies when it is the step's turn. */
function pass(step: Step): void {
  if (step !== dieAt) return;
  visits += 1;
  if (visits >= Number(dieAtCount)) die();
}

if (FAULTS_DIE_AT !== '') {
  const { fetch, append } = KafkaLog.prototype;
  KafkaLog.prototype.fetch = function (...args) {
    pass('before-fetch');
    return fetch.apply(this, args);
  };
  KafkaLog.prototype.append = async function (requests) {
    if (requests[0]?.topic.endsWith('user-journal') === true) {
      pass('before-journal');
      const offsets = await append.call(this, requests);
      pass('after-journal');
      return offsets;
    }
    if (dieAt === 'half-announced' && requests.length > 1) {
      await append.call(this, requests.slice(0, Math.ceil(requests.length / 2)));
      pass('half-announced');
    }
    const offsets = await append.call(this, requests);
    pass('after-announcing');
    return offsets;
  };
  const { read, commit } = RedisStateStore.prototype;
  RedisStateStore.prototype.read = async function (shard, keys) {
    if (keys.length < 2) return read.call(this, shard, keys);
    pass('before-load');
    const values = await read.call(this, shard, keys);
    pass('after-load');
    return values;
  };
  RedisStateStore.prototype.commit = async function (...args) {
    pass('before-commit');
    const outcome = await commit.apply(this, args);
    pass('after-commit');
    return outcome;
  };
}

if (FAULTS_LOSE_COMMIT_REPLY !== '') {
  const { commit } = RedisStateStore.prototype;
  let commits = 0;
  RedisStateStore.prototype.commit = async function (...args) {
    const outcome = await commit.apply(this, args);
    commits += 1;
    if (commits % Number(FAULTS_LOSE_COMMIT_REPLY) === 0) throw new RetryableError('redis-connection', 'The reply of a commit was lost on purpose.');
    return outcome;
  };
}

if (FAULTS_THROW_ON !== '' || FAULTS_KILLED_BY !== '') {
  const { open } = UserStream.prototype;
  UserStream.prototype.open = function (scope) {
    const opened = open.call(this, scope);
    const { fold } = opened;
    opened.fold = function (event, cause) {
      const eventId = 'eventId' in event ? event.eventId : '';
      if (FAULTS_THROW_ON !== '' && eventId.endsWith(FAULTS_THROW_ON)) throw new TypeError('This fold throws on purpose.');
      if (FAULTS_KILLED_BY !== '' && eventId.endsWith(FAULTS_KILLED_BY)) die();
      fold.call(this, event, cause);
    };
    return opened;
  };
}

if (FAULTS_CLOCK_SHIFT_MS !== '') {
  const { now } = Date;
  Date.now = () => now() + Number(FAULTS_CLOCK_SHIFT_MS);
}
